//! NumPy arrays and scalars.
//!
//! An array is its data type, shape, order and data, in one copy out and one copy back: the stable
//! ABI of Python 3.10 has no buffer protocol, so out goes through `tobytes`, and back through a
//! `bytearray` (writable) or `bytes` (read-only) that the array then stands on without another copy.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyByteArray, PyBytes, PyList, PyString, PyTuple};

use cachekit::engine::codec::wire::Token;

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::ValueError;
use super::extension::Extension;
use super::kinds::{Lazy, NDARRAY};

static TO_DESCRIPTION: Lazy = Lazy::new("numpy.lib.format", "dtype_to_descr");
static FROM_DESCRIPTION: Lazy = Lazy::new("numpy.lib.format", "descr_to_dtype");
static FROM_BUFFER: Lazy = Lazy::new("numpy", "frombuffer");
static ZEROS: Lazy = Lazy::new("numpy", "zeros");
static TEXT: Lazy = Lazy::new("numpy", "str_");
static BYTES: Lazy = Lazy::new("numpy", "bytes_");

impl<'py> Encoder<'_, 'py> {
    /// Data type, shape, 0 for row order or 1 for column order, whether it may be written to, data.
    pub(crate) fn array(&mut self, array: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let py = self.py;
        let description = described(array)?;
        let flags = array.getattr(intern!(py, "flags"))?;
        let rows: bool = flags.getattr(intern!(py, "c_contiguous"))?.extract()?;
        let columns: bool = flags.getattr(intern!(py, "f_contiguous"))?.extract()?;
        let writable: bool = flags.getattr(intern!(py, "writeable"))?.extract()?;
        let by_column = columns && !rows;
        let order = if by_column { "F" } else { "C" };
        let clean = without_gaps(array, order)?;
        let data = clean.call_method1(intern!(py, "tobytes"), (order,))?;
        let shape = array.getattr(intern!(py, "shape"))?;
        self.extension(Extension::Array, |encoder| {
            encoder.writer.array(5)?;
            encoder.value(&description)?;
            encoder.tuple(shape.cast::<PyTuple>().map_err(PyErr::from)?)?;
            encoder.writer.unsigned(u64::from(by_column));
            encoder.writer.bool(writable);
            Ok(encoder.writer.bytes(data.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes())?)
        })
    }

    /// Data type and data; for `str_` and `bytes_` nil and the value, whose length is their type.
    pub(crate) fn scalar(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let py = self.py;
        let class = value.get_type();
        if class.is(TEXT.get(py)?) {
            // NumPy's own `__str__` drops trailing NULs.
            let text = py.get_type::<PyString>().call_method1(intern!(py, "__str__"), (value,))?;
            return self.scalar_content(&py.None().into_bound(py), &text);
        }
        if class.is(BYTES.get(py)?) {
            let bytes = py.get_type::<PyBytes>().call1((value,))?;
            return self.scalar_content(&py.None().into_bound(py), &bytes);
        }
        let description = described(value)?;
        let clean = without_gaps(value, "C")?;
        let data = clean.call_method0(intern!(py, "tobytes"))?;
        self.scalar_content(&description, &data)
    }

    fn scalar_content(
        &mut self,
        description: &Bound<'py, PyAny>,
        data: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        self.extension(Extension::Scalar, |encoder| {
            encoder.writer.array(2)?;
            encoder.value(description)?;
            encoder.value(data)
        })
    }
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn ndarray(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("NumPy array");
        self.array_of(5)?;
        let (dtype, size) = self.dtype()?;
        let dimensions = self.array()?;
        let shape = self.tuple(dimensions)?;
        let sides = shape.extract::<Vec<usize>>().map_err(|_| invalid())?;
        let order = match self.reader.token()? {
            Token::Signed(0) => "C",
            Token::Signed(1) => "F",
            _ => return Err(invalid()),
        };
        let Token::Bool(writable) = self.reader.token()? else { return Err(invalid()) };
        let Token::Bytes(data) = self.reader.token()? else { return Err(invalid()) };
        let bytes = sides.iter().try_fold(size, |bytes, side| bytes.checked_mul(*side));
        if bytes != Some(data.len()) {
            return Err(invalid());
        }
        let arguments = [("shape", shape.as_any()), ("dtype", &dtype)].into_py_dict(self.py)?;
        arguments.set_item("order", order)?;
        match writable {
            true => arguments.set_item("buffer", PyByteArray::new(self.py, data))?,
            false => arguments.set_item("buffer", PyBytes::new(self.py, data))?,
        }
        Ok(NDARRAY.get(self.py)?.call((), Some(&arguments))?)
    }

    pub(crate) fn scalar(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("NumPy scalar");
        self.array_of(2)?;
        let description = self.value()?;
        let token = self.reader.token()?;
        if description.is_none() {
            let class = match token {
                Token::Text(_) | Token::Extension(..) => TEXT.get(self.py)?,
                Token::Bytes(_) => BYTES.get(self.py)?,
                _ => return Err(invalid()),
            };
            let value = self.built(token)?;
            return match value.is_exact_instance_of::<PyString>()
                || value.is_exact_instance_of::<PyBytes>()
            {
                true => Ok(class.call1((value,))?),
                false => Err(invalid()),
            };
        }
        let (dtype, size) = data_type(&description)?;
        match token {
            Token::Bytes(data) if data.len() == size => {
                let data = PyByteArray::new(self.py, data);
                Ok(FROM_BUFFER.get(self.py)?.call1((data, dtype))?.get_item(0)?)
            }
            _ => Err(invalid()),
        }
    }

    fn dtype(&mut self) -> Result<(Bound<'py, PyAny>, usize), ValueError> {
        let description = self.value()?;
        data_type(&description)
    }
}

