//! The barriers in the store: reading them along, keeping them alive, repairing them.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use cachekit_process::UnixMillis;
use cachekit_seal::{Compression, Content, Kind, NameFields, Purpose, Scratch};
use cachekit_store::{Error as StoreError, ErrorKind, Expected, Store, Swap};
use smallvec::SmallVec;

use crate::Error;
use crate::barrier::{Barrier, BarrierValue, Learned, Pair, Snapshot, View};
use crate::compare::compare_and_set;
use crate::health::heard;
use crate::inspect;
use crate::observe::Refused;
use crate::operation_state::OperationState;
use crate::protect::Address;

/// How long a barrier of an unknown or retiring key is left as it is: a deployment may be on.
const FORBEARANCE: Duration = Duration::from_secs(600);

/// Where an operation's two barriers live, under each naming candidate.
pub(crate) struct Addresses {
    cache: SmallVec<[Address; 1]>,
    operation: SmallVec<[Address; 1]>,
}

/// What reading the barriers came to.
pub(crate) enum Settled {
    /// They stand as read: entries that carry them are servable.
    Stands(View),
    /// At least one had to be written: no entry can carry it yet.
    Rewritten(View),
    /// They belong to keys that this process does not have: nothing is servable, or written.
    Foreign,
    /// Somebody else wrote them meanwhile: look again.
    Again,
}

enum One {
    Stands(BarrierValue),
    Rewritten(BarrierValue),
    Foreign,
    Again,
}

impl Addresses {
    pub(crate) fn of(state: &OperationState) -> Result<Self, Error> {
        let cache = addresses(state, "", "")?;
        let operation = addresses(state, &state.options.namespace, &state.options.name)?;
        Ok(Self { cache, operation })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Address> {
        self.cache.iter().chain(&self.operation)
    }

    pub(crate) fn len(&self) -> usize {
        self.cache.len() + self.operation.len()
    }

    /// What stands for the two in the generation of an entry under the candidate of this index.
    pub(crate) fn identities(&self, index: usize) -> (&[u8], &[u8]) {
        let pick = |list| identity_at(list, index);
        (pick(&self.cache), pick(&self.operation))
    }

    pub(crate) fn cache(&self) -> &[Address] {
        &self.cache
    }

    pub(crate) fn operation(&self) -> &[Address] {
        &self.operation
    }
}

fn identity_at(list: &SmallVec<[Address; 1]>, index: usize) -> &[u8] {
    list.get(index).or_else(|| list.first()).map_or(&[], Address::identity)
}

/// A barrier's addresses: of the whole cache where `operation` is empty.
fn addresses(
    state: &OperationState,
    namespace: &str,
    operation: &str,
) -> Result<SmallVec<[Address; 1]>, Error> {
    let nothing = digest(&SHA256, b"");
    let arguments = nothing.as_ref().first_chunk::<32>().copied().unwrap_or_default();
    let fields = NameFields {
        purpose: Purpose::Clear,
        prefix: &state.cache.options.prefix,
        namespace,
        operation,
        version: "",
        schema: "",
        arguments: &arguments,
    };
    state.cache.keys.addresses(state.cache.timeline.now(), &fields, None)
}

/// Takes note of the barriers that a read brought along, and mends them where they need it.
pub(crate) async fn settle(
    state: &OperationState,
    store: &dyn Store,
    addresses: &Addresses,
    mut found: Vec<Option<Bytes>>,
    known: &Snapshot,
) -> Result<Settled, StoreError> {
    let pair = state.barriers();
    let of_operation = found.split_off(addresses.cache.len().min(found.len()));
    let cache = Stored { state, store, barrier: pair.cache, addresses: &addresses.cache, found };
    let cache = cache.settle(known.cache).await?;
    let operation = Stored {
        state,
        store,
        barrier: pair.operation,
        addresses: &addresses.operation,
        found: of_operation,
    };
    let operation = operation.settle(known.operation).await?;
    Ok(match (cache, operation) {
        (One::Again, _) | (_, One::Again) => Settled::Again,
        (One::Foreign, _) | (_, One::Foreign) => Settled::Foreign,
        (One::Stands(cache), One::Stands(operation)) => {
            Settled::Stands(view(pair, cache, operation))
        }
        (
            One::Stands(cache) | One::Rewritten(cache),
            One::Stands(operation) | One::Rewritten(operation),
        ) => Settled::Rewritten(view(pair, cache, operation)),
    })
}

fn view(pair: Pair<'_>, cache: BarrierValue, operation: BarrierValue) -> View {
    View { cache, operation, stamp: pair.stamp_of(cache, operation) }
}

/// One barrier as a read found it.
struct Stored<'a> {
    state: &'a OperationState,
    store: &'a dyn Store,
    barrier: &'a Barrier,
    addresses: &'a [Address],
    found: Vec<Option<Bytes>>,
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
                    self.keep_alive(value, &readable).await?;
                    Ok(One::Stands(value))
                }
            },
            None if self.found.iter().all(Option::is_none) => self.rewrite().await,
            None => {
                let age = self.barrier.foreign_for(self.state.cache.timeline.boot());
                if age < FORBEARANCE { Ok(One::Foreign) } else { self.rewrite().await }
            }
        }
    }

    fn read(&self) -> Vec<Option<Readable>> {
        let pairs = self.addresses.iter().zip(&self.found);
        pairs.map(|(address, found)| open(self.state, address, found.as_deref()?)).collect()
    }

    /// Writes a value above all known, if nobody wrote meanwhile.
    async fn rewrite(&self) -> Result<One, StoreError> {
        let value = self.barrier.proposal(self.state.cache.timeline.now());
        for (address, found) in self.addresses.iter().zip(&self.found) {
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
    ) -> Result<(), StoreError> {
        let cache = &self.state.cache;
        let (now, boot) = (cache.timeline.now(), cache.timeline.boot());
        let pairs = self.addresses.iter().zip(&self.found).zip(readable);
        for ((address, found), readable) in pairs {
            let due = match readable {
                Some(readable) => {
                    let old = now.since(readable.created) >= cache.options.max_ttl;
                    let retired =
                        readable.retiring && self.barrier.retiring_for(boot) >= FORBEARANCE;
                    old || retired || readable.value != value
                }
                None => found.is_none(),
            };
            if due {
                let _whoever_was_first = self.swap(address, found.as_deref(), value).await?;
            }
        }
        Ok(())
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

/// Takes note of the highest value that is stored under any of a barrier's addresses.
pub(crate) fn learn_highest(
    state: &OperationState,
    barrier: &Barrier,
    addresses: &[Address],
    found: &[Option<Bytes>],
) {
    let stored = addresses.iter().zip(found);
    let values = stored.filter_map(|(address, found)| open(state, address, found.as_deref()?));
    if let Some(highest) = values.map(|readable| readable.value).max_by_key(|value| value.ms()) {
        barrier.learn(highest, None);
    }
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
