//! How a function's result is taken apart, chosen by its type.
//!
//! `Result<T, E>` caches its `Ok`; every other type is cached as it is. The choice is made by method
//! lookup on `&Returned<R>`: a trait implemented for `Returned<Result<T, E>>` is found before one for
//! `&Returned<R>`, which takes one more reference. So an alias of `Result` is known for what it is,
//! and whether `E` can be cloned, or made from a cache's error, is known without asking for it.

use std::marker::PhantomData;
use std::sync::Arc;

use cachekit_engine::SharedError;

use crate::Error;

/// Stands for a result of type `R`.
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Returned<R> {
    /// The one there is.
    pub const NEW: Self = Self(PhantomData);
}

/// How a result of type `R` is taken apart into a cached `V` and put together again.
pub struct Shape<R, V> {
    /// What is cached, or the result as it was.
    pub(crate) split: fn(R) -> Result<V, R>,
    pub(crate) join: fn(V) -> R,
    pub(crate) sharing: Option<Sharing<R>>,
    pub(crate) report: Option<fn(Error) -> R>,
}

impl<R, V> Clone for Shape<R, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, V> Copy for Shape<R, V> {}

/// How a failure reaches those who waited for it.
pub struct Sharing<R> {
    pub(crate) share: fn(&R) -> Option<SharedError>,
    pub(crate) receive: fn(&SharedError) -> Option<R>,
}

impl<R> Clone for Sharing<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Sharing<R> {}

impl<R, V> Shape<R, V> {
    /// With a way to hand a failure on.
    #[must_use]
    pub fn sharing(self, sharing: Option<Sharing<R>>) -> Self {
        Self { sharing, ..self }
    }

    /// With a way to return an error of the cache.
    #[must_use]
    pub fn reporting(self, report: Option<fn(Error) -> R>) -> Self {
        Self { report, ..self }
    }
}

/// `Result`: only `Ok` is cached.
pub trait Errors<T, E> {
    /// The shape.
    fn shape(&self) -> Shape<Result<T, E>, T>;
}

impl<T, E> Errors<T, E> for Returned<Result<T, E>> {
    fn shape(&self) -> Shape<Result<T, E>, T> {
        let split = |result: Result<T, E>| result.map_err(Err);
        Shape { split, join: Ok, sharing: None, report: None }
    }
}

/// Anything else: cached as it is, `None` too.
pub trait Plain<R> {
    /// The shape.
    fn shape(&self) -> Shape<R, R>;
}

impl<R> Plain<R> for &Returned<R> {
    fn shape(&self) -> Shape<R, R> {
        Shape { split: Ok, join: |value| value, sharing: None, report: None }
    }
}

/// The error can be cloned: it reaches everybody who waited.
pub trait Shares<R> {
    /// How.
    fn sharing(&self) -> Option<Sharing<R>>;
}

impl<T, E: Clone + Send + Sync + 'static> Shares<Result<T, E>> for Returned<Result<T, E>> {
    fn sharing(&self) -> Option<Sharing<Result<T, E>>> {
        Some(Sharing {
            share: |result| Some(Arc::new(result.as_ref().err()?.clone()) as SharedError),
            receive: |error| error.downcast_ref::<E>().cloned().map(Err),
        })
    }
}

/// It cannot: those who waited take their turns.
pub trait Turns<R> {
    /// Not at all.
    fn sharing(&self) -> Option<Sharing<R>>;
}

impl<R> Turns<R> for &Returned<R> {
    fn sharing(&self) -> Option<Sharing<R>> {
        None
    }
}

/// The error can be made from a cache's.
pub trait Reports<R> {
    /// How.
    fn reporting(&self) -> Option<fn(Error) -> R>;
}

impl<T, E: From<Error>> Reports<Result<T, E>> for Returned<Result<T, E>> {
    fn reporting(&self) -> Option<fn(Error) -> Result<T, E>> {
        Some(|error| Err(E::from(error)))
    }
}

/// It cannot: see `Shape::refuse`.
pub trait Silent<R> {
    /// Not at all.
    fn reporting(&self) -> Option<fn(Error) -> R>;
}

impl<R> Silent<R> for &Returned<R> {
    fn reporting(&self) -> Option<fn(Error) -> R> {
        None
    }
}

impl<R, V> Shape<R, V> {
    /// What the function returns when its call cannot be cached as it was told to be.
    ///
    /// An error, where the function returns `Result` with an error made from [`Error`]. Elsewhere a
    /// mistake of the program (no key, two functions of one name, no tenant) panics, as an index out
    /// of bounds does: to go on would mean to run without the protection that was asked for. What
    /// depends on the data of one call is logged, and the function runs uncached: `None`.
    pub(crate) fn refuse(&self, function: &str, error: Error) -> Option<R> {
        if let Some(report) = self.report {
            return Some(report(error));
        }
        match error {
            Error::Argument { .. } | Error::Serialization(_) | Error::Backend(_) => {
                log::error!("a call of `{function}` ran uncached: {error}");
                None
            }
            error => stop(function, &error),
        }
    }
}

#[cold]
#[expect(clippy::panic, reason = "a mistake of the program, in a function that returns no error")]
fn stop(function: &str, error: &Error) -> ! {
    panic!("`{function}` cannot be cached: {error}")
}
