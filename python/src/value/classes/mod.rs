//! Values that carry a class: enums, named tuples, dataclasses, attrs, msgspec structs, pydantic
//! models.
//!
//! Bytes carry the *name* of a class, `module:qualname`. A name is looked up in what the decorated
//! function names ([`Classes`]), never imported, and what it finds must be a class of one of the six
//! forms ([`Form`]) with the fields that the bytes list. An instance is put together from its state,
//! as `pickle` does it: `__init__` and `__post_init__` do not run a second time.

mod annotations;
mod member;
mod model;
mod named;
mod record;
mod reference;
mod shape;

pub(crate) use named::Classes;
pub(crate) use shape::{Form, Shape, field_names};
