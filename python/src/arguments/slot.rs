//! A parameter that counts, made ready for encoding.

use cachekit::engine::codec::arguments::Writer;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use super::encoder::Encoder;
use super::hash_functions::HashFunctions;
use super::obstacle::Obstacle;
use super::signature::{ParameterKind, Signature};

/// A parameter that counts.
pub(super) struct Slot {
    /// Which parameter of the signature.
    pub(super) parameter: usize,
    pub(super) kind: ParameterKind,
    /// The parameter's name, encoded.
    pub(super) name: Box<[u8]>,
    pub(super) default: Default,
}

/// What is written for a parameter that the call does not give.
pub(super) enum Default {
    /// Only where every call gives it.
    Absent,
    /// The default cannot change: it is encoded once and for all.
    Encoded(Box<[u8]>),
    /// `object()`, which functions use to tell "not given" from every value. Nothing about it can
    /// change either, and the function knows it by identity.
    Sentinel(Box<[u8]>),
    /// The default may change between calls, as lists do, or cannot be encoded.
    EachTime,
}

impl Slot {
    /// The parameters that count, in the order in which a map is sorted.
    pub(super) fn all(
        signature: &Signature,
        ignore: &[String],
        py: Python<'_>,
    ) -> PyResult<Vec<Self>> {
        let counted = signature.parameters.iter().enumerate();
        let counted = counted.filter(|(_, parameter)| !ignore.contains(&parameter.name));
        let mut slots = counted
            .map(|(index, parameter)| {
                let mut name = Vec::new();
                Writer::new(&mut name).text(&parameter.name);
                let default = match &parameter.default {
                    Some(default) => Default::of(default.bind(py))?,
                    None => Default::Absent,
                };
                Ok(Self { parameter: index, kind: parameter.kind, name: name.into(), default })
            })
            .collect::<PyResult<Vec<_>>>()?;
        slots.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(slots)
    }
}

impl Default {
    fn of(default: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut encoded = Vec::new();
        let mut encoder = Encoder {
            writer: Writer::new(&mut encoded),
            owner: None,
            functions: HashFunctions::NONE,
        };
        if default.get_type().is(default.py().get_type::<PyAny>()) {
            let written = encoder.standard("sentinel", |encoder| {
                encoder.writer.none();
                Ok(())
            });
            return Ok(written.map_or(Self::EachTime, |()| Self::Sentinel(encoded.into())));
        }
        if !never_changes(default) {
            return Ok(Self::EachTime);
        }
        let written: Result<(), Obstacle> = encoder.value(default);
        Ok(written.map_or(Self::EachTime, |()| Self::Encoded(encoded.into())))
    }
}

fn never_changes(default: &Bound<'_, PyAny>) -> bool {
    default.is_none()
        || default.is_exact_instance_of::<PyBool>()
        || default.is_exact_instance_of::<PyInt>()
        || default.is_exact_instance_of::<PyFloat>()
        || default.is_exact_instance_of::<PyString>()
        || default.is_exact_instance_of::<PyBytes>()
}
