//! Entries, the order in which they run out, and a bound on their bytes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;

use super::watchers::Watchers;

/// The entries of one name.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) entries: Mutex<Entries>,
    pub(super) watchers: Watchers,
}

/// What is kept, and in which order it runs out. Every key is in both maps, or in neither.
#[derive(Default)]
pub(super) struct Entries {
    by_key: HashMap<Arc<str>, Kept>,
    by_deadline: BTreeMap<Deadline, Arc<str>>,
    pub(super) bytes: usize,
    writes: u64,
}

struct Kept {
    value: Bytes,
    deadline: Deadline,
}

/// When an entry runs out; the number of its write tells apart those of one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    boot_nanos: u64,
    write: u64,
}

impl Entries {
    pub(super) fn live(&self, key: &str, now: u64) -> Option<&Bytes> {
        self.by_key.get(key).filter(|kept| now < kept.deadline.boot_nanos).map(|kept| &kept.value)
    }

    pub(super) fn live_keys(&self, now: u64) -> Vec<String> {
        let live = self.by_key.iter().filter(|(_, kept)| now < kept.deadline.boot_nanos);
        live.map(|(key, _)| String::from(&**key)).collect()
    }

    /// Keeps a copy until `boot_nanos`; what does not fit beside it into `capacity` is forgotten.
    pub(super) fn put(
        &mut self,
        key: &str,
        value: &Bytes,
        boot_nanos: u64,
        now: u64,
        capacity: usize,
    ) {
        self.remove(key);
        let weight = weight(key, value);
        self.make_room(weight, now, capacity);
        self.writes = self.writes.wrapping_add(1);
        let deadline = Deadline { boot_nanos, write: self.writes };
        let key: Arc<str> = key.into();
        // A copy: the caller's `Bytes` may be a small part of a large buffer, which would stay
        // in memory uncounted.
        let value = Bytes::copy_from_slice(value);
        self.by_deadline.insert(deadline, Arc::clone(&key));
        self.by_key.insert(key, Kept { value, deadline });
        self.bytes = self.bytes.saturating_add(weight);
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some((key, kept)) = self.by_key.remove_entry(key) {
            self.by_deadline.remove(&kept.deadline);
            self.bytes = self.bytes.saturating_sub(weight(&key, &kept.value));
        }
    }

    /// Forgets what has run out, then what runs out soonest, until `weight` more bytes fit.
    fn make_room(&mut self, weight: usize, now: u64, capacity: usize) {
        while let Some((deadline, key)) = self.by_deadline.first_key_value() {
            let fits = self.bytes.saturating_add(weight) <= capacity;
            if fits && now < deadline.boot_nanos {
                return;
            }
            let key = Arc::clone(key);
            self.remove(&key);
        }
    }
}

/// What an entry costs beside its key and value: nodes of the two maps, reference counts.
const BOOKKEEPING: usize = 160;

pub(super) fn weight(key: &str, value: &[u8]) -> usize {
    key.len().saturating_add(value.len()).saturating_add(BOOKKEEPING)
}
