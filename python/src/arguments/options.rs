//! What a decorator may say about the key, checked when it decorates.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::hash_functions::HashFunctions;
use super::signature::Signature;
use crate::errors::misconfigured;

/// What counts to a call's key.
#[derive(Default)]
pub(crate) struct BinderOptions {
    /// Parameters that do not, by name.
    pub(crate) ignore: Vec<String>,
    /// What counts in place of the arguments.
    pub(crate) key: Option<KeyOption>,
    /// What identifies instances of other people's classes.
    pub(crate) hash_functions: HashFunctions,
}

/// The option `key=`.
pub(crate) enum KeyOption {
    /// `"user:{user_id}"`: the template and the values of its fields.
    Template(String),
    /// Called with the call's arguments; what it returns is the key.
    Callable(Py<PyAny>),
}

impl KeyOption {
    /// Reads the option as Python passes it.
    ///
    /// # Errors
    /// `ConfigurationError` if it is neither text nor callable.
    pub(crate) fn extract(option: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if option.is_none() {
            return Ok(None);
        }
        if let Ok(template) = option.cast::<PyString>() {
            return Ok(Some(Self::Template(template.to_str()?.to_owned())));
        }
        if option.is_callable() {
            return Ok(Some(Self::Callable(option.clone().unbind())));
        }
        let class = option.get_type().qualname()?;
        Err(misconfigured(format!(
            "key= must be a template such as \"user:{{user_id}}\" or a callable, not {class}"
        )))
    }
}

impl BinderOptions {
    /// # Errors
    /// `ConfigurationError` if `ignore` and `key` are both given, or `ignore` names no parameter.
    pub(super) fn check(&self, signature: &Signature) -> PyResult<()> {
        if self.key.is_some() && !self.ignore.is_empty() {
            return Err(misconfigured(
                "ignore= does nothing beside key=, which alone says what counts: leave one out",
            ));
        }
        self.ignore.iter().try_for_each(|name| {
            let known = signature.parameters.iter().any(|parameter| parameter.name == *name);
            if known { Ok(()) } else { Err(unknown_parameter(signature, "ignore=", name)) }
        })
    }
}

/// A parameter that the function does not have, and the one that may be meant.
pub(super) fn unknown_parameter(signature: &Signature, option: &str, name: &str) -> PyErr {
    let names: Vec<&str> = signature.parameters.iter().map(|known| known.name.as_str()).collect();
    let hint = Python::attach(|py| similar(py, name, &names).unwrap_or_default());
    let function = &signature.function;
    misconfigured(match (hint, names.as_slice()) {
        (Some(meant), _) => {
            format!(
                "{option} names {name:?}, which {function}() does not take; did you mean {meant:?}?"
            )
        }
        (None, []) => format!("{option} names {name:?}, but {function}() takes no arguments"),
        (None, names) => format!(
            "{option} names {name:?}, which {function}() does not take; it takes {}",
            names.join(", ")
        ),
    })
}

fn similar(py: Python<'_>, name: &str, names: &[&str]) -> PyResult<Option<String>> {
    let close = py
        .import(intern!(py, "difflib"))?
        .call_method1(intern!(py, "get_close_matches"), (name, names, 1))?;
    close.try_iter()?.next().map(|first| first?.extract()).transpose()
}
