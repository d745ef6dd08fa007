//! What the first level may serve, and what it may take in: by the process's newest view and marks.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::l1::Slot;
use crate::name::Digest;
use crate::operation_state::OperationState;

/// The first level's answer: an entry that fits the process's newest view and marks.
#[inline]
pub(crate) fn serve(state: &OperationState, digest: &Digest) -> Option<Arc<Slot>> {
    let process = state.cache.process();
    let slot = process.l1.get(digest)?;
    let stands = slot.stamp == state.barriers_of(process).stamp()
        && slot.group_count() == process.marks.count(digest);
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
    let looked_after = || boot.since(slot.looked) <= options.l1_max_age && !changed(state, slot);
    now <= slot.fresh_until && (options.store.is_none() || looked_after())
}

/// Whether the store told of a change since the entry was looked after.
#[inline]
fn changed(state: &OperationState, slot: &Slot) -> bool {
    let changes = &state.cache.process().changes;
    changes.as_ref().is_some_and(|changes| changes.since(slot.looked, &slot.groups))
}

/// The slow half of [`serve`]: a neighbour's mark may have moved the group's count.
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
