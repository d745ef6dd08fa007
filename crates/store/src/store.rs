//! The contract that every store keeps.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;

use crate::{Capabilities, Error, ErrorKind, OnChange, Watch};

/// What a store's methods return: a future on the heap, so that `dyn Store` is possible.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Keeps blobs under keys for a while, and never asks what is in them.
///
/// # What every store promises
///
/// * **Bytes are bytes.** Values come back exactly as they were given: empty, with zeros, with
///   line ends, up to [`Capabilities::largest_entry`]. Keys are UTF-8 and not empty.
/// * **Nothing outlives its time to live**, to within [`Capabilities::ttl_resolution`]. Times to
///   live are rounded up to whole milliseconds; a zero one is [`Misconfigured`].
/// * **Every call ends**, at the latest after the connect time-out and the operation time-out of
///   its [`StoreOptions`](crate::StoreOptions) together.
/// * **A dropped future does no harm.** Its operation may have been done or not, as a whole; the
///   calls before, beside and after it are answered rightly.
/// * **Errors carry no content**: neither values nor passwords are in them.
///
/// # What no store promises
///
/// * To keep anything: it may forget an entry at any time, all at once, or be down.
/// * To be honest. A store may answer with other bytes, old bytes or another key's bytes. Who
///   seals what he stores notices; nobody else does.
/// * That an operation that failed was not done. After [`Timeout`] or [`Unavailable`] a write
///   may have happened, and may still happen a moment later.
///
/// # Where it may be called
///
/// Inside a Tokio runtime with time and I/O enabled, if the store does I/O. The same store may
/// be used from many runtimes and, after `fork()`, from the child's: connections belong to a
/// runtime of a process, not to the store.
///
/// # How to write one
///
/// Answer what you can at once, as a future that is ready; await what you cannot, and let the
/// time-outs of your [`StoreOptions`](crate::StoreOptions) end it. [`Limits`](crate::Limits) checks
/// what has to be refused before anything is done. What you cannot do at all you say in
/// [`Capabilities`]: the cache does without it, and nothing is to look atomic that is not. Then
/// hold it to all of this with `cachekit_conformance::run`, in a test. `examples/own_store.rs` is
/// one whole.
///
/// ```
/// # use cachekit_store::{*, Error, Store};
/// # use std::{collections::HashMap, future::ready, sync::Mutex, time::Duration};
/// struct Shelf(Mutex<HashMap<String, Bytes>>); // It forgets nothing: not to be used.
///
/// impl Store for Shelf {
///     fn address(&self) -> &str {
///         "shelf://"
///     }
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::new(Reach::Process, 1 << 20).with_compare(Compare::Unsupported)
///     }
///     fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
///         let entries = self.0.lock().unwrap();
///         let found = keys.iter().map(|key| entries.get(*key).cloned()).collect();
///         Box::pin(ready(Limits::of(self).count(keys.len()).map(|()| found)))
///     }
///     fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
///         let allowed = Limits::of(self).write(&value, ttl);
///         Box::pin(ready(allowed.map(|_life| {
///             self.0.lock().unwrap().insert(key.to_owned(), value);
///         })))
///     }
///     // …
/// #   fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
/// #       Box::pin(async move {
/// #           for write in writes { self.set(write.key, write.value.clone(), write.ttl).await?; }
/// #           Ok(())
/// #       })
/// #   }
/// #   fn compare_and_set<'a>(&'a self, _: &'a str, _: Expected<'a>, _: Bytes, _: Duration) -> Pending<'a, Swap> {
/// #       Box::pin(ready(Err(Error::new(ErrorKind::Unsupported, "shelf://", "nothing is compared"))))
/// #   }
/// #   fn compare_and_delete<'a>(&'a self, _: &'a str, _: &'a [u8]) -> Pending<'a, Swap> {
/// #       Box::pin(ready(Err(Error::new(ErrorKind::Unsupported, "shelf://", "nothing is compared"))))
/// #   }
/// #   fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
/// #       let there = self.0.lock().unwrap().remove(key).is_some();
/// #       Box::pin(ready(Ok(if there { Deleted::Removed } else { Deleted::Absent })))
/// #   }
/// }
/// ```
///
/// [`Misconfigured`]: crate::ErrorKind::Misconfigured
/// [`Timeout`]: crate::ErrorKind::Timeout
/// [`Unavailable`]: crate::ErrorKind::Unavailable
pub trait Store: Send + Sync + 'static {
    /// Where this store is, in a form fit for logs: no password, no control characters.
    ///
    /// Two stores with equal addresses hold the same entries.
    fn address(&self) -> &str;

    /// What this store can do. Constant for the life of the store, and known without I/O.
    fn capabilities(&self) -> Capabilities;

    /// Reads several entries in one round trip; answers are in the order of `keys`.
    ///
    /// `None` is an entry that is absent or has run out. Where [`Batch::OneSnapshot`] is
    /// promised, all answers were true at one same moment. A key may be asked for twice. No keys
    /// is an empty answer without I/O.
    ///
    /// # Errors
    ///
    /// All or nothing: one that cannot be read fails the call. [`TooLarge`] for more keys than
    /// [`Capabilities::most_keys`], for an entry over [`Capabilities::largest_entry`], or for
    /// an answer that is too large altogether.
    ///
    /// [`Batch::OneSnapshot`]: crate::Batch::OneSnapshot
    /// [`TooLarge`]: crate::ErrorKind::TooLarge
    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>>;

    /// Writes an entry over whatever is there.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](crate::ErrorKind::TooLarge) before any I/O for a value over
    /// [`Capabilities::largest_entry`]; [`Full`](crate::ErrorKind::Full) where there is no room.
    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()>;

    /// Writes several entries, in order, in one round trip where the store can.
    ///
    /// Not atomic: others may read between two of the writes, and of two writes to one key the
    /// later stays.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Store::set), checked for all before anything is sent. A later error
    /// leaves any of the writes done or not.
    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()>;

    /// Writes an entry if what is there is exactly what the caller has seen.
    ///
    /// Atomic: of any number of callers that expect the same, one gets [`Swap::Done`]. An entry
    /// that has run out is absent. `Refused` is also the answer when a lost connection made
    /// the store ask twice and the first had been done; so `Done` is certain, `Refused` is not.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Store::set); [`Unsupported`](crate::ErrorKind::Unsupported) where
    /// [`Capabilities::compare`] says so.
    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap>;

    /// Removes an entry if it is exactly the bytes that the caller has seen.
    ///
    /// Atomic, like [`compare_and_set`](Store::compare_and_set). An absent entry is `Refused`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where [`Capabilities::compare`] says so.
    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap>;

    /// Removes an entry, whatever it is.
    ///
    /// # Errors
    ///
    /// Only those of reaching the store: an absent entry is [`Deleted::Absent`]. That is also the
    /// answer when a lost connection made the store ask twice and the first had been done.
    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted>;

    /// Calls `changed` when somebody else may have changed an entry, until the [`Watch`] is dropped.
    ///
    /// It is a hint that makes copies of entries short-lived, and nothing rests on it: calls may
    /// come late, twice, for a group of entries as [`Change::Anything`], or not at all. Changes made
    /// through this same value need not be told. `changed` returns at once and may be called from
    /// any thread. This returns at once, too: a store that has to connect does so afterwards, and
    /// tells [`Change::Anything`] whenever it may have missed something.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where [`Capabilities::watch`] says so.
    ///
    /// [`Change::Anything`]: crate::Change::Anything
    fn watch(&self, changed: OnChange) -> Result<Watch, Error> {
        drop(changed);
        Err(Error::new(ErrorKind::Unsupported, self.address(), "changes are not told"))
    }
}

