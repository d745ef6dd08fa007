//! Which key seals when, which ones open, and from when on an old one is no longer believed.

use std::sync::atomic::{AtomicU64, Ordering};

use cachekit_process::UnixMillis;

use crate::error::Error;
use crate::refusal::KeyId;

/// What a key of a ring may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// Seals if it comes first, and opens.
    Active,
    /// Opens only.
    OpenOnly,
    /// May seal at and after this moment; opens at any time.
    SealAfter(UnixMillis),
    /// May seal before this moment; opens at any time what is dated before it.
    SealedUntil(UnixMillis),
    /// Neither seals nor opens.
    Revoked,
}

impl KeyState {
    fn may_seal(self, now: UnixMillis) -> bool {
        match self {
            Self::Active => true,
            Self::SealAfter(from) => now >= from,
            Self::SealedUntil(until) => now < until,
            Self::OpenOnly | Self::Revoked => false,
        }
    }
}

/// What is planned for one key of a ring; the key itself is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPlan {
    /// The id that its entries carry in the clear.
    pub kid: KeyId,
    /// What it may do.
    pub state: KeyState,
    /// From when on its entries are refused, judged by their authenticated date. `None`: never,
    /// and then nothing bounds how long forgeries with a stolen copy of it are believed.
    ///
    /// Comes from configuration alone: nothing that a store says may move it.
    pub demotion: Option<UnixMillis>,
}

/// The plan of a ring: its keys in the order of preference.
pub(crate) struct Schedule {
    keys: Vec<KeyPlan>,
    /// The latest time asked about: a promotion, once seen, is not undone.
    latest: AtomicU64,
}

impl Schedule {
    pub(crate) fn new(keys: &[(KeyId, KeyState)]) -> Self {
        let scheduled = keys.iter().enumerate().map(|(position, (kid, state))| KeyPlan {
            kid: *kid,
            state: *state,
            demotion: demotion(keys, position),
        });
        Self { keys: scheduled.collect(), latest: AtomicU64::new(0) }
    }

    /// The position of the key that seals: the first that may.
    pub(crate) fn sealing(&self, now: UnixMillis) -> Result<usize, Error> {
        let now = self.not_before(now);
        let first = self.keys.iter().position(|key| key.state.may_seal(now));
        first.ok_or_else(|| Error::NoSealingKey { next: self.next_after(now) })
    }

    /// The position of a key, revoked or not.
    pub(crate) fn find(&self, kid: KeyId) -> Option<(usize, &KeyPlan)> {
        self.keys.iter().enumerate().find(|(_, key)| key.kid == kid)
    }

    pub(crate) fn keys(&self) -> &[KeyPlan] {
        &self.keys
    }

    fn not_before(&self, now: UnixMillis) -> UnixMillis {
        let latest = self.latest.load(Ordering::Relaxed);
        if now.0 > latest {
            self.latest.fetch_max(now.0, Ordering::Relaxed);
        }
        UnixMillis(latest.max(now.0))
    }

    fn next_after(&self, now: UnixMillis) -> Option<UnixMillis> {
        let starts = self.keys.iter().filter_map(|key| starts(key.state));
        starts.filter(|start| *start > now).min()
    }
}

/// `docs/format.md`, "Rotation": the key's own `@sealed-until`; else the earliest `@seal-after`
/// among the keys listed before it, which take over from it; an `@open` key that has none before
/// it takes the earliest among those after it.
fn demotion(keys: &[(KeyId, KeyState)], position: usize) -> Option<UnixMillis> {
    let (before, from_here) = keys.split_at_checked(position)?;
    let earliest =
        |keys: &[(KeyId, KeyState)]| keys.iter().filter_map(|(_, state)| starts(*state)).min();
    match from_here.first()?.1 {
        KeyState::SealedUntil(until) => Some(until),
        KeyState::Active | KeyState::SealAfter(_) => earliest(before),
        KeyState::OpenOnly => earliest(before).or_else(|| earliest(from_here)),
        KeyState::Revoked => None,
    }
}

fn starts(state: KeyState) -> Option<UnixMillis> {
    match state {
        KeyState::SealAfter(from) => Some(from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: KeyId = [1; 4];
    const B: KeyId = [2; 4];
    const C: KeyId = [3; 4];
    const T1: UnixMillis = UnixMillis(1_000);
    const T2: UnixMillis = UnixMillis(2_000);

    fn demotions(keys: &[(KeyId, KeyState)]) -> Vec<Option<u64>> {
        Schedule::new(keys).keys.iter().map(|key| key.demotion.map(|date| date.0)).collect()
    }

    #[test]
    fn the_first_that_may_seal_today_seals() {
        let keys =
            [(A, KeyState::SealAfter(T2)), (B, KeyState::SealedUntil(T1)), (C, KeyState::Active)];
        let sealing = |now| Schedule::new(&keys).sealing(UnixMillis(now)).unwrap();
        let walk: Vec<_> = [0, 999, 1_000, 1_999, 2_000, 9_000].into_iter().map(sealing).collect();
        assert_eq!(walk, [1, 1, 2, 2, 0, 0]);
    }

    #[test]
    fn a_promotion_is_not_undone() {
        let schedule = Schedule::new(&[(A, KeyState::SealAfter(T1)), (B, KeyState::Active)]);
        assert_eq!(schedule.sealing(UnixMillis(999)), Ok(1));
        assert_eq!(schedule.sealing(UnixMillis(1_000)), Ok(0));
        assert_eq!(schedule.sealing(UnixMillis(999)), Ok(0));
    }

    #[test]
    fn a_ring_that_cannot_seal_says_when_it_can() {
        let schedule = Schedule::new(&[(A, KeyState::SealAfter(T1)), (B, KeyState::OpenOnly)]);
        let refused = schedule.sealing(UnixMillis(0));
        assert_eq!(refused, Err(Error::NoSealingKey { next: Some(T1) }));
        let schedule = Schedule::new(&[(A, KeyState::Revoked)]);
        assert_eq!(schedule.sealing(UnixMillis(0)), Err(Error::NoSealingKey { next: None }));
    }

    #[test]
    fn demotion_comes_from_the_dates_in_the_list() {
        let (after1, after2) = (KeyState::SealAfter(T1), KeyState::SealAfter(T2));
        let until2 = KeyState::SealedUntil(T2);
        let (active, open, revoked) = (KeyState::Active, KeyState::OpenOnly, KeyState::Revoked);
        assert_eq!(demotions(&[(A, active), (B, open)]), [None, None]);
        assert_eq!(demotions(&[(A, after1), (B, active)]), [None, Some(1_000)]);
        assert_eq!(demotions(&[(A, after1), (B, open)]), [None, Some(1_000)]);
        assert_eq!(demotions(&[(A, open), (B, after1)]), [Some(1_000), None]);
        assert_eq!(demotions(&[(A, active), (B, after1)]), [None, None]);
        assert_eq!(demotions(&[(A, until2), (B, active)]), [Some(2_000), None]);
        assert_eq!(demotions(&[(A, after1), (B, until2)]), [None, Some(2_000)]);
        assert_eq!(
            demotions(&[(A, after2), (B, after1), (C, active)]),
            [None, Some(2_000), Some(1_000)]
        );
        assert_eq!(demotions(&[(A, after1), (B, revoked)]), [None, None]);
    }
}
