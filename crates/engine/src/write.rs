//! From an encoded value to the store and the first level.
//!
//! A fill writes by compare-and-set against what its miss saw: whoever wrote, invalidated or
//! cleared in between wins. See `docs/format.md`, "Freshness".

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use cachekit_process::{BootMillis, UnixMillis};
use cachekit_seal::{Compression, Content, Kind};
use cachekit_store::{Expected, Store, Swap};

use crate::barrier::Stamp;
use crate::compare::compare_and_set;
use crate::health::{heard, unavailable};
use crate::l1::Slot;
use crate::observe::Filled;
use crate::operation_state::{OperationState, Target};
use crate::options::LARGEST_ENTRY;
use crate::protect::{Address, Protected, Reopen};
use crate::sighting::{Look, Observed, Seen};
use crate::{Call, Encoded, Error, first_level, read};

/// A computation longer than this is not stored: an invalidation is remembered for two hours, and
/// must outlive every computation that began before it.
const LONGEST_COMPUTATION: Duration = Duration::from_secs(3600);

/// A value, and when and for how long it was computed.
pub(crate) struct Computed<'a> {
    pub(crate) value: Encoded<'a>,
    pub(crate) created: UnixMillis,
    pub(crate) elapsed: Duration,
    pub(crate) ttl: Duration,
}

/// Writes what was computed after a miss. The slot is for those who wait, wherever it went.
pub(crate) async fn fill(
    state: &OperationState,
    target: &Target,
    seen: Option<Seen>,
    computed: Computed<'_>,
) -> Result<(Arc<Slot>, Filled), Error> {
    let entries = protect(state, target, seen.as_ref(), &computed)?;
    let slot = Arc::clone(&entries.slot);
    let filled = match &state.cache.options.store {
        _ if computed.elapsed > LONGEST_COMPUTATION => Filled::TooSlow,
        None => Filled::Held,
        Some(store) => swap_in(state, store.as_ref(), seen, &entries).await,
    };
    if matches!(filled, Filled::Stored | Filled::Held)
        && !first_level::hold(state, target.digest, &slot)
    {
        return Ok((slot, Filled::Overtaken));
    }
    Ok((slot, filled))
}

/// Writes a value that the caller has, over whatever is there.
pub(crate) async fn put(
    state: &OperationState,
    call: &Call<'_>,
    value: Encoded<'_>,
    ttl: Duration,
) -> Result<(), Error> {
    let target = state.target(call)?;
    let process = state.cache.process();
    let seen = match read::look(state, &target).await? {
        Look::Found(_, seen) | Look::Missing(seen) => seen,
        Look::Blind => return Err(unavailable(state).into()),
    };
    if seen.view.is_none() {
        return Err(Error::ForeignBarrier);
    }
    let created = process.marks.date(&target.digest, state.cache.timeline.now());
    let computed = Computed { value, created, elapsed: Duration::ZERO, ttl };
    let entries = protect(state, &target, Some(&seen), &computed)?;
    process.flights.detach(&target.digest);
    if let Some(store) = &state.cache.options.store {
        for (address, entry) in target.addresses.iter().zip(entries.each) {
            let written = store.set(address.key(), entry, entries.life).await;
            heard(state, written)?;
        }
    }
    if !first_level::hold(state, target.digest, &entries.slot) {
        process.l1.remove(&target.digest);
    }
    Ok(())
}

/// One value, as it goes to each of its addresses.
struct Entries {
    each: Vec<Bytes>,
    life: Duration,
    slot: Arc<Slot>,
}

fn protect(
    state: &OperationState,
    target: &Target,
    seen: Option<&Seen>,
    computed: &Computed<'_>,
) -> Result<Entries, Error> {
    let (kind, body, object) = match computed.value {
        Encoded::None => (Kind::None, &[][..], None),
        Encoded::Body { bytes, object } => (Kind::Value, bytes, object),
    };
    if body.len() > LARGEST_ENTRY {
        return Err(Error::TooLarge { length: body.len(), limit: LARGEST_ENTRY });
    }
    let now = state.cache.timeline.now();
    let fresh_until = now.saturating_add(computed.ttl);
    let serializer = if kind == Kind::None { 0 } else { state.options.serializer.0 };
    let mut each = Vec::with_capacity(target.addresses.len());
    let mut reopen = None;
    for (index, address) in target.addresses.iter().enumerate() {
        let content = Content {
            kind,
            serializer,
            compression: Compression::None,
            created: computed.created,
            fresh_until,
            stale_window_ms: 0,
            generation: seen.map_or([0; 8], |seen| seen.generation(index)),
            tags: &[],
            body,
        };
        let entry = target.keys.protect(now, address, &content)?;
        reopen.get_or_insert_with(|| entry.reopen(address));
        each.push(entry.into_bytes());
    }
    let slot = Arc::new(Slot {
        operation: state.id(),
        bytes: each.first().cloned().unwrap_or_default(),
        object: matches!(reopen, Some(Reopen::Plain)).then(|| object.cloned()).flatten(),
        reopen: reopen.unwrap_or(Reopen::Plain),
        created: computed.created,
        fresh_until,
        stamp: seen.map_or(Stamp::NEVER, Seen::stamp),
        marks: AtomicU64::new(0),
        looked: seen.map_or(BootMillis(0), |seen| seen.sent),
        groups: seen.map(|seen| seen.groups(target.addresses.first())).unwrap_or_default(),
    });
    let life = Duration::from_millis(fresh_until.0.saturating_sub(now.0).max(1));
    Ok(Entries { each, life, slot })
}

async fn swap_in(
    state: &OperationState,
    store: &dyn Store,
    seen: Option<Seen>,
    entries: &Entries,
) -> Filled {
    let Some(seen) = seen else { return Filled::StoreFailed };
    if seen.view.is_none() {
        return Filled::Unwritable;
    }
    let mut filled = Filled::Stored;
    for (place, entry) in seen.places.iter().zip(&entries.each) {
        let expected = match &place.observed {
            Observed::Absent => Expected::Absent,
            Observed::Bytes(bytes) => Expected::Exactly(bytes),
            Observed::LeftInPlace => {
                filled = Filled::Unwritable;
                continue;
            }
        };
        let key = place.address.key();
        let swap = compare_and_set(store, key, expected, entry.clone(), entries.life);
        match heard(state, swap.await) {
            Ok(Swap::Done) => {}
            Ok(Swap::Refused) => filled = Filled::Overtaken,
            Err(_) => return Filled::StoreFailed,
        }
    }
    filled
}

impl Protected {
    fn reopen(&self, address: &Address) -> Reopen {
        match (self, address.name()) {
            (Self::Sealed(sealed), Some(name)) => {
                Reopen::Sealed { session: sealed.session().clone(), name: *name }
            }
            _ => Reopen::Plain,
        }
    }
}
