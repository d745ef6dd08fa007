//! Integers, complex numbers, decimals and fractions.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyComplex, PyInt, PyString};

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::kinds::{DECIMAL, FRACTION};
use super::limits;

impl<'py> Encoder<'_, 'py> {
    #[inline]
    pub(crate) fn integer(&mut self, value: &Bound<'py, PyInt>) -> Result<(), ValueError> {
        match value.extract::<i64>() {
            Ok(value) => {
                self.writer.signed(value);
                Ok(())
            }
            Err(_) => self.long_integer(value),
        }
    }

    /// Two's complement, big-endian, in the fewest bytes, where 64 bits are not enough.
    #[cold]
    fn long_integer(&mut self, value: &Bound<'py, PyInt>) -> Result<(), ValueError> {
        self.let_others_run = true;
        if let Ok(value) = value.extract::<u64>() {
            self.writer.unsigned(value);
            return Ok(());
        }
        let length = byte_length(value)?;
        if length > limits::INTEGER {
            let what = "the length of an integer in bytes";
            return Err(ValueError::new(Reason::TooLarge { what, limit: limits::INTEGER }));
        }
        let signed = [("signed", true)].into_py_dict(self.py)?;
        let bytes =
            value.call_method(intern!(self.py, "to_bytes"), (length, "big"), Some(&signed))?;
        let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?;
        Ok(self.writer.extension(Extension::Integer as i8, bytes.as_bytes())?)
    }

    /// Two floats, big-endian: real, imaginary.
    pub(crate) fn complex(&mut self, value: &Bound<'py, PyComplex>) -> Result<(), ValueError> {
        let mut payload = [0; 16];
        let (real, imaginary) = payload.split_at_mut(8);
        real.copy_from_slice(&value.real().to_be_bytes());
        imaginary.copy_from_slice(&value.imag().to_be_bytes());
        Ok(self.writer.extension(Extension::Complex as i8, &payload)?)
    }

    /// Its text, which is exact: exponent, signed zeros and the payload of a NaN included.
    pub(crate) fn decimal(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let text = value.str()?;
        Ok(self.writer.extension(Extension::Decimal as i8, text.to_str()?.as_bytes())?)
    }

    pub(crate) fn fraction(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.extension(Extension::Fraction, |encoder| {
            encoder.writer.array(2)?;
            for name in [intern!(encoder.py, "numerator"), intern!(encoder.py, "denominator")] {
                let part = value.getattr(name)?;
                fits_a_fraction(part.cast_exact::<PyInt>().map_err(PyErr::from)?)?;
                encoder.value(&part)?;
            }
            Ok(())
        })
    }
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn integer(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        if payload.len() > limits::INTEGER {
            return Err(ValueError::invalid("integer"));
        }
        let py = self.py;
        let signed = [("signed", true)].into_py_dict(py)?;
        let bytes = PyBytes::new(py, payload);
        let class = py.get_type::<PyInt>();
        Ok(class.call_method(intern!(py, "from_bytes"), (bytes, "big"), Some(&signed))?)
    }

    pub(crate) fn complex(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let ([real, imaginary], []) = payload.as_chunks::<8>() else {
            return Err(ValueError::invalid("complex number"));
        };
        let (real, imaginary) = (f64::from_be_bytes(*real), f64::from_be_bytes(*imaginary));
        Ok(PyComplex::from_doubles(self.py, real, imaginary).into_any())
    }

    pub(crate) fn decimal(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let text = super::decode::string(self.py, payload)?;
        Ok(DECIMAL.get(self.py)?.call1((text,))?)
    }

    pub(crate) fn fraction(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let (numerator, denominator) = (self.value()?, self.value()?);
        for part in [&numerator, &denominator] {
            match part.cast_exact::<PyInt>() {
                Ok(part) => fits_a_fraction(part)?,
                Err(_) => return Err(ValueError::invalid("fraction")),
            }
        }
        Ok(FRACTION.get(self.py)?.call1((numerator, denominator))?)
    }

    /// A string with lone surrogates, in UTF-8 that allows them.
    pub(crate) fn surrogates(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let bytes = PyBytes::new(self.py, payload);
        let text = PyString::from_encoded_object(&bytes, Some(c"utf-8"), Some(c"surrogatepass"));
        Ok(text.map_err(|_| ValueError::invalid("string"))?.into_any())
    }
}

fn fits_a_fraction(part: &Bound<'_, PyInt>) -> Result<(), ValueError> {
    if byte_length(part)? > limits::FRACTION {
        let what = "the length of a fraction's numerator or denominator in bytes";
        return Err(ValueError::new(Reason::TooLarge { what, limit: limits::FRACTION }));
    }
    Ok(())
}

/// Bytes of the two's complement: one bit more than the magnitude has.
fn byte_length(value: &Bound<'_, PyInt>) -> PyResult<usize> {
    let bits: usize = value.call_method0(intern!(value.py(), "bit_length"))?.extract()?;
    Ok(bits / 8 + 1)
}
