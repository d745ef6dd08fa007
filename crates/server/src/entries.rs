//! What is done with entries, over whatever store lies below.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use cachekit_process::{Timeline, UnixMillis};
use cachekit_store::{Batch, Compare, Deleted, Expected, Store, Swap, Write};

use crate::{
    hub::Hub,
    ledger::Ledger,
    name::Name,
    record::{Draft, Kind, OVERHEAD, Record},
    refusal::Refusal,
    space::Space,
    tag::{Condition, Tag},
    token::{Holder, Quota},
    ttl::Ttl,
};

/// How often a swap is tried again that somebody else came between; then he was first.
const ATTEMPTS: usize = 8;
/// Larger values are hashed where nobody waits for the thread.
const LARGE: usize = 1024 * 1024;

/// Entries and locks of all key spaces.
pub(crate) struct Entries {
    store: Arc<dyn Store>,
    timeline: Timeline,
    pub(crate) ledger: Ledger,
    pub(crate) hub: Hub,
}

/// One write of a batch.
pub(crate) struct Put {
    pub(crate) name: Name,
    pub(crate) draft: Draft,
    pub(crate) ttl: Ttl,
}

impl Entries {
    pub(crate) fn new(store: Arc<dyn Store>, timeline: Timeline) -> Self {
        Self { store, timeline, ledger: Ledger::default(), hub: Hub::default() }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.timeline.now()
    }

    pub(crate) fn store_address(&self) -> &str {
        self.store.address()
    }

    /// The largest value, of those that the store can keep with what stands in front.
    pub(crate) fn largest(&self) -> usize {
        self.store.capabilities().largest_entry.saturating_sub(OVERHEAD)
    }

    pub(crate) fn most_names(&self) -> usize {
        self.store.capabilities().most_keys
    }

    pub(crate) fn can_compare(&self) -> bool {
        self.store.capabilities().compare == Compare::Atomic
    }

    pub(crate) fn can_snapshot(&self) -> bool {
        self.store.capabilities().batch == Batch::OneSnapshot
    }

    /// Whether the store answers at all.
    pub(crate) async fn probe(&self) -> Result<(), Refusal> {
        self.store.get_many(&["/"]).await.map(drop).map_err(Refusal::from)
    }

    pub(crate) async fn get(&self, space: &Space, name: &Name) -> Result<Option<Record>, Refusal> {
        let key = space.key(Kind::Entry, name);
        let found = self.read(&key, Kind::Entry).await?.live;
        if found.is_none() {
            self.ledger.forget(space.id(), &key);
        }
        Ok(found)
    }

    /// Answers in the order of the names.
    pub(crate) async fn get_many(
        &self,
        space: &Space,
        names: &[Name],
    ) -> Result<Vec<Option<Record>>, Refusal> {
        let keys: Vec<String> = names.iter().map(|name| space.key(Kind::Entry, name)).collect();
        let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = self.store.get_many(&asked).await?;
        let now = self.now();
        let live = |whole: Option<Bytes>| {
            whole.and_then(|whole| Record::read(whole, Kind::Entry)).filter(|r| now < r.end())
        };
        let found: Vec<Option<Record>> = found.into_iter().map(live).collect();
        for (key, _) in keys.iter().zip(&found).filter(|(_, found)| found.is_none()) {
            self.ledger.forget(space.id(), key);
        }
        Ok(found)
    }

    pub(crate) async fn put(
        self: &Arc<Self>,
        holder: &Holder,
        put: Put,
        condition: Condition,
    ) -> Result<Tag, Refusal> {
        let (entries, space, quota) = (Arc::clone(self), Arc::clone(&holder.space), holder.quota);
        to_its_end(async move {
            let key = space.key(Kind::Entry, &put.name);
            let size = put.draft.value().len() as u64;
            entries.checked(&space, quota, &[(&key, size)])?;
            let (name, tag) = (put.name, Tag::of(put.draft.value()));
            let end = entries.now().saturating_add(put.ttl.as_duration());
            let whole = put.draft.finish(Kind::Entry, space.id(), end);
            match condition {
                Condition::None => {
                    entries.store.set(&key, whole, put.ttl.as_duration()).await?;
                }
                _ => entries.swap(&key, condition, &whole, put.ttl).await?,
            }
            entries.ledger.note(space.id(), &key, size, end);
            entries.hub.tell(space.id(), &name, Some(tag));
            Ok(tag)
        })
        .await
    }

