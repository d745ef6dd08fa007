//! Values to bytes, and calls to bytes. No I/O, no clocks, no keys.
//!
//! - [`Codec`] turns a cached value into the body of an entry and back:
//!   [`MessagePack`] and [`Json`] for anything that is `Serialize + DeserializeOwned`, or one of
//!   your own. Decoders are bounded ([`Limits`]) and refuse trailing bytes.
//! - [`wire`] is MessagePack token by token, for whoever builds values without serde (Python).
//! - [`arrow`] looks an Arrow IPC stream over before Arrow reads it.
//! - [`arguments`] turns the arguments of a call into the canonical bytes from which its name is
//!   made; `docs/arguments.md` specifies them for every language.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod arrow;
mod codec;
mod error;
mod id;
mod json;
mod limits;
mod msgpack;
mod neutral;
pub mod wire;

pub use codec::Codec;
pub use error::{Error, Reason};
pub use id::SerializerId;
pub use json::Json;
pub use limits::{Limits, MAX_DEPTH};
pub use msgpack::MessagePack;
