//! One call, from its arguments to its value. Hot path: [`probe`]; cold path: [`enter`], [`keep`].

use std::time::Duration;

use cachekit_engine::codec::{Codec, SerializerId};
use cachekit_engine::{
    self as engine, Call, Caller, Encoded, Entered, Hit, Intent, Operation, SharedError, Ticket,
    Value,
};
use zeroize::Zeroizing;

use crate::{Error, buffers};

/// Writes a call's arguments; see `cachekit_engine::codec::arguments`.
pub(crate) trait WriteKey:
    FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>
{
}
impl<F: FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>> WriteKey for F {}

/// A call that outlives the borrow of its arguments. They are wiped with it.
pub(crate) struct Named {
    tenant: Option<Box<str>>,
    arguments: Zeroizing<Vec<u8>>,
}

impl Named {
    pub(crate) fn new(tenant: Option<&str>, key: impl WriteKey) -> Result<Self, Error> {
        let mut arguments = Zeroizing::new(Vec::new());
        key(&mut arguments).map_err(unnameable)?;
        Ok(Self { tenant: tenant.map(Into::into), arguments })
    }

    pub(crate) fn call(&self) -> Call<'_> {
        Call { tenant: self.tenant.as_deref(), arguments: &self.arguments }
    }
}

/// What the first level had.
pub(crate) enum Probed<V> {
    Hit(V),
    /// Boxed, so that a hit moves no more than its value.
    Miss(Box<Missed>),
}

/// A call that goes on to the store.
pub(crate) struct Missed {
    pub(crate) named: Named,
    pub(crate) intent: Intent,
}

/// What a call found.
pub(crate) enum Found<V> {
    Value(V),
    Compute(Box<Ticket>),
    Failed(SharedError),
}

/// The first level's answer, decoded.
pub(crate) fn probe<V, C: Codec<V>>(
    operation: &Operation,
    codec: &C,
    tenant: Option<&str>,
    key: impl WriteKey,
) -> Result<Probed<V>, Error> {
    buffers::with(|buffers| {
        key(&mut buffers.arguments).map_err(unnameable)?;
        let call = Call { tenant, arguments: &buffers.arguments };
        let Some(hit) = operation.probe(&call) else {
            return Ok(Probed::Miss(missed(&call, Intent::Get)));
        };
        if let Ok(value) = hit.open(&mut buffers.scratch)
            && let Ok(value) = decode(codec, value)
        {
            return Ok(Probed::Hit(value));
        }
        // Another type's, or another version's of this type: replaced, not served.
        Ok(Probed::Miss(missed(&call, Intent::Replace(hit))))
    })
}

#[cold]
fn missed(call: &Call<'_>, intent: Intent) -> Box<Missed> {
    let arguments = Zeroizing::new(call.arguments.to_vec());
    Box::new(Missed { named: Named { tenant: call.tenant.map(Into::into), arguments }, intent })
}

/// Finds a value, or the right to compute it.
pub(crate) async fn enter<V, C: Codec<V>>(
    operation: &Operation,
    codec: &C,
    named: &Named,
    mut intent: Intent,
    caller: Caller<'_>,
) -> Result<Found<V>, Error> {
    loop {
        match operation.enter(&named.call(), intent, caller).await? {
            Entered::Compute(ticket) => return Ok(Found::Compute(ticket.into())),
            Entered::Failed(error) => return Ok(Found::Failed(error)),
            Entered::Hit(hit) => match open(codec, &hit) {
                Ok(value) => return Ok(Found::Value(value)),
                // Asked for a replacement, the engine gives a ticket: the loop ends.
                Err(_) => intent = Intent::Replace(hit),
            },
        }
    }
}

/// A hit's value.
pub(crate) fn open<V, C: Codec<V>>(codec: &C, hit: &Hit) -> Result<V, Error> {
    buffers::with(|buffers| {
        let value = hit.open(&mut buffers.scratch)?;
        Ok(decode(codec, value)?)
    })
}

fn decode<V, C: Codec<V>>(codec: &C, value: Value<'_>) -> Result<V, cachekit_engine::codec::Error> {
    match value {
        Value::Body(bytes) => codec.decode(bytes),
        Value::None => codec.decode(nothing(codec.id())),
    }
}

/// How a codec writes "nothing": such values have a kind of their own in an entry, so that every
/// language reads its own `None`, whatever the serializer.
const fn nothing(id: SerializerId) -> &'static [u8] {
    match id {
        SerializerId::MSGPACK => &[0xC0],
        SerializerId::JSON => b"null",
        _ => &[],
    }
}

/// A value's bytes, wiped when they are dropped.
pub(crate) struct Written {
    bytes: Zeroizing<Vec<u8>>,
    id: SerializerId,
}

impl Written {
    pub(crate) fn new<V, C: Codec<V>>(
        operation: &Operation,
        codec: &C,
        value: &V,
    ) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(Vec::new());
        codec.encode(value, &mut bytes).inspect_err(|_| operation.unencodable())?;
        Ok(Self { bytes, id: codec.id() })
    }

    pub(crate) fn encoded(&self) -> Encoded<'_> {
        let nothing = nothing(self.id);
        if !nothing.is_empty() && *self.bytes == nothing {
            return Encoded::None;
        }
        Encoded::Body { bytes: &self.bytes, object: None }
    }
}

/// Writes a computed value under its ticket. A store that fails is the engine's to count.
pub(crate) async fn keep(ticket: Box<Ticket>, written: Written) {
    if let Err(error) = ticket.fill(written.encoded()).await {
        log::warn!("a computed value was not cached: {error}");
    }
}

/// Runs a synchronous computation as part of its flight: a call of the same name from inside it
/// computes, instead of waiting for itself.
pub(crate) fn run_in_flight<R>(ticket: &Ticket, compute: impl FnOnce() -> R) -> R {
    let mut running = std::pin::pin!(ticket.scope(async move { compute() }));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        // Ready at the first poll: nothing in it awaits.
        if let std::task::Poll::Ready(result) = running.as_mut().poll(&mut context) {
            return result;
        }
    }
}

/// Stores a value that the caller has.
pub(crate) async fn put(
    operation: &Operation,
    named: &Named,
    written: Written,
    ttl: Option<Duration>,
) -> Result<(), Error> {
    Ok(operation.put(&named.call(), written.encoded(), ttl).await?)
}

/// Drives a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    engine::block_on(future)
}

/// An argument that has no canonical encoding. The message names no value.
fn unnameable(error: cachekit_engine::codec::Error) -> Error {
    Error::argument(error.to_string())
}
