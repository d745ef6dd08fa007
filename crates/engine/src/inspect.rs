//! Judging one stored entry: the checks that need what this process has seen, after those of the
//! seal. The order is that of `docs/format.md`, "Opening"; the first failure is the one counted.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use cachekit_seal::{Kind, Opened, Purpose, Refusal, Scratch};
use cachekit_store::{Store, Swap};

use crate::Error;
use crate::compare::compare_and_delete;
use crate::health::{alarm, heard};
use crate::l1::Slot;
use crate::observe::{Event, Refused};
use crate::operation_state::{OperationState, Target};
use crate::options::OnTamper;
use crate::protect::{Address, Reopen};
use crate::sighting::{Observed, Seen};

/// What became of a stored entry.
pub(crate) enum Inspected {
    Servable(Arc<Slot>),
    /// A miss; a fill may overwrite it.
    Unservable,
    /// A miss that is not to be overwritten yet.
    LeaveInPlace,
    /// A miss whose very bytes are to be removed, and that is raised if so configured.
    Tampered(Refusal),
}

/// Opens and judges one stored entry.
pub(crate) fn inspect(
    state: &OperationState,
    target: &Target,
    index: usize,
    bytes: &Bytes,
    seen: &Seen,
) -> Inspected {
    let Some(address) = target.addresses.get(index) else { return Inspected::Unservable };
    let mut scratch = Scratch::new();
    let limits = state.limits(Purpose::Entry).serializer(state.options.serializer.0);
    let now = state.cache.timeline.now();
    match target.keys.open(now, address, &limits, bytes, &mut scratch) {
        Err(refusal) => refused(state, refusal),
        Ok((opened, reopen)) => match judge(state, target, index, &opened, seen) {
            Ok(()) => Inspected::Servable(slot(state, bytes, &opened, reopen, (seen, address))),
            Err(None) => Inspected::Unservable,
            Err(Some(reason)) => {
                note(state, reason);
                Inspected::Unservable
            }
        },
    }
}

/// Why an entry that its seal vouches for is not served; `None` for what was no value to begin
/// with.
fn judge(
    state: &OperationState,
    target: &Target,
    index: usize,
    opened: &Opened<'_>,
    seen: &Seen,
) -> Result<(), Option<Refused>> {
    let marks = &state.cache.process().marks;
    if !marks.admits(&target.digest, opened.created()) {
        return Err(Some(Refused::RolledBack));
    }
    match opened.kind() {
        Kind::Value | Kind::None => {}
        Kind::Tombstone => {
            marks.saw_tombstone(&target.digest, opened.created());
            return Err(None);
        }
        // A cached error of a later release: nothing that this one serves.
        _ => return Err(None),
    }
    if seen.view.is_none() || opened.generation() != seen.generation(index) {
        return Err(Some(Refused::Superseded));
    }
    if state.cache.timeline.now() > opened.fresh_until() {
        return Err(Some(Refused::Expired));
    }
    Ok(())
}

fn slot(
    state: &OperationState,
    bytes: &Bytes,
    opened: &Opened<'_>,
    reopen: Reopen,
    (seen, address): (&Seen, &Address),
) -> Arc<Slot> {
    Arc::new(Slot {
        operation: state.id(),
        bytes: bytes.clone(),
        reopen,
        object: None,
        created: opened.created(),
        fresh_until: opened.fresh_until(),
        stamp: seen.stamp(),
        marks: AtomicU64::new(0),
        looked: seen.sent,
        groups: seen.groups(Some(address)),
    })
}

fn refused(state: &OperationState, refusal: Refusal) -> Inspected {
    let reason = Refused::from(&refusal);
    note(state, reason);
    match reason {
        Refused::Tampered => Inspected::Tampered(refusal),
        Refused::UnknownKey | Refused::Unsupported => {
            let key = refusal.key_id().unwrap_or_default();
            let foreign = &state.cache.process().foreign;
            let left = foreign.leave_in_place(key, state.cache.timeline.boot());
            if left { Inspected::LeaveInPlace } else { Inspected::Unservable }
        }
        _ => Inspected::Unservable,
    }
}

pub(crate) fn note(state: &OperationState, reason: Refused) {
    state.counters.refused(reason);
    if reason == Refused::Tampered {
        alarm(state);
    }
    state.event(&Event::Refused(reason));
}

/// Removes the very bytes that were changed, unless somebody replaced them already; then raises,
/// where the cache was told to: what is not removed would raise for ever.
///
/// # Errors
/// `Refused`: the cache was told to raise.
pub(crate) async fn tampered(
    state: &OperationState,
    store: &dyn Store,
    address: &Address,
    bytes: Bytes,
    refusal: Refusal,
) -> Result<Observed, Error> {
    let removed = heard(state, compare_and_delete(store, address.key(), &bytes).await);
    if state.cache.options.on_tamper == OnTamper::Raise {
        return Err(Error::Refused(refusal));
    }
    Ok(match removed {
        Ok(Swap::Done) => Observed::Absent,
        Ok(Swap::Refused) | Err(_) => Observed::Bytes(bytes),
    })
}
