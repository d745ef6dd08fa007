//! The barriers in the store: reading them along, keeping them alive, repairing them.

use std::time::Duration;

use bytes::Bytes;
use cachekit_process::UnixMillis;
use cachekit_seal::{Compression, Content, Kind, Purpose, Scratch};
use cachekit_store::{Error as StoreError, ErrorKind, Expected, Store, Swap};

use crate::barrier::{Barrier, BarrierValue, Learned, Pair, Snapshot, View};
use crate::barrier_addresses::BarrierAddresses;
use crate::compare::compare_and_set;
use crate::health::heard;
use crate::observe::Refused;
use crate::operation_state::OperationState;
use crate::protect::Address;
use crate::standing::Standing;
use crate::{inspect, meeting};

/// How long a barrier of an unknown or retiring key is left as it is: a deployment may be on.
pub(crate) const FORBEARANCE: Duration = Duration::from_secs(600);

/// Which barrier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One operation's.
    Operation,
    /// The whole cache's.
    Cache,
}

/// What reading the barriers came to.
pub(crate) enum Settled {
    /// They stand as read: entries that carry them are servable.
    Stands(Standing),
    /// At least one had to be written: no entry can carry it yet.
    Rewritten(Standing),
    /// They belong to keys that this process does not have: nothing is servable, or written.
    Foreign,
    /// Somebody else wrote them meanwhile: look again.
    Again,
}

/// The condition of a barrier that stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// Readable under every address, and good for longer.
    Sound,
    /// Mended, or to be mended, under some address.
    Mended,
}

enum One {
    Stands(BarrierValue, Condition),
    Rewritten(BarrierValue),
    Foreign,
    Again,
}

/// What the same bytes came to a moment ago.
pub(crate) fn recall(
    state: &OperationState,
    found: &[Option<Bytes>],
    known: &Snapshot,
) -> Option<Standing> {
    let now = state.cache.timeline.now();
    state.last_look().recall(found, known, state.barriers().stamp(), now)
}

/// Takes note of the barriers that a read brought along, and mends them where they need it.
pub(crate) async fn settle(
    state: &OperationState,
    store: &dyn Store,
    addresses: &BarrierAddresses,
    found: &[Option<Bytes>],
    known: &Snapshot,
) -> Result<Settled, StoreError> {
    let pair = state.barriers();
    let now = state.cache.timeline.now();
    state.last_look().forget();
    let (cache, operation) = (addresses.cache(), addresses.operation());
    let (of_cache, of_operation) = found.split_at(cache.len().min(found.len()));
    let cache = Stored {
        state,
        store,
        scope: Scope::Cache,
        barrier: pair.cache,
        addresses: cache,
        found: of_cache,
    };
    let cache = cache.settle(known.cache).await?;
    let operation = Stored {
        state,
        store,
        scope: Scope::Operation,
        barrier: pair.operation,
        addresses: operation,
        found: of_operation,
    };
    let operation = operation.settle(known.operation).await?;
    let standing = |cache, operation| Standing::new(view(pair, cache, operation), addresses);
    Ok(match (cache, operation) {
        (One::Again, _) | (_, One::Again) => Settled::Again,
        (One::Foreign, _) | (_, One::Foreign) => Settled::Foreign,
        (One::Stands(cache, first), One::Stands(operation, second)) => {
            let standing = standing(cache, operation);
            if first == Condition::Sound && second == Condition::Sound {
                state.last_look().remember(found, &standing, now);
            }
            Settled::Stands(standing)
        }
        (
            One::Stands(cache, _) | One::Rewritten(cache),
            One::Stands(operation, _) | One::Rewritten(operation),
        ) => Settled::Rewritten(standing(cache, operation)),
    })
}

fn view(pair: Pair<'_>, cache: BarrierValue, operation: BarrierValue) -> View {
    View { cache, operation, stamp: pair.stamp_of(cache, operation) }
}

/// One barrier as a read found it.
struct Stored<'a> {
    state: &'a OperationState,
    store: &'a dyn Store,
    scope: Scope,
    barrier: &'a Barrier,
    addresses: &'a [Address],
    found: &'a [Option<Bytes>],
}

/// A barrier that opened.
struct Readable {
    value: BarrierValue,
    created: UnixMillis,
    retiring: bool,
}

