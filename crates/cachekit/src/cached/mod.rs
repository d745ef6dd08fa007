//! What `#[cached]` expands to calls of. Not an interface: it changes with the attribute.
//!
//! | file | what it answers |
//! |---|---|
//! | `site` | which function this is, and its operation in a cache |
//! | `tenancy` | on whose behalf |
//! | `returned` | how the function's result is taken apart: what is cached, what is shared |
//! | `run` | the call: first level, flight, body |
//! | `companions` | `peek`, `invalidate`, `clear` |

mod companions;
pub mod returned;
mod run;
mod site;
mod tenancy;

use cachekit_engine::codec::arguments::Call;
use serde::Serialize;

pub use companions::{Deferred, Peeked, clear, invalidate, peek};
pub use run::{Begun, begin, begin_refresh};
pub use site::{AsCache, Site, Target, default_cache, explicit};
pub use tenancy::{Tenancy, ToTenant, tenant};

/// Writes a call's arguments by their names.
///
/// # Errors
/// An argument has no canonical encoding.
pub fn arguments(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Call<'_>) -> Result<(), cachekit_engine::codec::Error>,
) -> Result<(), cachekit_engine::codec::Error> {
    let mut call = Call::new(out);
    write(&mut call)?;
    call.finish();
    Ok(())
}

/// Writes one argument.
///
/// # Errors
/// It has no canonical encoding.
pub fn argument<T: Serialize + ?Sized>(
    call: &mut Call<'_>,
    name: &str,
    value: &T,
) -> Result<(), cachekit_engine::codec::Error> {
    call.argument(name, value)
}

/// Writes the key that the application made in place of the arguments.
///
/// # Errors
/// The key has no canonical encoding.
pub fn keyed<K: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    key: &K,
) -> Result<(), cachekit_engine::codec::Error> {
    Call::keyed(out, key)
}
