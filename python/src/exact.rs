//! Types told apart by identity.

use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;

/// The value as a `T`, if that is its very type and not one derived from it.
///
/// Where one type after another is tried, `cast_exact` is a tenth of the work: for each that it is not,
/// its error takes a reference to the type and gives it back, two calls on the stable ABI.
#[inline]
pub(crate) fn exactly<'a, 'py, T: PyTypeInfo>(
    value: &'a Bound<'py, PyAny>,
) -> Option<&'a Bound<'py, T>> {
    if value.is_exact_instance_of::<T>() { value.cast_exact().ok() } else { None }
}