    /// In order, and not as one.
    pub(crate) async fn put_many(
        self: &Arc<Self>,
        holder: &Holder,
        puts: Vec<Put>,
    ) -> Result<(), Refusal> {
        let (entries, space, quota) = (Arc::clone(self), Arc::clone(&holder.space), holder.quota);
        to_its_end(async move {
            let keys: Vec<String> =
                puts.iter().map(|put| space.key(Kind::Entry, &put.name)).collect();
            let sizes: Vec<u64> = puts.iter().map(|put| put.draft.value().len() as u64).collect();
            let more: Vec<(&str, u64)> =
                keys.iter().map(String::as_str).zip(sizes.iter().copied()).collect();
            entries.checked(&space, quota, &more)?;
            let now = entries.now();
            let mut notes = Vec::with_capacity(puts.len());
            let mut writes = Vec::with_capacity(puts.len());
            for (put, key) in puts.into_iter().zip(&keys) {
                let (ttl, end) = (put.ttl.as_duration(), now.saturating_add(put.ttl.as_duration()));
                notes.push((put.name, Tag::of(put.draft.value()), end));
                let value = put.draft.finish(Kind::Entry, space.id(), end);
                writes.push(Write { key, value, ttl });
            }
            entries.store.set_many(&writes).await?;
            for ((name, tag, end), (key, size)) in notes.into_iter().zip(more) {
                entries.ledger.note(space.id(), key, size, end);
                entries.hub.tell(space.id(), &name, Some(tag));
            }
            Ok(())
        })
        .await
    }

    /// Whether there was something to remove.
    pub(crate) async fn delete(
        self: &Arc<Self>,
        holder: &Holder,
        name: Name,
        condition: Condition,
    ) -> Result<Deleted, Refusal> {
        let (entries, space) = (Arc::clone(self), Arc::clone(&holder.space));
        to_its_end(async move {
            let key = space.key(Kind::Entry, &name);
            let deleted = match condition {
                Condition::Matches(tag) => entries.delete_matching(&key, tag).await?,
                _ => entries.store.delete(&key).await?,
            };
            entries.ledger.forget(space.id(), &key);
            // Absent is told as well: a first attempt may have done it and not been heard.
            entries.hub.tell(space.id(), &name, None);
            Ok(deleted)
        })
        .await
    }

    /// Gives what is there another end.
    pub(crate) async fn prolong(
        self: &Arc<Self>,
        holder: &Holder,
        name: Name,
        ttl: Ttl,
    ) -> Result<Option<UnixMillis>, Refusal> {
        let (entries, space) = (Arc::clone(self), Arc::clone(&holder.space));
        to_its_end(async move {
            let key = space.key(Kind::Entry, &name);
            for _ in 0..ATTEMPTS {
                let Some(there) = entries.read(&key, Kind::Entry).await?.live else {
                    return Ok(None);
                };
                let end = entries.now().saturating_add(ttl.as_duration());
                let value = there.value();
                let whole = Draft::of(&value).finish(Kind::Entry, space.id(), end);
                let seen = Expected::Exactly(there.whole());
                let swapped = entries.store.compare_and_set(&key, seen, whole, ttl.as_duration());
                if swapped.await? == Swap::Done {
                    entries.ledger.note(space.id(), &key, value.len() as u64, end);
                    return Ok(Some(end));
                }
            }
            Err(Refusal::unavailable("the entry changes too often"))
        })
        .await
    }

    /// Takes the lock of a name, unless somebody has it.
    pub(crate) async fn lock(
        self: &Arc<Self>,
        holder: &Holder,
        name: Name,
        id: String,
        ttl: Ttl,
    ) -> Result<Swap, Refusal> {
        let (entries, space, quota) = (Arc::clone(self), Arc::clone(&holder.space), holder.quota);
        to_its_end(async move {
            let key = space.key(Kind::Lock, &name);
            entries.checked(&space, quota, &[(&key, id.len() as u64)])?;
            let end = entries.now().saturating_add(ttl.as_duration());
            let whole = Draft::of(id.as_bytes()).finish(Kind::Lock, space.id(), end);
            let there = entries.read(&key, Kind::Lock).await?;
            if there.live.is_some() {
                return Ok(Swap::Refused);
            }
            let seen = there.expected();
            let swap = entries.store.compare_and_set(&key, seen, whole, ttl.as_duration()).await?;
            if swap == Swap::Done {
                entries.ledger.note(space.id(), &key, id.len() as u64, end);
            }
            Ok(swap)
        })
        .await
    }