/// One write of [`Store::set_many`].
#[derive(Clone)]
pub struct Write<'a> {
    /// Where.
    pub key: &'a str,
    /// What, up to [`Capabilities::largest_entry`].
    pub value: Bytes,
    /// For how long at most.
    pub ttl: Duration,
}

/// What a caller of [`Store::compare_and_set`] has seen under the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Nothing was there.
    Absent,
    /// These very bytes were there.
    Exactly(&'a [u8]),
}

/// Whether a compare-and-something was done.
#[must_use = "a refused swap means that somebody else was there first: what was built on it is stale"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// What was there was what the caller expected; it is replaced.
    Done,
    /// Something else is there; nothing was changed by this call's last attempt.
    Refused,
}

/// Whether [`Store::delete`] found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// There was an entry; it is gone.
    Removed,
    /// There was nothing.
    Absent,
}

/// Lengths only: in plain mode the bytes are somebody's data, and `Debug` ends in logs.
impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("key", &self.key)
            .field("bytes", &self.value.len())
            .field("ttl", &self.ttl)
            .finish()
    }
}

/// Lengths only, for the same reason.
impl fmt::Debug for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Absent => f.write_str("Absent"),
            Expected::Exactly(seen) => write!(f, "Exactly({} bytes)", seen.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        let write =
            Write { key: "k", value: Bytes::from_static(b"123-45-6789"), ttl: Duration::ZERO };
        let shown = format!("{write:?} {:?}", Expected::Exactly(b"123-45-6789"));
        assert!(!shown.contains("123"), "{shown}");
        assert!(!shown.contains("49, 50"), "{shown}");
    }
}
