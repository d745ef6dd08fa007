//! Canonical bytes of anything that is `Serialize`.

use serde::{Serialize, Serializer};

use super::compound::Compound;
use super::scope::{Container, Scope};
use super::shape;
use super::writer::{Sign, TypeTag, Writer};
use crate::{Error, Reason};

/// Appends the canonical encoding of `value` to `out`; on an error `out` is as it was.
///
/// | Rust | is written as |
/// |---|---|
/// | integers of any width | integer: `5_u8` is `5_i64` is Python's `5` |
/// | `f32`, `f64` | float; `f32` is widened, which is exact |
/// | `char`, `str`, `String` | text |
/// | `None`, `()`, unit structs | none |
/// | `Some(x)` | `x`; `Some(None)` and the like get a mark, so that they stay apart from `None` |
/// | `Vec`, slices | list |
/// | tuples, arrays, tuple structs | tuple |
/// | maps, structs | map; a struct's keys are its field names, so it equals Python's dict |
/// | newtype structs | their content |
/// | a unit variant | text: its name |
/// | other variants | map from the variant's name to its content |
/// | [`Set`](super::Set), [`Bytes`](super::Bytes), [`Tagged`](super::Tagged) | as they say |
///
/// Values of one Rust type that differ have different encodings, as far as the type's `Serialize`
/// implementation tells them apart (`#[serde(skip)]` and `#[serde(untagged)]` may not). Values of
/// different Rust types may share one: a parameter has one type.
///
/// # Errors
/// [`Error::TooDeep`] beyond [`MAX_DEPTH`](crate::MAX_DEPTH); [`Error::Argument`] if a `Serialize`
/// implementation fails.
pub fn to_canonical<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    let written = write(&mut Writer::new(out), value);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

pub(super) fn write<T: Serialize + ?Sized>(
    writer: &mut Writer<'_>,
    value: &T,
) -> Result<(), Error> {
    value.serialize(Canonical { writer, sequence: Container::List })
}

pub(super) fn tagged<T: Serialize + ?Sized>(
    writer: &mut Writer<'_>,
    name: &str,
    content: &T,
) -> Result<(), Error> {
    let tagged = writer.begin_tagged(TypeTag::Standard(name))?;
    write(writer, content)?;
    writer.end_tagged(tagged);
    Ok(())
}

impl serde::ser::Error for Error {
    /// The message is dropped: it may quote an argument.
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self::Argument { reason: Reason::Refused }
    }
}

pub(super) struct Canonical<'s, 'w> {
    writer: &'s mut Writer<'w>,
    /// What a sequence is written as: a list, or inside [`Set`](super::Set) a set.
    sequence: Container,
}

impl<'s, 'w> Canonical<'s, 'w> {
    fn begin(self, container: Container) -> Result<Compound<'s, 'w>, Error> {
        let scope = self.writer.begin(container)?;
        Ok(Compound { writer: self.writer, scope, variant: None })
    }

    fn begin_variant(self, variant: &str, container: Container) -> Result<Compound<'s, 'w>, Error> {
        let outer = begin_variant(self.writer, variant)?;
        let scope = self.writer.begin(container)?;
        Ok(Compound { writer: self.writer, scope, variant: Some(outer) })
    }
}

/// Opens the map of one entry whose key is the variant's name.
fn begin_variant(writer: &mut Writer<'_>, variant: &str) -> Result<Scope, Error> {
    let scope = writer.begin(Container::Map)?;
    writer.text(variant);
    Ok(scope)
}

macro_rules! scalars {
    ($($method:ident($type:ty) => $write:ident as $wide:ty;)*) => {
        $(#[inline]
        fn $method(self, value: $type) -> Result<(), Error> {
            self.writer.$write(<$wide>::from(value));
            Ok(())
        })*
    };
}

impl<'s, 'w> Serializer for Canonical<'s, 'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'s, 'w>;
    type SerializeTuple = Compound<'s, 'w>;
    type SerializeTupleStruct = Compound<'s, 'w>;
    type SerializeTupleVariant = Compound<'s, 'w>;
    type SerializeMap = Compound<'s, 'w>;
    type SerializeStruct = Compound<'s, 'w>;
    type SerializeStructVariant = Compound<'s, 'w>;

    scalars! {
        serialize_bool(bool) => bool as bool;
        serialize_i8(i8) => signed as i64;
        serialize_i16(i16) => signed as i64;
        serialize_i32(i32) => signed as i64;
        serialize_i64(i64) => signed as i64;
        serialize_u8(u8) => unsigned as u64;
        serialize_u16(u16) => unsigned as u64;
        serialize_u32(u32) => unsigned as u64;
        serialize_u64(u64) => unsigned as u64;
        serialize_f32(f32) => float as f64;
        serialize_f64(f64) => float as f64;
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        let sign = if value < 0 { Sign::Negative } else { Sign::NotNegative };
        self.writer.integer(sign, &value.unsigned_abs().to_be_bytes());
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.writer.integer(Sign::NotNegative, &value.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.writer.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.writer.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.writer.bytes(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.writer.none();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        let start = self.writer.position();
        write(self.writer, value)?;
        self.writer.mark_present(start);
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let sequence = if name == shape::SET { Container::Set } else { Container::List };
        value.serialize(Canonical { writer: self.writer, sequence })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name == shape::TAGGED {
            return tagged(self.writer, variant, value);
        }
        let scope = begin_variant(self.writer, variant)?;
        write(self.writer, value)?;
        self.writer.end(scope);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        let container = self.sequence;
        self.begin(container)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        self.begin(Container::Tuple)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        self.begin(Container::Tuple)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.begin_variant(variant, Container::Tuple)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.begin(Container::Map)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        self.begin(Container::Map)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.begin_variant(variant, Container::Map)
    }
}