    /// Gives a lock back, if it is held by this id.
    pub(crate) async fn unlock(
        self: &Arc<Self>,
        holder: &Holder,
        name: Name,
        id: String,
    ) -> Result<Swap, Refusal> {
        let (entries, space) = (Arc::clone(self), Arc::clone(&holder.space));
        to_its_end(async move {
            let key = space.key(Kind::Lock, &name);
            let Some(there) = entries.read(&key, Kind::Lock).await?.live else {
                return Ok(Swap::Refused);
            };
            if !is_same(&there.value(), id.as_bytes()) {
                return Ok(Swap::Refused);
            }
            let swap = entries.store.compare_and_delete(&key, there.whole()).await?;
            if swap == Swap::Done {
                entries.ledger.forget(space.id(), &key);
            }
            Ok(swap)
        })
        .await
    }

    async fn swap(
        &self,
        key: &str,
        condition: Condition,
        whole: &Bytes,
        ttl: Ttl,
    ) -> Result<(), Refusal> {
        for _ in 0..ATTEMPTS {
            let there = self.read(key, Kind::Entry).await?;
            if !holds(condition, there.live.as_ref()) {
                return Err(Refusal::changed());
            }
            let seen = there.expected();
            let swapped = self.store.compare_and_set(key, seen, whole.clone(), ttl.as_duration());
            if swapped.await? == Swap::Done {
                return Ok(());
            }
        }
        Err(Refusal::changed())
    }

    async fn delete_matching(&self, key: &str, tag: Option<Tag>) -> Result<Deleted, Refusal> {
        for _ in 0..ATTEMPTS {
            let there = self.read(key, Kind::Entry).await?;
            let Some(live) = there.live.filter(|live| holds(Condition::Matches(tag), Some(live)))
            else {
                return Err(Refusal::changed());
            };
            if self.store.compare_and_delete(key, live.whole()).await? == Swap::Done {
                return Ok(Deleted::Removed);
            }
        }
        Err(Refusal::changed())
    }

    async fn read(&self, key: &str, kind: Kind) -> Result<Found, Refusal> {
        let whole = self.store.get_many(&[key]).await?.into_iter().next().flatten();
        let now = self.now();
        let live =
            whole.clone().and_then(|whole| Record::read(whole, kind)).filter(|r| now < r.end());
        Ok(Found { whole, live })
    }

    fn checked(&self, space: &Space, quota: Quota, more: &[(&str, u64)]) -> Result<(), Refusal> {
        if self.ledger.allows(space.id(), quota, more, self.now()) {
            return Ok(());
        }
        Err(Refusal::new(
            axum::http::StatusCode::INSUFFICIENT_STORAGE,
            "quota_exceeded",
            "the key space would hold more than its quota",
        ))
    }
}

/// What the store has, and what of it counts.
struct Found {
    whole: Option<Bytes>,
    live: Option<Record>,
}

impl Found {
    fn expected(&self) -> Expected<'_> {
        self.whole.as_deref().map_or(Expected::Absent, Expected::Exactly)
    }
}

fn holds(condition: Condition, there: Option<&Record>) -> bool {
    match (condition, there) {
        (Condition::None, _) | (Condition::Absent, None) => true,
        (Condition::Matches(Some(tag)), Some(there)) => Tag::of(&there.value()) == tag,
        _ => false,
    }
}

fn is_same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The tag of a value, without holding up others on this thread for long.
pub(crate) async fn tag_of(value: &Bytes) -> Result<Tag, Refusal> {
    if value.len() < LARGE {
        return Ok(Tag::of(value));
    }
    let value = value.clone();
    tokio::task::spawn_blocking(move || Tag::of(&value)).await.map_err(|_| Refusal::internal())
}

/// Runs a write to its end, even if the client hangs up: what is counted and told must be what was
/// done.
async fn to_its_end<T: Send + 'static>(
    write: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(write).await.unwrap_or_else(|_| Err(Refusal::internal()))
}
