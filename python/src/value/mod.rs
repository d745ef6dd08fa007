//! Python values to MessagePack and back: the body of `DefaultSerializer`.
//!
//! What a value looks like in bytes, type by type, is `docs/values.md`; this module is its only
//! implementation. Three promises shape it:
//!
//! - **Faithful or refused.** A value that comes back has the same type and compares equal. What
//!   cannot come back so is refused when it is written, with the path to the culprit, never changed.
//! - **Bytes never choose code.** Extension codes are looked up in a fixed table, classes among those
//!   that the decorated function names ([`ValueCodec`]). Nothing is imported because bytes ask for it.
//! - **Bounded.** The reader is [`cachekit::engine::codec::wire`]; depth, integers and patterns have limits
//!   ([`limits`]), duplicate keys and trailing bytes are refused.
//!
//! One value: [`encode`] and [`decode`] dispatch on the exact type or the token; each family of types
//! has one file that writes it and, below, reads it: [`numbers`], [`times`], [`texts`],
//! [`collections`], [`arrays`], [`frames`], [`classes`]. A dictionary is read by [`dicts`], with what a
//! thread remembers of those before: their [`keys`] and [`layouts`]. [`kinds`] tells which standard type
//! an object is without importing modules that the application did not.

mod arrays;
mod classes;
mod codec;
mod collections;
mod decode;
mod dicts;
mod encode;
mod error;
mod extension;
mod frames;
mod image;
mod immutable;
mod keys;
pub(crate) mod kinds;
mod layouts;
mod limits;
mod numbers;
mod texts;
mod times;

pub(crate) use classes::{Form, field_names};
pub(crate) use codec::ValueCodec;
pub(crate) use error::{Paths, Reason, ValueError, class_name};
pub(crate) use immutable::is_immutable;
