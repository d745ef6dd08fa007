//! The arguments of a call as canonical bytes: one call, one encoding, in every language.
//!
//! `docs/arguments.md` is the specification. In short: every value starts with a tag, a printable
//! ASCII byte; scalars carry a length, containers end with a closing tag. The encoding is
//! *injective* (two values of different content or type never share one) and *self-delimiting* (no
//! encoding begins another). Maps and sets are sorted by the encoding of their entries. A call is
//! the map from its parameters' names to its arguments, whatever the spelling and order.
//!
//! ```
//! use cachekit_codec::arguments::Call;
//!
//! let mut bytes = Vec::new();
//! let mut call = Call::new(&mut bytes);
//! call.argument("user_id", &5_u64)?;
//! call.argument("locale", &"de")?;
//! call.finish();
//! assert_eq!(bytes, b"{s\x06locales\x02des\x07user_id+\x01\x05}");
//! # Ok::<(), cachekit_codec::Error>(())
//! ```
//!
//! There are two ways in: the [`Writer`], which writes value by value and which Python uses, and
//! [`to_canonical`], which takes anything that is `Serialize`. There is no decoder: an encoding is
//! only ever hashed.

mod call;
mod compound;
mod scope;
mod serializer;
mod shape;
mod tag;
mod writer;

pub use call::Call;
pub use scope::{Container, Scope};
pub use serializer::to_canonical;
pub use shape::{Bytes, Set, Tagged};
pub use writer::{Content, Sign, TypeTag, Writer};
