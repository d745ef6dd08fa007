//! Which values a caller cannot change, so that the process may hold the very object.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyComplex, PyFloat, PyFrozenSet, PyInt, PyRange, PyString, PyTuple,
};

use super::kinds::{Kind, Lazy};
use crate::exact::exactly;

/// How many objects are looked at before a value counts as too large to tell.
const LOOKS: usize = 32;

static ENUM_META: Lazy = Lazy::new("enum", "EnumMeta");

/// Whether this object and everything in it are of types whose instances never change.
///
/// False for whatever it does not know, for a value of more than 32 parts, and for every subclass of
/// a known type but members of an `Enum`, which are the same object everywhere in the process.
pub(crate) fn is_immutable(value: &Bound<'_, PyAny>) -> bool {
    let mut looks = LOOKS;
    holds_still(value, &mut looks)
}

fn holds_still(value: &Bound<'_, PyAny>, looks: &mut usize) -> bool {
    let Some(left) = looks.checked_sub(1) else { return false };
    *looks = left;
    if is_plain(value) {
        true
    } else if let Some(tuple) = exactly::<PyTuple>(value) {
        tuple.iter_borrowed().all(|item| holds_still(&item, looks))
    } else if let Some(set) = exactly::<PyFrozenSet>(value) {
        set.iter().all(|item| holds_still(&item, looks))
    } else {
        is_standard(value).unwrap_or(false)
    }
}

#[inline]
fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_none()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBytes>()
        || value.is_exact_instance_of::<PyComplex>()
        || value.is_exact_instance_of::<PyRange>()
}

fn is_standard(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = value.get_type();
    let Some(kind) = Kind::of(&class)? else {
        return Ok(class.get_type().is(ENUM_META.get(value.py())?));
    };
    Ok(match kind {
        Kind::Date
        | Kind::TimeDelta
        | Kind::FixedZone
        | Kind::NamedZone
        | Kind::Decimal
        | Kind::Fraction
        | Kind::Uuid
        | Kind::Path(_)
        | Kind::Network(_)
        | Kind::Pattern => true,
        Kind::DateTime | Kind::Time => has_known_zone(value)?,
        Kind::Deque
        | Kind::OrderedDict
        | Kind::DefaultDict
        | Kind::Counter
        | Kind::Array
        | Kind::Scalar
        | Kind::Frame(_) => false,
    })
}

fn has_known_zone(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let zone = value.getattr("tzinfo")?;
    let known = || Kind::of(&zone.get_type());
    Ok(zone.is_none() || matches!(known()?, Some(Kind::FixedZone | Kind::NamedZone)))
}
