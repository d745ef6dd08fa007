//! One call of a cached function: first level, flight, body.

use cachekit_engine::codec::Codec;
use cachekit_engine::{Caller, Intent, Operation, SharedError, Ticket};

use super::Tenancy;
use super::returned::Shape;
use super::site::{Bound, Source, Target};
use crate::Error;
use crate::lookup::{self, Found, Missed, Named, Probed, WriteKey, Written};

/// A call, after the first level was asked.
pub struct Begun<R, V, C> {
    function: &'static str,
    shape: Shape<R, V>,
    step: Step<R, C>,
}

enum Step<R, C> {
    /// There is a result already.
    Done(R),
    /// The function runs, and nothing is cached: the reason is in the log.
    Uncached,
    /// Boxed, so that a hit moves no more than its result.
    Pending(Box<Pending<C>>),
}

struct Pending<C> {
    operation: Operation,
    codec: C,
    missed: Missed,
}

/// What is left to do about a call.
enum Next<R> {
    Done(R),
    Uncached,
    Compute(Box<Ticket>),
}

/// Names the entry, and asks the first level.
pub fn begin<S, R, V>(
    target: &Target<S>,
    tenant: Tenancy<'_>,
    key: impl FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>,
    shape: Shape<R, V>,
) -> Begun<R, V, S::Codec>
where
    S: Source,
    S::Codec: Codec<V> + Clone,
{
    let probed = target.bind().and_then(|Bound { operation, cache }| {
        let tenant = tenant.resolve()?.or(cache.tenant());
        Ok(match lookup::probe(&operation, cache.codec(), tenant, key)? {
            Probed::Hit(value) => Step::Done((shape.join)(value)),
            Probed::Miss(missed) => Step::Pending(Box::new(Pending {
                operation: operation.clone(),
                codec: cache.codec().clone(),
                missed: *missed,
            })),
        })
    });
    Begun::new(target.function(), shape, probed)
}

/// As [`begin`], for a call that computes whatever is cached.
pub fn begin_refresh<S, R, V>(
    target: &Target<S>,
    tenant: Tenancy<'_>,
    key: impl FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>,
    shape: Shape<R, V>,
) -> Begun<R, V, S::Codec>
where
    S: Source,
    S::Codec: Codec<V> + Clone,
{
    let step = target.bind().and_then(|bound| {
        let missed = Missed { named: name(&bound, tenant, key)?, intent: Intent::Refresh };
        let (operation, codec) = (bound.operation.clone(), bound.cache.codec().clone());
        Ok(Step::Pending(Box::new(Pending { operation, codec, missed })))
    });
    Begun::new(target.function(), shape, step)
}

/// The call's name, without asking the first level.
pub(super) fn name<C>(
    bound: &Bound<'_, C>,
    tenant: Tenancy<'_>,
    key: impl WriteKey,
) -> Result<Named, Error> {
    Named::new(tenant.resolve()?.or(bound.cache.tenant()), key)
}

impl<R, V, C> Begun<R, V, C> {
    fn new(function: &'static str, shape: Shape<R, V>, step: Result<Step<R, C>, Error>) -> Self {
        let step = step.unwrap_or_else(|error| match shape.refuse(function, error) {
            Some(result) => Step::Done(result),
            None => Step::Uncached,
        });
        Self { function, shape, step }
    }
}

impl<R, V, C: Codec<V>> Begun<R, V, C> {
    /// The result: cached, computed by somebody else meanwhile, or computed by `compute`.
    pub async fn or_compute<F, Fut>(self, compute: F) -> R
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = R>,
    {
        let Self { function, shape, step } = self;
        let pending = match step {
            Step::Done(result) => return result,
            Step::Uncached => return compute().await,
            Step::Pending(pending) => pending,
        };
        let Pending { operation, codec, missed: Missed { named, intent } } = *pending;
        let caller = Caller::task(&[]);
        let found = lookup::enter(&operation, &codec, &named, intent, caller).await;
        let ticket = match next(function, &shape, found) {
            Next::Done(result) => return result,
            Next::Uncached => return compute().await,
            Next::Compute(ticket) => ticket,
        };
        let result = ticket.scope(compute()).await;
        match settle(function, &shape, &operation, &codec, ticket, result) {
            Settled::Done(result) => result,
            Settled::Keep { ticket, written, result } => {
                lookup::keep(ticket, written).await;
                result
            }
        }
    }

    /// As [`or_compute`](Self::or_compute), on this thread. `compute` runs outside of any runtime.
    pub fn or_compute_blocking(self, compute: impl FnOnce() -> R) -> R {
        let Self { function, shape, step } = self;
        match step {
            Step::Done(result) => result,
            Step::Uncached => compute(),
            Step::Pending(pending) => compute_blocking(function, &shape, *pending, compute),
        }
    }
}

/// Out of line: a hit needs none of it.
#[cold]
fn compute_blocking<R, V, C: Codec<V>>(
    function: &'static str,
    shape: &Shape<R, V>,
    pending: Pending<C>,
    compute: impl FnOnce() -> R,
) -> R {
    let Pending { operation, codec, missed: Missed { named, intent } } = pending;
    let entering = lookup::enter(&operation, &codec, &named, intent, Caller::blocking());
    let found = lookup::block_on(entering);
    let ticket = match next(function, shape, found) {
        Next::Done(result) => return result,
        Next::Uncached => return compute(),
        Next::Compute(ticket) => ticket,
    };
    let result = lookup::run_in_flight(&ticket, compute);
    match settle(function, shape, &operation, &codec, ticket, result) {
        Settled::Done(result) => result,
        Settled::Keep { ticket, written, result } => {
            lookup::block_on(lookup::keep(ticket, written));
            result
        }
    }
}

fn next<R, V>(function: &str, shape: &Shape<R, V>, found: Result<Found<V>, Error>) -> Next<R> {
    match found {
        Ok(Found::Value(value)) => Next::Done((shape.join)(value)),
        Ok(Found::Compute(ticket)) => Next::Compute(ticket),
        Ok(Found::Failed(error)) => receive(shape, &error),
        Err(error) => match shape.refuse(function, error) {
            Some(result) => Next::Done(result),
            None => Next::Uncached,
        },
    }
}

fn receive<R, V>(shape: &Shape<R, V>, error: &SharedError) -> Next<R> {
    let received = shape.sharing.and_then(|sharing| (sharing.receive)(error));
    received.map_or(Next::Uncached, Next::Done)
}

enum Settled<R> {
    Done(R),
    Keep { ticket: Box<Ticket>, written: Written, result: R },
}

/// What becomes of a computed result. A value that cannot be written is refused aloud where the
/// function can return an error, and in the log where it cannot.
fn settle<R, V, C: Codec<V>>(
    function: &str,
    shape: &Shape<R, V>,
    operation: &Operation,
    codec: &C,
    ticket: Box<Ticket>,
    result: R,
) -> Settled<R> {
    let value = match (shape.split)(result) {
        Ok(value) => value,
        Err(failed) => {
            let shared = shape.sharing.and_then(|sharing| (sharing.share)(&failed));
            if let Some(shared) = shared {
                ticket.fail(shared);
            }
            return Settled::Done(failed);
        }
    };
    match Written::new(operation, codec, &value) {
        Ok(written) => Settled::Keep { ticket, written, result: (shape.join)(value) },
        Err(error) => {
            let refused = shape.refuse(function, error);
            Settled::Done(refused.unwrap_or_else(|| (shape.join)(value)))
        }
    }
}
