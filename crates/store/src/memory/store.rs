//! The contract, kept in this process's memory.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use cachekit_process::{Clock, PerProcess};
use parking_lot::Mutex;

use super::{
    entries::{Entries, Shelf, weight},
    watchers::Handle,
};
use crate::{
    Capabilities, Deleted, Error, ErrorKind, Expected, Lifetime, Limits, OnChange, Pending, Reach,
    Store, StoreOptions, Swap, Watch, Watching, Write,
};

/// Every shelf of this process by its name. A forked child starts without any: the copies that
/// it inherits may be locked by threads that it does not have.
static SHELVES: PerProcess<Mutex<HashMap<Box<str>, Arc<Shelf>>>> = PerProcess::new();

/// Keeps entries in this process's memory, up to a bound.
///
/// All stores of one name share their entries, like clients of one server; entries stay when the
/// last store of the name is dropped. It does not survive the process, and a forked child starts
/// empty. When full it forgets the entries that would run out soonest.
pub struct MemoryStore {
    name: Box<str>,
    address: Box<str>,
    handle: Handle,
    capacity: usize,
    largest_entry: usize,
    clock: Arc<dyn Clock>,
    shelf: PerProcess<Arc<Shelf>>,
}

impl MemoryStore {
    /// The store `memory://name`. Names are told apart by their bytes.
    pub fn named(name: &str, options: &StoreOptions) -> Self {
        static HANDLES: AtomicU64 = AtomicU64::new(0);
        Self {
            handle: Handle(HANDLES.fetch_add(1, Relaxed)),
            name: name.into(),
            address: format!("memory://{name}").into(),
            capacity: options.memory_capacity(),
            largest_entry: options.largest_entry(),
            clock: Arc::clone(options.clock()),
            shelf: PerProcess::new(),
        }
    }

    /// How many bytes the entries of this name take now, keys and bookkeeping included, those
    /// included that have run out and were not asked for since.
    pub fn bytes(&self) -> usize {
        self.shelf().entries.lock().bytes
    }

    /// The keys of the entries that live now, in no order: for tests and for the curious.
    pub fn keys(&self) -> Vec<String> {
        self.with_entries(|entries, now| entries.live_keys(now))
    }

    fn shelf(&self) -> &Shelf {
        self.shelf.get_or_init(|| {
            let mut shelves = SHELVES.get_or_init(Mutex::default).lock();
            Arc::clone(shelves.entry(self.name.clone()).or_default())
        })
    }

    fn checked(&self, key: &str, value: &[u8], ttl: Duration) -> Result<Lifetime, Error> {
        let life = Limits::of(self).write(value, ttl)?;
        let weight = weight(key, value);
        if weight > self.capacity {
            return Err(Error::new(
                ErrorKind::Full,
                &*self.address,
                format!("an entry of {weight} bytes in a store of {}", self.capacity),
            ));
        }
        Ok(life)
    }

    /// Runs `act` on the entries that live now.
    fn with_entries<T>(&self, act: impl FnOnce(&mut Entries, u64) -> T) -> T {
        let mut entries = self.shelf().entries.lock();
        // Read under the lock, so that the order of the readings is that of the operations.
        let now = self.clock.boot_nanos();
        act(&mut entries, now)
    }

    /// Tells those who watch, with no lock held.
    fn tell(&self, key: &str) {
        self.shelf().watchers.tell(self.handle, key);
    }

    fn put(&self, entries: &mut Entries, now: u64, key: &str, value: &Bytes, life: Lifetime) {
        entries.put(key, value, now.saturating_add(life.as_nanos()), now, self.capacity);
    }
}

impl Store for MemoryStore {
    fn address(&self) -> &str {
        &self.address
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Reach::Process, self.largest_entry.min(self.capacity))
            .with_watch(Watching::Told)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            let answers: Vec<Option<Bytes>> = self.with_entries(|entries, now| {
                keys.iter().map(|key| entries.live(key, now).cloned()).collect()
            });
            // Written through another store of this name, with a higher limit.
            answers.iter().flatten().try_for_each(|value| Limits::of(self).value(value))?;
            Ok(answers)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let life = self.checked(key, &value, ttl)?;
            self.with_entries(|entries, now| self.put(entries, now, key, &value, life));
            self.tell(key);
            Ok(())
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let lives = writes
                .iter()
                .map(|write| self.checked(write.key, &write.value, write.ttl))
                .collect::<Result<Vec<_>, _>>()?;
            self.with_entries(|entries, now| {
                for (write, life) in writes.iter().zip(lives) {
                    self.put(entries, now, write.key, &write.value, life);
                }
            });
            writes.iter().for_each(|write| self.tell(write.key));
            Ok(())
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(async move {
            let life = self.checked(key, &value, ttl)?;
            let swap = self.with_entries(|entries, now| {
                let as_expected = match (expected, entries.live(key, now)) {
                    (Expected::Absent, None) => true,
                    (Expected::Exactly(seen), Some(there)) => there == seen,
                    (Expected::Absent, Some(_)) | (Expected::Exactly(_), None) => false,
                };
                if !as_expected {
                    return Swap::Refused;
                }
                self.put(entries, now, key, &value, life);
                Swap::Done
            });
            if swap == Swap::Done {
                self.tell(key);
            }
            Ok(swap)
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            let swap = self.with_entries(|entries, now| {
                if entries.live(key, now).is_none_or(|there| there != seen) {
                    return Swap::Refused;
                }
                entries.remove(key);
                Swap::Done
            });
            if swap == Swap::Done {
                self.tell(key);
            }
            Ok(swap)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let deleted = self.with_entries(|entries, now| {
                let was_live = entries.live(key, now).is_some();
                entries.remove(key);
                if was_live { Deleted::Removed } else { Deleted::Absent }
            });
            self.tell(key);
            Ok(deleted)
        })
    }

    fn watch(&self, changed: OnChange) -> Result<Watch, Error> {
        Ok(self.shelf().watchers.add(self.handle, changed))
    }
}
