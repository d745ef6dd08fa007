//! The `TypeError` of a call that the function would refuse.
//!
//! Its text is the interpreter's, and differs between versions ("missing 1 required positional
//! argument: 'x'", since 3.13 "Did you mean 'y'?"). Instead of imitating it, a function of the same
//! name and signature, whose body does nothing, is called with the same arguments. The decorated
//! function itself is not: should a decorator below it accept more than its signature says, its
//! body would run uncached and unnoticed.

use std::ffi::CString;
use std::fmt::Write as _;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::signature::{Parameter, ParameterKind, Signature};

/// The exception that calling a function of `signature` raises.
#[cold]
pub(super) fn wrong_call(
    signature: &Signature,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyErr {
    let refused = stub(args.py(), signature).and_then(|stub| stub.call(args, kwargs));
    refused.err().unwrap_or_else(|| {
        PyTypeError::new_err(format!("{}() does not take these arguments", signature.function))
    })
}

fn stub<'py>(py: Python<'py>, signature: &Signature) -> PyResult<Bound<'py, PyAny>> {
    let source = CString::new(source(&signature.parameters))?;
    let names = PyDict::new(py);
    py.run(&source, Some(&names), None)?;
    let stub = names.as_any().get_item("stub")?;
    let qualified = signature.function.as_str();
    let name = qualified.rsplit('.').next().unwrap_or(qualified);
    stub.setattr(intern!(py, "__name__"), name)?;
    stub.setattr(intern!(py, "__qualname__"), qualified)?;
    Ok(stub)
}

/// Names come from a real signature, so they are identifiers.
fn source(parameters: &[Parameter]) -> String {
    let mut list = String::new();
    let mut previous = None;
    for parameter in parameters {
        let kind = parameter.kind;
        if previous == Some(ParameterKind::PositionalOnly) && kind != ParameterKind::PositionalOnly
        {
            list.push_str("/, ");
        }
        let after_star =
            matches!(previous, Some(ParameterKind::KeywordOnly | ParameterKind::VarPositional));
        list.push_str(match kind {
            ParameterKind::VarPositional => "*",
            ParameterKind::VarKeyword => "**",
            ParameterKind::KeywordOnly if !after_star => "*, ",
            _ => "",
        });
        let default = if parameter.default.is_some() { "=None" } else { "" };
        let _infallible = write!(list, "{}{default}, ", parameter.name);
        previous = Some(kind);
    }
    if previous == Some(ParameterKind::PositionalOnly) {
        list.push('/');
    }
    // A comma may follow anything but `**kwargs` and a bare star, which is never last.
    let list = list.trim_end_matches(", ");
    format!("def stub({list}): pass")
}
