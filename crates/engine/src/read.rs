//! Finding a value: in the first level, then in the store, together with the barriers that it is
//! held against.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use cachekit_process::BootMillis;
use cachekit_store::{ErrorKind, Store};
use smallvec::SmallVec;

use crate::barrier::{BarrierValue, Snapshot, Stamp, View, generation};
use crate::inspect::{self, Inspected};
use crate::l1::Slot;
use crate::name::Digest;
use crate::operation::{OperationState, Target};
use crate::protect::Address;
use crate::settle::{self, Settled};
use crate::write::note_failure;
use crate::{Error, Hit};

/// How often a look starts again because others rewrote the barriers under it.
const RESTARTS: usize = 4;

/// What a look at the store showed.
pub(crate) enum Look {
    /// A servable value, and what it was seen with.
    Found(Arc<Slot>, Seen),
    /// None; a fill may follow on what was seen.
    Missing(Seen),
    /// The store did not answer: the function runs, and nothing is written.
    Blind,
}

/// The state of the store that a fill builds on.
pub(crate) struct Seen {
    /// `None` while the barriers belong to keys that this process does not have.
    pub(crate) view: Option<View>,
    /// One generation for each of the target's addresses.
    generations: SmallVec<[[u8; 8]; 1]>,
    pub(crate) places: SmallVec<[Place; 1]>,
    /// When the request was sent.
    pub(crate) sent: BootMillis,
}

/// What a computation is begun upon. Two callers who saw the same may share it: an invalidation or
/// a clear between their looks would show.
#[derive(PartialEq, Eq)]
pub(crate) struct Sighting {
    stamp: Stamp,
    observed: SmallVec<[Observed; 1]>,
}

/// One address, and what was there.
pub(crate) struct Place {
    pub(crate) address: Address,
    pub(crate) observed: Observed,
}

/// What was at an address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Observed {
    Absent,
    Bytes(Bytes),
    /// An entry of a key or release that this process does not know, not to be overwritten yet.
    LeftInPlace,
}

impl Look {
    pub(crate) fn into_seen(self) -> Option<Seen> {
        match self {
            Self::Found(_, seen) | Self::Missing(seen) => Some(seen),
            Self::Blind => None,
        }
    }
}

impl Seen {
    pub(crate) fn stamp(&self) -> Stamp {
        self.view.map_or(Stamp::NEVER, |view| view.stamp)
    }

    pub(crate) fn sighting(&self) -> Sighting {
        let observed = self.places.iter().map(|place| place.observed.clone()).collect();
        Sighting { stamp: self.stamp(), observed }
    }

    pub(crate) fn generation(&self, index: usize) -> [u8; 8] {
        self.generations.get(index).copied().unwrap_or_default()
    }
}

/// The first level's answer: an entry that fits the process's newest view and marks.
#[inline]
pub(crate) fn first_level(state: &OperationState, digest: &Digest) -> Option<Arc<Slot>> {
    let process = state.cache.process();
    let slot = process.l1.get(digest)?;
    let stands =
        slot.stamp == state.barriers().stamp() && slot.group_count() == process.marks.count(digest);
    if stands && in_time(state, &slot) {
        return Some(slot);
    }
    checked_again(state, digest, slot)
}

/// Fresh, and looked after recently enough where others may have changed it.
#[inline]
fn in_time(state: &OperationState, slot: &Slot) -> bool {
    let (now, boot) = state.cache.timeline.read();
    let options = &state.cache.options;
    now <= slot.fresh_until
        && (options.store.is_none() || boot.since(slot.looked) <= options.l1_max_age)
}

/// The slow half of [`first_level`]: a neighbour's mark may have moved the group's count.
#[cold]
fn checked_again(state: &OperationState, digest: &Digest, slot: Arc<Slot>) -> Option<Arc<Slot>> {
    let process = state.cache.process();
    let count = process.marks.count(digest);
    let stands = slot.stamp == state.barriers().stamp()
        && process.marks.admits(digest, slot.created)
        && state.cache.timeline.now() <= slot.fresh_until;
    if !stands {
        process.l1.remove_this(digest, &slot);
        return None;
    }
    slot.marks.store(count.0, Relaxed);
    in_time(state, &slot).then_some(slot)
}

