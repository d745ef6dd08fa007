//! How a Python call becomes canonical argument bytes (`docs/arguments.md`).
//!
//! [`Binder`] is made once per decorated function. Per call it finds out which argument belongs to
//! which parameter ([`signature`]) and writes them in the order of the encoding, into a buffer of
//! the caller's:
//!
//! - positional calls with plain arguments take the fast path: no allocation, no Python code;
//! - a call that the function itself would refuse is answered by a stub of the same signature, so
//!   that the `TypeError` is the interpreter's own ([`wrong_call`]);
//! - values are told apart by their exact type: [`encoder`] the plain ones, [`builtin`],
//!   [`standard`] and [`times`] those of the standard library, [`content`] arrays and frames,
//!   [`class`] and [`record`] the application's;
//! - what cannot be part of a key is refused with the way to it and the ways out ([`obstacle`]).

mod binder;
mod builtin;
mod class;
mod class_name;
mod content;
mod encoder;
mod hash_functions;
mod hook;
mod obstacle;
mod options;
mod record;
mod signature;
mod slot;
mod standard;
mod template;
mod times;
mod wrong_call;

pub(crate) use binder::Binder;
pub(crate) use content::digest_buffers;
pub(crate) use hash_functions::HashFunctions;
pub(crate) use hook::encode_arguments;
pub(crate) use options::{BinderOptions, KeyOption};
