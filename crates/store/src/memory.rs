//! A store inside this process: for tests, for one process alone, and as the reference by which
//! the other stores are judged.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use cachekit_process::{Clock, PerProcess};
use parking_lot::Mutex;

use crate::{
    Capabilities, Deleted, Error, ErrorKind, Expected, Pending, Reach, Store, StoreOptions, Swap,
    Write, lifetime::Lifetime,
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
    capacity: usize,
    largest_entry: usize,
    clock: Arc<dyn Clock>,
    shelf: PerProcess<Arc<Shelf>>,
}

impl MemoryStore {
    /// The store `memory://name`. Names are told apart by their bytes.
    pub fn named(name: &str, options: &StoreOptions) -> Self {
        Self {
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
        self.with_entries(|entries, now| {
            let live = entries.by_key.iter().filter(|(_, kept)| now < kept.deadline.boot_nanos);
            live.map(|(key, _)| String::from(&**key)).collect()
        })
    }

    fn shelf(&self) -> &Shelf {
        self.shelf.get_or_init(|| {
            let mut shelves = SHELVES.get_or_init(Mutex::default).lock();
            Arc::clone(shelves.entry(self.name.clone()).or_default())
        })
    }

    fn checked(&self, key: &str, value: &[u8], ttl: Duration) -> Result<Lifetime, Error> {
        self.checked_length(value)?;
        let weight = weight(key, value);
        if weight > self.capacity {
            return Err(Error::new(
                ErrorKind::Full,
                &*self.address,
                format!("an entry of {weight} bytes in a store of {}", self.capacity),
            ));
        }
        Lifetime::new(ttl, &self.address)
    }

    fn checked_length(&self, value: &[u8]) -> Result<(), Error> {
        if value.len() <= self.largest_entry {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            &*self.address,
            format!("a value of {} bytes; the limit is {}", value.len(), self.largest_entry),
        ))
    }

    fn checked_count(&self, count: usize) -> Result<(), Error> {
        let most = self.capabilities().most_keys;
        if count <= most {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            &*self.address,
            format!("{count} keys in one call; the limit is {most}"),
        ))
    }

    /// Runs `act` on the entries that live now.
    fn with_entries<T>(&self, act: impl FnOnce(&mut Entries, u64) -> T) -> T {
        let mut entries = self.shelf().entries.lock();
        // Read under the lock, so that the order of the readings is that of the operations.
        let now = self.clock.boot_nanos();
        act(&mut entries, now)
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
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            self.checked_count(keys.len())?;
            let answers: Vec<Option<Bytes>> = self.with_entries(|entries, now| {
                keys.iter().map(|key| entries.live(key, now).cloned()).collect()
            });
            // Written through another store of this name, with a higher limit.
            answers.iter().flatten().try_for_each(|value| self.checked_length(value))?;
            Ok(answers)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let life = self.checked(key, &value, ttl)?;
            self.with_entries(|entries, now| self.put(entries, now, key, &value, life));
            Ok(())
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            self.checked_count(writes.len())?;
            let lives = writes
                .iter()
                .map(|write| self.checked(write.key, &write.value, write.ttl))
                .collect::<Result<Vec<_>, _>>()?;
            self.with_entries(|entries, now| {
                for (write, life) in writes.iter().zip(lives) {
                    self.put(entries, now, write.key, &write.value, life);
                }
            });
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
            Ok(self.with_entries(|entries, now| {
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
            }))
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            Ok(self.with_entries(|entries, now| {
                if entries.live(key, now).is_none_or(|there| there != seen) {
                    return Swap::Refused;
                }
                entries.remove(key);
                Swap::Done
            }))
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            Ok(self.with_entries(|entries, now| {
                let was_live = entries.live(key, now).is_some();
                entries.remove(key);
                if was_live { Deleted::Removed } else { Deleted::Absent }
            }))
        })
    }
}

#[derive(Default)]
struct Shelf {
    entries: Mutex<Entries>,
}

/// What is kept, and in which order it runs out. Every key is in both maps, or in neither.
#[derive(Default)]
struct Entries {
    by_key: HashMap<Arc<str>, Kept>,
    by_deadline: BTreeMap<Deadline, Arc<str>>,
    bytes: usize,
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
    fn live(&self, key: &str, now: u64) -> Option<&Bytes> {
        self.by_key.get(key).filter(|kept| now < kept.deadline.boot_nanos).map(|kept| &kept.value)
    }

    fn put(&mut self, key: &str, value: &Bytes, boot_nanos: u64, now: u64, capacity: usize) {
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

    fn remove(&mut self, key: &str) {
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

fn weight(key: &str, value: &[u8]) -> usize {
    key.len().saturating_add(value.len()).saturating_add(BOOKKEEPING)
}