/// Takes an entry into the first level. False when something newer was seen meanwhile.
pub(crate) fn hold(state: &OperationState, digest: Digest, slot: &Arc<Slot>) -> bool {
    let process = state.cache.process();
    if !process.marks.saw_entry(&digest, slot.created) {
        return false;
    }
    // First the count, then the check: a mark raised after that moves the count.
    slot.marks.store(process.marks.count(&digest).0, Relaxed);
    if !process.marks.admits(&digest, slot.created) {
        return false;
    }
    if slot.stamp == state.barriers().stamp() {
        process.l1.insert(digest, Arc::clone(slot));
    }
    true
}

/// Looks at the store once: the entry under each of its addresses, and the barriers, in one round
/// trip.
pub(crate) async fn look(state: &OperationState, target: &Target) -> Result<Look, Error> {
    let looks = look_many(state, std::slice::from_ref(target)).await?;
    Ok(looks.into_iter().next().unwrap_or(Look::Blind))
}

/// The servable values of many targets, from the first level and one round trip.
pub(crate) async fn peek_many(
    state: &OperationState,
    targets: &[Target],
) -> Result<Vec<Option<Hit>>, Error> {
    let mut hits: Vec<_> = targets.iter().map(|t| first_level(state, &t.digest)).collect();
    if hits.iter().any(Option::is_none) && state.cache.options.store.is_some() {
        let looks = look_many(state, targets).await?;
        for (hit, look) in hits.iter_mut().zip(looks) {
            if let (None, Look::Found(slot, _)) = (&hit, look) {
                *hit = Some(slot);
            }
        }
    }
    Ok(hits.into_iter().map(|hit| hit.map(Hit::new)).collect())
}

async fn look_many(state: &OperationState, targets: &[Target]) -> Result<Vec<Look>, Error> {
    let Some(store) = state.cache.options.store.as_deref() else {
        return Ok(targets.iter().map(|target| nowhere_else(state, target)).collect());
    };
    for _ in 0..RESTARTS {
        if let Some(looks) = look_once(state, store, targets).await? {
            return Ok(looks);
        }
    }
    Ok(targets.iter().map(|_| Look::Blind).collect())
}

/// Without a store there is nothing to look at: what this process knows is all there is.
fn nowhere_else(state: &OperationState, target: &Target) -> Look {
    let Snapshot { cache, operation, stamp } = state.barriers().known();
    let view = View {
        cache: cache.unwrap_or(BarrierValue::ZERO),
        operation: operation.unwrap_or(BarrierValue::ZERO),
        stamp,
    };
    Look::Missing(Seen {
        view: Some(view),
        generations: SmallVec::new(),
        places: target.addresses.iter().map(|a| Place::absent(a.clone())).collect(),
        sent: state.cache.timeline.boot(),
    })
}

/// One round trip. `None` when the barriers were rewritten by others under it.
async fn look_once(
    state: &OperationState,
    store: &dyn Store,
    targets: &[Target],
) -> Result<Option<Vec<Look>>, Error> {
    let blind = || Ok(Some(targets.iter().map(|_| Look::Blind).collect()));
    let barriers = settle::Addresses::of(state)?;
    let sent = state.cache.timeline.boot();
    let known = state.barriers().known();
    if !state.cache.process().breaker.admits(sent) {
        crate::stats::count(&state.counters.store_errors);
        return blind();
    }
    let entries = targets.iter().flat_map(|target| &target.addresses);
    let keys: Vec<&str> = barriers.iter().chain(entries).map(Address::key).collect();
    let answer = heard(state, store.get_many(&keys).await);
    let Ok(mut found) = answer else { return blind() };
    if found.len() != keys.len() {
        let _ = heard::<()>(state, Err(short_answer(store)));
        return blind();
    }
    let stored = found.split_off(barriers.len());
    let settled = settle::settle(state, store, &barriers, found, &known).await;
    let (view, entries_stand) = match settled {
        Ok(Settled::Stands(view)) => (Some(view), true),
        Ok(Settled::Rewritten(view)) => (Some(view), false),
        Ok(Settled::Foreign) => (None, false),
        Ok(Settled::Again) => return Ok(None),
        Err(_) => return blind(),
    };
    let mut stored = stored.into_iter();
    let mut looks = Vec::with_capacity(targets.len());
    for target in targets {
        let seen = Seen {
            view,
            generations: generations(&barriers, target, view),
            places: SmallVec::new(),
            sent,
        };
        let stored: SmallVec<[Option<Bytes>; 1]> =
            stored.by_ref().take(target.addresses.len()).collect();
        looks.push(settle_entry(state, store, target, seen, stored, entries_stand).await?);
    }
    Ok(Some(looks))
}

