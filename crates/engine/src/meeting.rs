//! When a barrier under a retiring or an unknown key was first met, by whichever process.
//!
//! It is left as it is for ten minutes, because a deployment may be on. A process that does not
//! live so long could never act; so the first one leaves a note in the store, and those that come
//! ten minutes later act on it. See `docs/decisions/0087-a-note-of-the-first-meeting.md`.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use cachekit_process::UnixMillis;
use cachekit_seal::{Compression, Content, Kind, NameFields, Purpose, Scratch};
use cachekit_store::{Expected, Store};

use crate::Error;
use crate::barrier::Barrier;
use crate::compare::compare_and_set;
use crate::health::heard;
use crate::operation_state::OperationState;
use crate::protect::Address;
use crate::settle::{FORBEARANCE, Scope};

/// The shortest life of a note: longer than what it measures.
const SHORTEST_LIFE: Duration = Duration::from_secs(3600);

/// Whether these bytes of a barrier were first met long enough ago, by any process. Leaves a note
/// where there is none. False as well while this process has asked a moment ago, and where the
/// store fails: that is counted, and the next look asks again.
pub(crate) async fn is_long_past(
    state: &OperationState,
    store: &dyn Store,
    (scope, barrier): (Scope, &Barrier),
    stored: &[u8],
) -> bool {
    let cache = &state.cache;
    if !barrier.may_ask_for_note(cache.timeline.boot()) {
        return false;
    }
    let Ok(Some(address)) = address(state, scope, stored) else { return false };
    let Ok(found) = heard(state, store.get_many(&[address.key()]).await) else { return false };
    let note = found.into_iter().next().flatten();
    let now = cache.timeline.now();
    match note.as_ref().map(|note| dates(state, now, &address, note)) {
        Some(Some((met, until))) if now <= until => now.since(met) >= FORBEARANCE,
        // Somebody else's, under a key that this process does not have: he counts for himself.
        Some(None) => false,
        None | Some(Some(_)) => {
            leave(state, store, now, &address, note.as_deref()).await;
            false
        }
    }
}

/// Where the note of just these bytes lives: an entry of the barrier's operation, whose arguments
/// are no encoding of a call.
fn address(state: &OperationState, scope: Scope, stored: &[u8]) -> Result<Option<Address>, Error> {
    let mut context = Context::new(&SHA256);
    context.update(b"cachekit/2 met");
    context.update(stored);
    let arguments = context.finish().as_ref().first_chunk::<32>().copied().unwrap_or_default();
    let (namespace, operation) = match scope {
        Scope::Cache => ("", ""),
        Scope::Operation => (state.options.namespace.as_str(), state.options.name.as_str()),
    };
    let cache = &state.cache;
    let fields = NameFields {
        purpose: Purpose::Entry,
        prefix: &cache.options.prefix,
        namespace,
        operation,
        version: "",
        schema: "",
        arguments: &arguments,
    };
    let addresses = cache.keys.addresses(cache.timeline.now(), &fields, None)?;
    Ok(addresses.into_iter().next())
}

/// When it was written and until when it counts; `None` if it does not open.
fn dates(
    state: &OperationState,
    now: UnixMillis,
    address: &Address,
    note: &Bytes,
) -> Option<(UnixMillis, UnixMillis)> {
    let mut scratch = Scratch::new();
    let limits = state.limits(Purpose::Entry);
    let (opened, _) = state.cache.keys.open(now, address, &limits, note, &mut scratch).ok()?;
    (opened.kind() == Kind::None).then(|| (opened.created(), opened.fresh_until()))
}

async fn leave(
    state: &OperationState,
    store: &dyn Store,
    now: UnixMillis,
    address: &Address,
    found: Option<&[u8]>,
) {
    let life = state.cache.options.max_ttl.max(SHORTEST_LIFE);
    let content = Content {
        kind: Kind::None,
        serializer: 0,
        compression: Compression::None,
        created: now,
        fresh_until: now.saturating_add(life),
        stale_window_ms: 0,
        generation: [0; 8],
        tags: &[],
        body: &[],
    };
    // No key that may seal: nobody writes anything, and fills say so.
    let Ok(note) = state.cache.keys.protect(now, address, &content) else { return };
    let expected = found.map_or(Expected::Absent, Expected::Exactly);
    let written = compare_and_set(store, address.key(), expected, note.into_bytes(), life).await;
    // Whoever was first; a failure is counted.
    let _ = heard(state, written);
}
