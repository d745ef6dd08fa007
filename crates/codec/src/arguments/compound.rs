//! Containers of serde's data model.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::scope::Scope;
use super::serializer::write;
use super::writer::Writer;
use crate::Error;

/// A container that serde is filling.
pub(super) struct Compound<'s, 'w> {
    pub(super) writer: &'s mut Writer<'w>,
    pub(super) scope: Scope,
    /// The map around it, if it is the content of an enum's variant.
    pub(super) variant: Option<Scope>,
}

impl Compound<'_, '_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.entry(&mut self.scope);
        write(self.writer, value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.item(name)?;
        write(self.writer, value)
    }

    fn close(self) {
        self.writer.end(self.scope);
        if let Some(variant) = self.variant {
            self.writer.end(variant);
        }
    }
}

macro_rules! items {
    ($($trait:ident::$method:ident),*) => {
        $(impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

items! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}
fields! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        write(self.writer, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}