/// Judges what was stored for one target, and takes a servable value into the first level.
async fn settle_entry(
    state: &OperationState,
    store: &dyn Store,
    target: &Target,
    mut seen: Seen,
    stored: SmallVec<[Option<Bytes>; 1]>,
    stands: bool,
) -> Result<Look, Error> {
    let mut newest: Option<Arc<Slot>> = None;
    for (index, (address, bytes)) in target.addresses.iter().zip(stored).enumerate() {
        let inspected = match &bytes {
            None => Inspected::Unservable,
            Some(bytes) => inspect::inspect(state, target, index, bytes, &seen)?,
        };
        let observed = match (inspected, bytes) {
            (_, None) => Observed::Absent,
            (Inspected::LeaveInPlace, _) => Observed::LeftInPlace,
            (Inspected::Tampered, Some(bytes)) => {
                inspect::remove(state, store, address, bytes).await
            }
            (Inspected::Servable(slot), Some(bytes)) => {
                if newest.as_ref().is_none_or(|best| slot.created > best.created) {
                    newest = Some(slot);
                }
                Observed::Bytes(bytes)
            }
            (Inspected::Unservable, Some(bytes)) => Observed::Bytes(bytes),
        };
        seen.places.push(Place { address: address.clone(), observed });
    }
    match newest {
        Some(slot) if stands && hold(state, target.digest, &slot) => Ok(Look::Found(slot, seen)),
        _ => Ok(Look::Missing(seen)),
    }
}

fn generations(
    barriers: &settle::Addresses,
    target: &Target,
    view: Option<View>,
) -> SmallVec<[[u8; 8]; 1]> {
    let Some(view) = view else { return SmallVec::new() };
    let of = |index| {
        let (cache, operation) = barriers.identities(index);
        generation(&[(cache, view.cache), (operation, view.operation)])
    };
    (0..target.addresses.len()).map(of).collect()
}

impl Place {
    fn absent(address: Address) -> Self {
        Self { address, observed: Observed::Absent }
    }
}

/// Tells the breaker, the counters and the observer what became of a request.
pub(crate) fn heard<T>(
    state: &OperationState,
    answer: Result<T, cachekit_store::Error>,
) -> Result<T, cachekit_store::Error> {
    let breaker = &state.cache.process().breaker;
    match &answer {
        Ok(_) => breaker.succeeded(),
        Err(error) => {
            if error.retryable() || error.kind() == ErrorKind::Protocol {
                breaker.failed(state.cache.timeline.boot());
            }
            note_failure(state, error);
        }
    }
    answer
}

fn short_answer(store: &dyn Store) -> cachekit_store::Error {
    let seen = "it answered another number of entries than were asked for";
    cachekit_store::Error::new(ErrorKind::Protocol, store.address(), seen)
}

/// What a caller is told who asked for a write while the store does not answer.
pub(crate) fn unavailable(state: &OperationState) -> cachekit_store::Error {
    let address = state.cache.options.store.as_deref().map_or("", |store| store.address());
    cachekit_store::Error::new(ErrorKind::Unavailable, address, "it did not answer just now")
}
