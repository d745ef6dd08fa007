//! The keys that a cache seals and opens with.

use std::sync::Arc;

use aws_lc_rs::hmac;
use cachekit_process::{UnixMillis, family_key};

use crate::derive::Key32;
use crate::error::Error;
use crate::master_key::{MasterKey, NamingKey, Strength};
use crate::refusal::KeyId;
use crate::rotation;
use crate::schedule::{KeyPlan, KeyState, Schedule};

/// Master keys with what each of them may do, and optionally a key for names.
///
/// The first key that may seal at a given time seals; the others open. It cannot be printed,
/// compared or serialized; [`identity`](Self::identity) tells equal rings.
pub struct Keyring {
    pub(crate) keys: Vec<MasterKey>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) naming: Option<Key32>,
    identity: [u8; 16],
}

impl Keyring {
    /// A ring of one key that seals and opens.
    #[must_use]
    pub fn single(key: MasterKey) -> Self {
        Self::assemble(vec![(key, KeyState::Active)])
    }

    /// A ring of keys with their states, in the order of preference.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`] if two are the same, [`Error::NoSealingKey`] if there are none.
    pub fn with_states(keys: Vec<(MasterKey, KeyState)>) -> Result<Self, Error> {
        if keys.is_empty() {
            return Err(Error::NoSealingKey { next: None });
        }
        for (second, (key, _)) in keys.iter().enumerate() {
            let twin = keys.iter().take(second).position(|(other, _)| other.kid == key.kid);
            if let Some(first) = twin {
                return Err(Error::DuplicateKey { first: first + 1, second: second + 1 });
            }
        }
        Ok(Self::assemble(keys))
    }

    /// A ring from the text of `CACHEKIT_MASTER_KEY_ROTATION`.
    ///
    /// `master` is the key given beside the list, in `CACHEKIT_MASTER_KEY` or in code: it opens,
    /// and does not seal, unless the list names it in any state. Whether some key may seal is not
    /// judged here, since it depends on the time: see [`check`](Self::check).
    ///
    /// # Errors
    /// [`Error::Rotation`] with the number of the first entry that cannot be used.
    pub fn from_rotation(list: &str, master: Option<MasterKey>) -> Result<Self, Error> {
        let mut keys = rotation::parse(list)?;
        if let Some(master) =
            master.filter(|master| keys.iter().all(|(key, _)| key.kid != master.kid))
        {
            keys.push((master, KeyState::OpenOnly));
        }
        Ok(Self::assemble(keys))
    }

    fn assemble(keys: Vec<(MasterKey, KeyState)>) -> Self {
        let plan: Vec<_> = keys.iter().map(|(key, state)| (key.kid, *state)).collect();
        let identity = identity(&keys);
        let keys = keys.into_iter().map(|(key, _)| key).collect();
        Self { keys, schedule: Arc::new(Schedule::new(&plan)), naming: None, identity }
    }

    /// The same ring, with names derived from `key` instead of from the sealing master key: one
    /// name per entry, and the same one through every rotation.
    #[must_use]
    pub fn with_naming_key(mut self, key: NamingKey) -> Self {
        self.identity = digest(&[&self.identity, b"naming", &*key.naming]);
        self.naming = Some(key.naming);
        self
    }

    /// Fails if no key may seal at `now`, for those who want to hear of it before the first call.
    ///
    /// # Errors
    /// [`Error::NoSealingKey`], with the time from which one may.
    pub fn check(&self, now: UnixMillis) -> Result<(), Error> {
        self.schedule.sealing(now).map(drop)
    }

    /// The id of the key that seals at `now`.
    ///
    /// # Errors
    /// [`Error::NoSealingKey`], with the time from which one may.
    pub fn sealing_key(&self, now: UnixMillis) -> Result<KeyId, Error> {
        let position = self.schedule.sealing(now)?;
        self.keys.get(position).map(MasterKey::id).ok_or(Error::NoSealingKey { next: None })
    }

    /// What is planned for each key, in the order of preference.
    #[must_use]
    pub fn plan(&self) -> &[KeyPlan] {
        self.schedule.keys()
    }

    /// Equal for rings of the same keys, states and naming key, within one family of processes
    /// (forked children included); meaningless outside it, and no help in finding a key.
    #[must_use]
    pub const fn identity(&self) -> [u8; 16] {
        self.identity
    }

