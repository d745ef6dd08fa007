//! The contract, kept in a file.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::{PerProcess, Timeline, UnixMillis};
use heed::MdbError;
use tokio::{runtime::Handle, sync::OnceCell, time::timeout};

use super::{
    EmbeddedConfig,
    failure::sorted,
    opening::{Wanted, map_size},
    sharing::{Shared, share},
    table::{Digest, Unwritten, largest},
    writer::{Change, Outcome, Put},
};
use crate::{
    Capabilities, Deleted, Error, ErrorKind, Expected, Limits, Pending, Reach, Store, StoreOptions,
    Swap, Write,
};

/// All values of one answer together, as a multiple of the largest.
const ANSWER: usize = 4;
/// Bytes of one hand-over to the writer, where more than one value fits.
const TOGETHER: usize = 256 * 1024;

/// Keeps entries in a file that the processes of one machine share.
///
/// Reads are done at once, on the caller's thread and without a system call, unless the file's
/// page is not in memory. Writes go to a thread of this process and are waited for no longer
/// than the time-outs. When full it forgets the entries that would run out soonest.
///
/// Entries run out by the wall clock, which all processes have in common; a process notices when
/// it is set back.
pub struct EmbeddedStore {
    wanted: Wanted,
    timeline: Arc<Timeline>,
    largest_entry: usize,
    opening: Duration,
    operation: Duration,
    here: PerProcess<OnceCell<Arc<Shared>>>,
}

impl EmbeddedStore {
    /// A store that has opened nothing yet.
    pub(crate) fn new(config: EmbeddedConfig, options: &StoreOptions) -> Self {
        let address: Arc<str> = config.to_string().into();
        let capacity = options.memory_capacity();
        Self {
            wanted: Wanted {
                directory: config.directory,
                durability: config.durability,
                capacity,
                patience: options.connect_timeout(),
                address,
            },
            timeline: Arc::new(Timeline::new(Arc::clone(options.clock()))),
            largest_entry: options.largest_entry().min(largest(map_size(capacity))),
            opening: options.connect_timeout(),
            operation: options.operation_timeout(),
            here: PerProcess::new(),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.wanted.address
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.timeline.now()
    }

    fn error(&self, kind: ErrorKind, seen: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::new(kind, &*self.wanted.address, seen)
    }

    fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<Put, Error> {
        let life = Limits::of(self).write(&value, ttl)?;
        Ok(Put { digest: digest(key), value, life })
    }

    /// The open file. The first call of a process opens it.
    pub(super) async fn shared(&self) -> Result<&Shared, Error> {
        let cell = self.here.get_or_init(OnceCell::new);
        if let Some(shared) = cell.get() {
            return Ok(shared);
        }
        let opening = cell.get_or_try_init(|| share(&self.wanted));
        Ok(self.within(self.opening + self.operation, "opening the file", opening).await??)
    }

    async fn within<T>(
        &self,
        limit: Duration,
        what: &str,
        wait: impl Future<Output = T>,
    ) -> Result<T, Error> {
        if Handle::try_current().is_err() {
            return Err(self.error(ErrorKind::Misconfigured, "a call outside a Tokio runtime"));
        }
        timeout(limit, wait).await.map_err(|_| {
            self.error(ErrorKind::Timeout, format!("{what} was not done within {limit:?}"))
        })
    }

    async fn change(&self, change: Change) -> Result<Outcome, Error> {
        let shared = self.shared().await?;
        let answer = shared.writer.ask(change, &self.timeline).ok_or_else(|| {
            self.error(ErrorKind::Timeout, "too many writes wait for the file's lock already")
        })?;
        match self.within(self.operation, "a write", answer).await? {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(Unwritten::TooLarge)) => Err(self.error(
                ErrorKind::Full,
                "the value is too large for the file, which another process made smaller",
            )),
            Ok(Err(Unwritten::Failed(error))) => Err(sorted(error, &self.wanted.address)),
            Err(_) => Err(self.error(ErrorKind::Unavailable, "the writing thread has ended")),
        }
    }

    fn read(&self, shared: &Shared, keys: &[&str]) -> Result<Vec<Option<Bytes>>, Error> {
        let failed = |error: heed::Error| {
            shared.opened.note_damage(&error);
            sorted(error, &self.wanted.address)
        };
        let opened = &*shared.opened;
        let txn = match opened.env.read_txn() {
            Err(heed::Error::Mdb(MdbError::ReadersFull)) => {
                opened.env.clear_stale_readers().map_err(failed)?;
                opened.env.read_txn()
            }
            begun => begun,
        };
        let txn = txn.map_err(failed)?;
        let now = self.timeline.now();
        let mut room = self.largest_entry.saturating_mul(ANSWER);
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            let found = opened.table.live(&txn, &digest(key), now).map_err(failed)?;
            if let Some(value) = found {
                Limits::of(self).value(value)?;
                room = room.checked_sub(value.len()).ok_or_else(|| {
                    let seen = format!("an answer of more than {ANSWER} times the largest entry");
                    self.error(ErrorKind::TooLarge, seen)
                })?;
            }
            // A copy: the page may be written over as soon as the transaction ends.
            answers.push(found.map(Bytes::copy_from_slice));
        }
        Ok(answers)
    }
}

/// Keys of any length, evenly long: LMDB takes 511 bytes at most.
pub(super) fn digest(key: &str) -> Digest {
    *blake3::hash(key.as_bytes()).as_bytes()
}

impl Store for EmbeddedStore {
    fn address(&self) -> &str {
        &self.wanted.address
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Reach::Shared, self.largest_entry)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let shared = self.shared().await?;
            self.read(shared, keys)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let put = self.put(key, value, ttl)?;
            self.change(Change::Put(vec![put])).await.map(drop)
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let puts = writes
                .iter()
                .map(|Write { key, value, ttl }| self.put(key, value.clone(), *ttl))
                .collect::<Result<Vec<_>, _>>()?;
            let (mut together, mut bytes) = (Vec::new(), 0_usize);
            for put in puts {
                bytes = bytes.saturating_add(put.value.len());
                if bytes > TOGETHER && !together.is_empty() {
                    bytes = put.value.len();
                    self.change(Change::Put(std::mem::take(&mut together))).await?;
                }
                together.push(put);
            }
            if together.is_empty() {
                return Ok(());
            }
            self.change(Change::Put(together)).await.map(drop)
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
            let put = self.put(key, value, ttl)?;
            let seen = match expected {
                Expected::Absent => None,
                Expected::Exactly(seen) => Some(seen.to_vec()),
            };
            Ok(match self.change(Change::Swap { seen, put }).await? {
                Outcome::Done => Swap::Done,
                Outcome::Refused => Swap::Refused,
            })
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            let remove = Change::Remove { digest: digest(key), seen: Some(seen.to_vec()) };
            Ok(match self.change(remove).await? {
                Outcome::Done => Swap::Done,
                Outcome::Refused => Swap::Refused,
            })
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let remove = Change::Remove { digest: digest(key), seen: None };
            Ok(match self.change(remove).await? {
                Outcome::Done => Deleted::Removed,
                Outcome::Refused => Deleted::Absent,
            })
        })
    }
}
