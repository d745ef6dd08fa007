//! Finding a value: in the first level, then in the store, together with the barriers that it is
//! held against.

use std::sync::Arc;

use bytes::Bytes;
use cachekit_store::Store;
use smallvec::SmallVec;

use crate::barrier::{BarrierValue, Snapshot, View};
use crate::changes::{Group, Groups};
use crate::health::{heard, short_answer};
use crate::inspect::Inspected;
use crate::l1::Slot;
use crate::operation_state::{OperationState, Target};
use crate::protect::Address;
use crate::settle::Settled;
use crate::sighting::{Look, Observed, Place, Seen};
use crate::standing::Standing;
use crate::stats::count;
use crate::{Error, Hit, changes, first_level, inspect, settle};

/// How often a look starts again because others rewrote the barriers under it.
const RESTARTS: usize = 4;

/// Looks at the store once: the entry under each of its addresses, and the barriers, in one round
/// trip.
pub(crate) async fn look(state: &OperationState, target: &Target) -> Result<Look, Error> {
    let looks = look_many(state, std::slice::from_ref(target)).await?;
    Ok(looks.into_iter().next().unwrap_or(Look::Blind))
}

/// The servable values of many targets, from the first level and one round trip.
pub(crate) async fn peek_many(
    state: &OperationState,
    targets: &[Target],
) -> Result<Vec<Option<Hit>>, Error> {
    let mut hits: Vec<_> = targets.iter().map(|t| first_level::serve(state, &t.digest)).collect();
    if hits.iter().any(Option::is_none) && state.cache.options.store.is_some() {
        let looks = look_many(state, targets).await?;
        for (hit, look) in hits.iter_mut().zip(looks) {
            if let (None, Look::Found(slot, _)) = (&hit, look) {
                *hit = Some(slot);
            }
        }
    }
    Ok(hits.into_iter().map(|hit| hit.map(Hit::peeked)).collect())
}

async fn look_many(state: &OperationState, targets: &[Target]) -> Result<Vec<Look>, Error> {
    let Some(store) = state.cache.options.store.as_deref() else {
        return Ok(targets.iter().map(|target| nowhere_else(state, target)).collect());
    };
    for _ in 0..RESTARTS {
        if let Some(looks) = look_once(state, store, targets).await? {
            return Ok(looks);
        }
    }
    Ok(targets.iter().map(|_| Look::Blind).collect())
}

/// Without a store there is nothing to look at: what this process knows is all there is.
fn nowhere_else(state: &OperationState, target: &Target) -> Look {
    let Snapshot { cache, operation, stamp } = state.barriers().known();
    let view = View {
        cache: cache.unwrap_or(BarrierValue::ZERO),
        operation: operation.unwrap_or(BarrierValue::ZERO),
        stamp,
    };
    Look::Missing(Seen {
        view: Some(view),
        generations: SmallVec::new(),
        places: target.addresses.iter().map(|a| Place::absent(a.clone())).collect(),
        sent: state.cache.timeline.boot(),
        barrier_groups: Groups::new(),
    })
}

/// One round trip. `None` when the barriers were rewritten by others under it.
async fn look_once(
    state: &OperationState,
    store: &dyn Store,
    targets: &[Target],
) -> Result<Option<Vec<Look>>, Error> {
    let blind = || Ok(Some(targets.iter().map(|_| Look::Blind).collect()));
    let barriers = state.barrier_addresses()?;
    changes::begin(&state.cache, store);
    let sent = state.cache.timeline.boot();
    let known = state.barriers().known();
    if !state.cache.process().breaker.admits(sent) {
        count(&state.counters.store_errors);
        return blind();
    }
    let entries = targets.iter().flat_map(|target| &target.addresses);
    let keys: Vec<&str> = barriers.iter().chain(entries).map(Address::key).collect();
    let answer = heard(state, store.get_many(&keys).await);
    let Ok(mut found) = answer else { return blind() };
    if found.len() != keys.len() {
        let _ = heard::<()>(state, Err(short_answer(store)));
        return blind();
    }
    let stored = found.split_off(barriers.len());
    let settled = match settle::recall(state, &found, &known) {
        Some(standing) => Ok(Settled::Stands(standing)),
        // Boxed: it is large, and most looks find what the last one found.
        None => Box::pin(settle::settle(state, store, &barriers, &found, &known)).await,
    };
    let (standing, entries_stand) = match settled {
        Ok(Settled::Stands(standing)) => (Some(standing), true),
        Ok(Settled::Rewritten(standing)) => (Some(standing), false),
        Ok(Settled::Foreign) => (None, false),
        Ok(Settled::Again) => return Ok(None),
        Err(_) => return blind(),
    };
    let watched = state.cache.process().changes.is_some();
    let barrier_groups: Groups = barriers.iter().filter(|_| watched).map(Group::of).collect();
    let mut stored = stored.into_iter();
    let mut looks = Vec::with_capacity(targets.len());
    for target in targets {
        let seen = Seen {
            view: standing.as_ref().map(|standing| standing.view),
            generations: generations(standing.as_ref(), target),
            places: SmallVec::new(),
            sent,
            barrier_groups: barrier_groups.clone(),
        };
        let stored: SmallVec<[Option<Bytes>; 1]> =
            stored.by_ref().take(target.addresses.len()).collect();
        looks.push(settle_entry(state, store, target, seen, stored, entries_stand).await?);
    }
    Ok(Some(looks))
}

/// Judges what was stored for one target, and takes a servable value into the first level.
async fn settle_entry(
    state: &OperationState,
    store: &dyn Store,
    target: &Target,
    mut seen: Seen,
    stored: SmallVec<[Option<Bytes>; 1]>,
    stands: bool,
) -> Result<Look, Error> {
    let mut newest: Option<Arc<Slot>> = None;
    for (index, (address, bytes)) in target.addresses.iter().zip(stored).enumerate() {
        let inspected = match &bytes {
            None => Inspected::Unservable,
            Some(bytes) => inspect::inspect(state, target, index, bytes, &seen),
        };
        let observed = match (inspected, bytes) {
            (_, None) => Observed::Absent,
            (Inspected::LeaveInPlace, _) => Observed::LeftInPlace,
            (Inspected::Tampered(refusal), Some(bytes)) => {
                Box::pin(inspect::tampered(state, store, address, bytes, refusal)).await?
            }
            (Inspected::Servable(slot), Some(bytes)) => {
                if newest.as_ref().is_none_or(|best| slot.created > best.created) {
                    newest = Some(slot);
                }
                Observed::Bytes(bytes)
            }
            (Inspected::Unservable, Some(bytes)) => Observed::Bytes(bytes),
        };
        seen.places.push(Place { address: address.clone(), observed });
    }
    match newest {
        Some(slot) if stands && first_level::hold(state, target.digest, &slot) => {
            Ok(Look::Found(slot, seen))
        }
        _ => Ok(Look::Missing(seen)),
    }
}

fn generations(standing: Option<&Standing>, target: &Target) -> SmallVec<[[u8; 8]; 1]> {
    standing.map_or_else(SmallVec::new, |standing| standing.generations(target.addresses.len()))
}
