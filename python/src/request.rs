//! What a call asks for: its arguments in canonical bytes, and on whose behalf.

use pyo3::pybacked::PyBackedStr;

use crate::buffer::Buffer;
use crate::engine::Call;

/// One call's name, as the engine wants it. It owns what it is made of, so that it can wait.
pub(crate) struct Request {
    pub(crate) arguments: Buffer,
    pub(crate) tenant: Option<PyBackedStr>,
}

impl Request {
    pub(crate) fn call(&self) -> Call<'_> {
        Call { tenant: self.tenant.as_deref(), arguments: &self.arguments }
    }
}