    /// Whether some key of the ring is one byte repeated, which anybody can guess: worth a warning.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.keys.iter().any(|key| key.strength == Strength::Repeated)
    }
}

fn identity(keys: &[(MasterKey, KeyState)]) -> [u8; 16] {
    let mut parts: Vec<&[u8]> = Vec::new();
    let states: Vec<_> = keys.iter().map(|(_, state)| state_bytes(*state)).collect();
    for ((key, _), state) in keys.iter().zip(&states) {
        parts.extend([&key.prk[..], &state[..]]);
    }
    digest(&parts)
}

/// A digest that is comparable within this family of processes only.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &family_key());
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().first_chunk().copied().unwrap_or_default()
}

fn state_bytes(state: KeyState) -> [u8; 9] {
    let (code, date) = match state {
        KeyState::Active => (0, 0),
        KeyState::OpenOnly => (1, 0),
        KeyState::SealAfter(date) => (2, date.0),
        KeyState::SealedUntil(date) => (3, date.0),
        KeyState::Revoked => (4, 0),
    };
    let mut bytes = [code; 9];
    if let Some(tail) = bytes.last_chunk_mut() {
        *tail = u64::to_be_bytes(date);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: UnixMillis = UnixMillis(1_893_456_000_000);
    const AFTER: &str = "@seal-after=2030-01-01T00:00:00Z";

    fn hex_key(byte: u8) -> String {
        hex::encode([&[byte; 31][..], &[0]].concat())
    }

    fn key(byte: u8) -> MasterKey {
        MasterKey::from_hex(&hex_key(byte)).unwrap()
    }

    #[test]
    fn the_five_steps_of_a_rotation() {
        let (old, new) = (hex_key(1), hex_key(2));
        let sealing = |list: &str, master: u8, now| {
            Keyring::from_rotation(list, Some(key(master))).unwrap().sealing_key(now)
        };
        // The new key first, the old one still in CACHEKIT_MASTER_KEY: the new one seals.
        assert_eq!(sealing(&new, 1, T), Ok(key(2).id()));
        // Handed out to the fleet ahead of time.
        let list = format!("{new}{AFTER},{old}");
        assert_eq!(sealing(&list, 1, UnixMillis(T.0 - 1)), Ok(key(1).id()));
        assert_eq!(sealing(&list, 1, T), Ok(key(2).id()));
        // Without the old key in the list nobody could seal until then, and the error says so.
        let list = format!("{new}{AFTER}");
        assert_eq!(sealing(&list, 1, UnixMillis(0)), Err(Error::NoSealingKey { next: Some(T) }));
        // Listed in any state: not appended, so a revoked master stays revoked.
        let ring = Keyring::from_rotation(&format!("{new},{old}@revoked"), Some(key(1))).unwrap();
        assert_eq!(ring.keys.len(), 2);
    }

    #[test]
    fn equal_rings_have_equal_identities() {
        let ring = |list: &str| Keyring::from_rotation(list, None).unwrap().identity();
        let (a, b) = (hex_key(1), hex_key(2));
        let base = ring(&format!("{a},{b}"));
        assert_eq!(base, ring(&format!("{}, {b}", a.to_uppercase())));
        let others = [
            ring(&a),
            ring(&format!("{b},{a}")),
            ring(&format!("{a},{b}@open")),
            ring(&format!("{a},{b}{AFTER}")),
            Keyring::from_rotation(&format!("{a},{b}"), None)
                .unwrap()
                .with_naming_key(NamingKey::from_bytes(&[9; 32]).unwrap())
                .identity(),
        ];
        assert!(others.iter().all(|other| *other != base));
        assert_eq!(Keyring::single(key(1)).identity(), ring(&a));
    }

    #[test]
    fn duplicates_and_empty_rings_are_refused() {
        let twice = vec![
            (key(1), KeyState::Active),
            (key(2), KeyState::OpenOnly),
            (key(1), KeyState::Revoked),
        ];
        let error = Keyring::with_states(twice).err().unwrap();
        assert_eq!(error, Error::DuplicateKey { first: 1, second: 3 });
        assert!(Keyring::with_states(Vec::new()).is_err());
    }

    #[test]
    fn weak_keys_are_reported() {
        assert!(Keyring::single(MasterKey::from_hex(&"a".repeat(64)).unwrap()).is_weak());
        assert!(!Keyring::single(key(1)).is_weak());
    }
}
