//! Forgetting: one name by a tombstone, an operation or a whole cache by a barrier.
//!
//! The order is always the same. First this process's own marks are raised, so that nothing older
//! is served or held from here on; then its flights are detached, so that nobody joins a
//! computation from before; then the store is told; and what the first level held is dropped.

use std::sync::Arc;
use std::time::Duration;

use cachekit_process::{UnixMillis, random};
use cachekit_seal::{Compression, Content, Kind};
use cachekit_store::Store;

use crate::barrier::Barrier;
use crate::cache_state::CacheState;
use crate::health::heard;
use crate::name::OperationId;
use crate::observe::Event;
use crate::operation_state::{OperationState, Target};
use crate::settle::Scope;
use crate::{Call, Error, clear};

/// How long an invalidation is remembered by the store: longer than any computation that may still
/// be written (an hour), clocks' differences included.
const TOMBSTONE_LIFE: Duration = Duration::from_secs(2 * 3600);

/// Forgets one call's value.
pub(crate) async fn one(state: &OperationState, call: &Call<'_>) -> Result<(), Error> {
    let target = state.target(call)?;
    let process = state.cache.process();
    let created = process.marks.date(&target.digest, state.cache.timeline.now());
    process.marks.saw_tombstone(&target.digest, created);
    process.flights.detach(&target.digest);
    process.l1.remove(&target.digest);
    if let Some(store) = &state.cache.options.store {
        bury(state, store.as_ref(), &target, created).await?;
    }
    state.event(&Event::Invalidated);
    Ok(())
}

/// Writes the tombstone, whatever is there.
async fn bury(
    state: &OperationState,
    store: &dyn Store,
    target: &Target,
    created: UnixMillis,
) -> Result<(), Error> {
    let now = state.cache.timeline.now();
    // Random: two invalidations are two different byte strings in a plain cache, too.
    let mut generation = [0; 8];
    random(&mut generation);
    let content = Content {
        kind: Kind::Tombstone,
        serializer: 0,
        compression: Compression::None,
        created,
        fresh_until: created.saturating_add(TOMBSTONE_LIFE),
        stale_window_ms: 0,
        generation,
        tags: &[],
        body: &[],
    };
    for address in &target.addresses {
        let sealed = target.keys.protect(now, address, &content)?.into_bytes();
        heard(state, store.set(address.key(), sealed, TOMBSTONE_LIFE).await)?;
    }
    Ok(())
}

/// Forgets all values of one operation.
pub(crate) async fn clear_operation(state: &OperationState) -> Result<(), Error> {
    clear_within(state, Scope::Operation).await
}

/// Forgets all values of the cache.
pub(crate) async fn clear_cache(cache: &Arc<CacheState>) -> Result<(), Error> {
    clear_within(&OperationState::of_whole_cache(cache), Scope::Cache).await
}

async fn clear_within(state: &OperationState, scope: Scope) -> Result<(), Error> {
    let process = state.cache.process();
    let barriers = state.barriers();
    let (barrier, operation): (&Barrier, Option<OperationId>) = match scope {
        Scope::Operation => (barriers.operation, Some(state.id())),
        Scope::Cache => (barriers.cache, None),
    };
    barrier.raise(state.cache.timeline.now());
    process.flights.detach_all(operation);
    process.l1.clear(operation);
    if let Some(store) = &state.cache.options.store {
        let addresses = state.barrier_addresses()?;
        let addresses = match scope {
            Scope::Operation => addresses.operation(),
            Scope::Cache => addresses.cache(),
        };
        clear::write(state, store.as_ref(), barrier, addresses).await?;
    }
    state.event(&Event::Cleared);
    Ok(())
}
