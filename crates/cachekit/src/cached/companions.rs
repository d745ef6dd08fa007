//! `peek`, `invalidate`, `clear` of one cached function.

use cachekit_engine::codec::Codec;

use super::Tenancy;
use super::returned::Shape;
use super::run::name;
use super::site::{Source, Target};
use crate::Error;
use crate::lookup;

/// A request that is not sent yet.
#[must_use = "nothing happens before it is run"]
pub struct Deferred<F>(F);

impl<F: Future> Deferred<F> {
    /// Sends it from a task.
    pub async fn run(self) -> F::Output {
        self.0.await
    }

    /// Sends it from this thread.
    pub fn run_blocking(self) -> F::Output {
        lookup::block_on(self.0)
    }
}

/// A cached value, or its absence.
pub struct Peeked<R, V> {
    value: Option<V>,
    join: fn(V) -> R,
}

impl<R, V> Peeked<R, V> {
    /// The value alone.
    pub fn value(self) -> Option<V> {
        self.value
    }

    /// The value in the function's result type.
    pub fn whole(self) -> Option<R> {
        self.value.map(self.join)
    }
}

/// The cached value, never computing one.
pub fn peek<S, R, V>(
    target: &Target<S>,
    tenant: Tenancy<'_>,
    key: impl FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>,
    shape: Shape<R, V>,
) -> Deferred<impl Future<Output = Result<Peeked<R, V>, Error>>>
where
    S: Source,
    S::Codec: Codec<V> + Clone,
{
    let call = target.bind().and_then(|bound| {
        let named = name(&bound, tenant, key)?;
        Ok((bound.operation.clone(), bound.cache.codec().clone(), named))
    });
    Deferred(async move {
        let (operation, codec, named) = call?;
        let hit = operation.peek(&named.call()).await?;
        let value = hit.map(|hit| lookup::open(&codec, &hit)).transpose()?;
        Ok(Peeked { value, join: shape.join })
    })
}

/// Forgets one call's value.
pub fn invalidate<S: Source>(
    target: &Target<S>,
    tenant: Tenancy<'_>,
    key: impl FnOnce(&mut Vec<u8>) -> Result<(), cachekit_engine::codec::Error>,
) -> Deferred<impl Future<Output = Result<(), Error>>> {
    let call = target.bind().and_then(|bound| {
        let named = name(&bound, tenant, key)?;
        Ok((bound.operation.clone(), named))
    });
    Deferred(async move {
        let (operation, named) = call?;
        Ok(operation.invalidate(&named.call()).await?)
    })
}

/// Forgets all of the function's values.
pub fn clear<S: Source>(target: &Target<S>) -> Deferred<impl Future<Output = Result<(), Error>>> {
    let operation = target.bind().map(|bound| bound.operation.clone());
    Deferred(async move { Ok(operation?.clear().await?) })
}