/// An array, or a scalar, whose gaps between fields hold nothing: what NumPy leaves there is whatever
/// the memory held before, and it would be stored.
fn without_gaps<'py>(value: &Bound<'py, PyAny>, order: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let dtype = value.getattr(intern!(py, "dtype"))?;
    if !has_gaps(&dtype)? {
        return Ok(value.clone());
    }
    let shape = value.getattr(intern!(py, "shape"))?;
    let clean = ZEROS.get(py)?.call1((shape, &dtype, order))?;
    copy_fields(value, &clean, &dtype)?;
    Ok(clean)
}

fn has_gaps(dtype: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = dtype.py();
    let base = dtype.getattr(intern!(py, "base"))?;
    let names = base.getattr(intern!(py, "names"))?;
    if names.is_none() {
        return Ok(false);
    }
    let mut filled = 0_usize;
    for name in names.try_iter()? {
        let field = base.get_item(name?)?;
        if has_gaps(&field)? {
            return Ok(true);
        }
        filled += field.getattr(intern!(py, "itemsize"))?.extract::<usize>()?;
    }
    Ok(filled != base.getattr(intern!(py, "itemsize"))?.extract::<usize>()?)
}

/// Field by field: whole records would bring their gaps along.
fn copy_fields(
    from: &Bound<'_, PyAny>,
    to: &Bound<'_, PyAny>,
    dtype: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = from.py();
    let base = dtype.getattr(intern!(py, "base"))?;
    for name in base.getattr(intern!(py, "names"))?.try_iter()? {
        let name = name?;
        let (field, source) = (base.get_item(&name)?, from.get_item(&name)?);
        if has_gaps(&field)? {
            copy_fields(&source, &to.get_item(&name)?, &field)?;
        } else {
            to.set_item(&name, source)?;
        }
    }
    Ok(())
}

/// The description of the data type of an array or scalar, checked to give that type back.
fn described<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, ValueError> {
    let py = value.py();
    let dtype = value.getattr(intern!(py, "dtype"))?;
    if dtype.getattr(intern!(py, "hasobject"))?.extract()? {
        return Err(ValueError::lossy(value, "its data type holds Python objects"));
    }
    if dtype.getattr(intern!(py, "itemsize"))?.extract::<usize>()? == 0 {
        return Err(ValueError::lossy(value, "its data type has no size"));
    }
    if !dtype.getattr(intern!(py, "metadata"))?.is_none() {
        return Err(ValueError::lossy(value, "its data type carries metadata"));
    }
    let description = TO_DESCRIPTION.get(py)?.call1((&dtype,))?;
    let again = FROM_DESCRIPTION.get(py)?.call1((&description,))?;
    let class = intern!(py, "type");
    if again.eq(&dtype)? && again.getattr(class)?.is(&dtype.getattr(class)?) {
        return Ok(description);
    }
    Err(ValueError::lossy(value, "its data type is not one of NumPy's own"))
}

/// The data type and its size in bytes. Never one with objects, whose data would be addresses.
fn data_type<'py>(
    description: &Bound<'py, PyAny>,
) -> Result<(Bound<'py, PyAny>, usize), ValueError> {
    let py = description.py();
    let invalid = || ValueError::invalid("NumPy data type");
    if !description.is_exact_instance_of::<PyString>()
        && !description.is_exact_instance_of::<PyList>()
    {
        return Err(invalid());
    }
    let dtype = FROM_DESCRIPTION.get(py)?.call1((description,))?;
    let size: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    if dtype.getattr(intern!(py, "hasobject"))?.extract()? || size == 0 {
        return Err(invalid());
    }
    Ok((dtype, size))
}
