//! The first level: the very bytes of the store, held by the process.
//!
//! Sealed entries stay sealed here, so a memory dump of the cache alone shows no value. The
//! container is `quick_cache` (sharded, weighted, S3-FIFO); what may be *served* is decided in
//! `read`, by the process's newest view.

use std::any::Any;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use cachekit_process::{BootMillis, UnixMillis};
use quick_cache::sync::Cache as Table;
use quick_cache::sync::DefaultLifecycle;
use quick_cache::{OptionsBuilder, Weighter};

use crate::barrier::Stamp;
use crate::changes::Groups;
use crate::marks::GroupCount;
use crate::name::{Digest, OperationId, Uniform};
use crate::options::L1 as Bound;
use crate::protect::Reopen;

/// A face's own form of a value: an immutable object that a hit can hand out as it is.
pub type Object = Arc<dyn Any + Send + Sync>;

/// One entry of the first level.
pub(crate) struct Slot {
    pub(crate) operation: OperationId,
    /// Sealed, or plain as encoded.
    pub(crate) bytes: Bytes,
    /// How the bytes open again, cheaply: they were checked in full before they came here.
    pub(crate) reopen: Reopen,
    /// Plain mode alone: see [`Object`].
    pub(crate) object: Option<Object>,
    pub(crate) created: UnixMillis,
    pub(crate) fresh_until: UnixMillis,
    /// The barriers' state under which the entry is valid.
    pub(crate) stamp: Stamp,
    /// The marks' state under which it was last checked.
    pub(crate) marks: AtomicU64,
    /// When the request that last looked at the barriers was sent.
    pub(crate) looked: BootMillis,
    /// What a change of would make that look too old.
    pub(crate) groups: Groups,
}

impl Slot {
    pub(crate) fn group_count(&self) -> GroupCount {
        GroupCount(self.marks.load(std::sync::atomic::Ordering::Relaxed))
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Digest, Arc<Slot>> for ByBytes {
    fn weight(&self, _: &Digest, slot: &Arc<Slot>) -> u64 {
        // The object's own size is the face's to know; its encoded size stands in for it.
        let object = if slot.object.is_some() { slot.bytes.len() } else { 0 };
        (slot.bytes.len() + object + size_of::<Slot>() + size_of::<Digest>() + 64) as u64
    }
}

/// The first level of one cache in one process.
pub(crate) struct FirstLevel {
    table: Option<Table<Digest, Arc<Slot>, ByBytes, Uniform>>,
}

impl FirstLevel {
    pub(crate) fn new(bound: Bound) -> Self {
        let table = match bound {
            Bound::Off => None,
            Bound::Bytes(bytes) => OptionsBuilder::new()
                .weight_capacity(bytes)
                // A guess that only sizes the tables at the start: they grow.
                .estimated_items_capacity((bytes / 1024).clamp(16, 16 * 1024) as usize)
                .build()
                .ok()
                .map(|options| {
                    let lifecycle = DefaultLifecycle::default();
                    Table::with_options(options, ByBytes, Uniform::default(), lifecycle)
                }),
        };
        Self { table }
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Slot>> {
        self.table.as_ref()?.get(digest)
    }

    pub(crate) fn insert(&self, digest: Digest, slot: Arc<Slot>) {
        if let Some(table) = &self.table {
            table.insert(digest, slot);
        }
    }

    pub(crate) fn remove(&self, digest: &Digest) {
        if let Some(table) = &self.table {
            table.remove(digest);
        }
    }

    /// Drops just this entry: another may have come in its place.
    pub(crate) fn remove_this(&self, digest: &Digest, slot: &Arc<Slot>) {
        if let Some(table) = &self.table {
            table.remove_if(digest, |held| Arc::ptr_eq(held, slot));
        }
    }

    /// Drops one operation's entries, or all.
    pub(crate) fn clear(&self, operation: Option<OperationId>) {
        match (&self.table, operation) {
            (Some(table), Some(operation)) => table.retain(|_, slot| slot.operation != operation),
            (Some(table), None) => table.clear(),
            (None, _) => {}
        }
    }

    /// Entries and bytes held.
    pub(crate) fn size(&self) -> (usize, u64) {
        self.table.as_ref().map_or((0, 0), |table| (table.len(), table.weight()))
    }
}