impl Stored<'_> {
    async fn settle(&self, known: Option<BarrierValue>) -> Result<One, StoreError> {
        let readable: Vec<Option<Readable>> = self.read();
        let highest = readable.iter().flatten().map(|r| r.value).max_by_key(|value| value.ms());
        match highest {
            Some(value) => match self.barrier.learn(value, known) {
                Learned::Behind => self.rewrite().await,
                Learned::Current | Learned::Overtaken => {
                    Ok(One::Stands(value, self.keep_alive(value, &readable).await?))
                }
            },
            None if self.found.iter().all(Option::is_none) => self.rewrite().await,
            None => {
                let age = self.barrier.foreign_for(self.state.cache.timeline.boot());
                let stored = self.found.iter().flatten().next();
                if age >= FORBEARANCE || self.is_long_past(stored).await {
                    return self.rewrite().await;
                }
                Ok(One::Foreign)
            }
        }
    }

    fn read(&self) -> Vec<Option<Readable>> {
        let pairs = self.addresses.iter().zip(self.found);
        pairs.map(|(address, found)| open(self.state, address, found.as_deref()?)).collect()
    }

    /// Writes a value above all known, if nobody wrote meanwhile.
    async fn rewrite(&self) -> Result<One, StoreError> {
        let value = self.barrier.proposal(self.state.cache.timeline.now());
        for (address, found) in self.addresses.iter().zip(self.found) {
            if self.swap(address, found.as_deref(), value).await? == Swap::Refused {
                return Ok(One::Again);
            }
        }
        // Known now, unless an own `clear` has gone above it meanwhile: then it is overtaken, and
        // what is computed under it is served by nobody.
        self.barrier.learn(value, None);
        Ok(One::Rewritten(value))
    }

    /// Writes the same value anew where it is missing, half through its life, or sealed by a key
    /// on its way out. Whoever comes first does it; nobody needs to know who.
    async fn keep_alive(
        &self,
        value: BarrierValue,
        readable: &[Option<Readable>],
    ) -> Result<Condition, StoreError> {
        let cache = &self.state.cache;
        let (now, boot) = cache.timeline.read();
        let mut condition = Condition::Sound;
        let pairs = self.addresses.iter().zip(self.found).zip(readable);
        for ((address, found), readable) in pairs {
            let due = match readable {
                Some(readable) => {
                    let old = now.since(readable.created) >= cache.options.max_ttl;
                    let retired = readable.retiring
                        && (self.barrier.retiring_for(boot) >= FORBEARANCE
                            || self.is_long_past(found.as_ref()).await);
                    old || retired || readable.value != value
                }
                None => found.is_none(),
            };
            if due {
                let _whoever_was_first = self.swap(address, found.as_deref(), value).await?;
            }
            if due || readable.is_none() {
                condition = Condition::Mended;
            }
        }
        Ok(condition)
    }

    /// Whether others have met just these bytes long enough ago.
    async fn is_long_past(&self, stored: Option<&Bytes>) -> bool {
        let Some(stored) = stored else { return false };
        let barrier = (self.scope, self.barrier);
        meeting::is_long_past(self.state, self.store, barrier, stored).await
    }

    async fn swap(
        &self,
        address: &Address,
        found: Option<&[u8]>,
        value: BarrierValue,
    ) -> Result<Swap, StoreError> {
        swap(self.state, self.store, address, found, value).await
    }
}

fn open(state: &OperationState, address: &Address, stored: &[u8]) -> Option<Readable> {
    let cache = &state.cache;
    let mut scratch = Scratch::new();
    let limits = state.limits(Purpose::Clear);
    let now = cache.timeline.now();
    match cache.keys.open(now, address, &limits, stored, &mut scratch) {
        Ok((opened, _)) => Some(Readable {
            created: opened.created(),
            retiring: cache.keys.is_retiring(now, &opened),
            value: BarrierValue::from_body(opened.into_body().ok()?)?,
        }),
        Err(refusal) => {
            inspect::note(state, Refused::from(&refusal));
            None
        }
    }
}

/// The values that are stored under each of a barrier's addresses, as far as they can be read.
pub(crate) fn values(
    state: &OperationState,
    addresses: &[Address],
    found: &[Option<Bytes>],
) -> Vec<Option<BarrierValue>> {
    let value =
        |address, found: &Option<Bytes>| Some(open(state, address, found.as_deref()?)?.value);
    addresses.iter().zip(found).map(|(address, found)| value(address, found)).collect()
}

/// Writes a barrier by compare-and-set, sealed anew.
pub(crate) async fn swap(
    state: &OperationState,
    store: &dyn Store,
    address: &Address,
    found: Option<&[u8]>,
    value: BarrierValue,
) -> Result<Swap, StoreError> {
    let cache = &state.cache;
    let now = cache.timeline.now();
    let life = cache.options.max_ttl.saturating_mul(2);
    let content = Content {
        kind: Kind::Barrier,
        serializer: 0,
        compression: Compression::None,
        created: now,
        fresh_until: now.saturating_add(life),
        stale_window_ms: 0,
        generation: [0; 8],
        tags: &[],
        body: &value.0,
    };
    let sealed = cache.keys.protect(now, address, &content).map_err(|error| {
        StoreError::caused(ErrorKind::Misconfigured, store.address(), "no barrier sealed", error)
    })?;
    let expected = found.map_or(Expected::Absent, Expected::Exactly);
    let swap = compare_and_set(store, address.key(), expected, sealed.into_bytes(), life);
    heard(state, swap.await)
}
