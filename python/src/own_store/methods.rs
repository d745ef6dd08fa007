//! What an object must have to be a store, looked at when it is given and not at the first call.

use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::engine::store::{Batch, Compare, Watching};
use crate::errors::{misconfigured, wrong_type};
use crate::function::Colour;

/// One of the methods that a store has, or may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Set,
    Delete,
    GetMany,
    SetMany,
    CompareAndSet,
    CompareAndDelete,
    Watch,
}

const REQUIRED: [Method; 3] = [Method::Get, Method::Set, Method::Delete];
const OPTIONAL: [Method; 5] = [
    Method::GetMany,
    Method::SetMany,
    Method::CompareAndSet,
    Method::CompareAndDelete,
    Method::Watch,
];

impl Method {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Delete => "delete",
            Self::GetMany => "get_many",
            Self::SetMany => "set_many",
            Self::CompareAndSet => "compare_and_set",
            Self::CompareAndDelete => "compare_and_delete",
            Self::Watch => "watch",
        }
    }

    /// What it is called with, by position.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Get | Self::Delete => &["key"],
            Self::Set => &["key", "value", "ttl"],
            Self::GetMany => &["keys"],
            Self::SetMany => &["writes"],
            Self::CompareAndSet => &["key", "expected", "value", "ttl"],
            Self::CompareAndDelete => &["key", "expected"],
            Self::Watch => &["changed"],
        }
    }

    fn signature(self) -> String {
        format!("{}({})", self.name(), self.parameters().join(", "))
    }
}

/// What an object can do.
#[derive(Clone, Copy)]
pub(super) struct Methods {
    pub(super) colour: Colour,
    pub(super) get_many: bool,
    pub(super) set_many: bool,
    pub(super) compare: Compare,
    pub(super) watch: Watching,
}

impl Methods {
    /// Looks an object over.
    ///
    /// # Errors
    /// `TypeError`: it is nothing like a store. `ConfigurationError`: it nearly is one; the message
    /// names the method that is missing, or does not fit.
    pub(super) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = class_name(object)?;
        let has = |method: Method| -> PyResult<bool> {
            let found = object.getattr_opt(method.name())?;
            Ok(found.is_some_and(|found| found.is_callable()))
        };
        if object.is_instance_of::<PyType>() && has(Method::Get)? {
            let name = object.cast::<PyType>()?.name()?;
            return Err(misconfigured(format!("backend takes an object: {name}(), not {name}")));
        }
        let missing: Vec<Method> =
            REQUIRED.into_iter().filter(|m| !has(*m).unwrap_or(false)).collect();
        match &missing[..] {
            [] => {}
            [first, _, _] => return Err(no_store(&class, *first)),
            [first, ..] => {
                let signature = first.signature();
                return Err(misconfigured(format!("backend: {class} has no {signature}")));
            }
        }
        let mut present = REQUIRED.to_vec();
        for method in OPTIONAL {
            if has(method)? {
                present.push(method);
            }
        }
        let compare = compare(&class, &present)?;
        present.iter().try_for_each(|method| check_signature(object, &class, *method))?;
        let colour = one_colour(object, &class, &present)?;
        let (get_many, set_many) =
            (present.contains(&Method::GetMany), present.contains(&Method::SetMany));
        let watches = present.contains(&Method::Watch);
        let watch = if watches { Watching::Told } else { Watching::Unsupported };
        Ok(Self { colour, get_many, set_many, compare, watch })
    }

    /// What reading several keys promises.
    pub(super) const fn batch(self) -> Batch {
        if self.get_many { Batch::OneRoundTrip } else { Batch::OneByOne }
    }
}

fn no_store(class: &str, first: Method) -> PyErr {
    wrong_type(format!(
        "backend takes a URL such as \"redis://localhost:6379/0\", None, or an object with get, set \
         and delete (cachekit.stores); {class} has not even {}",
        first.signature()
    ))
}

fn compare(class: &str, present: &[Method]) -> PyResult<Compare> {
    let missing = |method| (!present.contains(&method)).then_some(method);
    match (missing(Method::CompareAndSet), missing(Method::CompareAndDelete)) {
        (None, None) => Ok(Compare::Atomic),
        (Some(_), Some(_)) => Ok(Compare::Unsupported),
        (Some(other), None) | (None, Some(other)) => Err(misconfigured(format!(
            "backend: {class} compares, but has no {}: give it both, or neither",
            other.signature()
        ))),
    }
}

/// Whether a method takes what it will be called with. What has no signature to be seen is believed.
fn check_signature(object: &Bound<'_, PyAny>, class: &str, method: Method) -> PyResult<()> {
    let py = object.py();
    let inspect = py.import("inspect")?;
    let Ok(signature) = inspect.call_method1("signature", (object.getattr(method.name())?,)) else {
        return Ok(());
    };
    let arguments = PyTuple::new(py, method.parameters())?;
    signature.call_method1("bind", arguments).map(drop).map_err(|_| {
        misconfigured(format!(
            "backend: {class}.{}{signature} is called as {}, by position",
            method.name(),
            method.signature()
        ))
    })
}

/// All methods are awaited, or none is.
fn one_colour(object: &Bound<'_, PyAny>, class: &str, present: &[Method]) -> PyResult<Colour> {
    let inspect = object.py().import("inspect")?;
    let (mut awaited, mut plain) = (None, None);
    for method in present {
        let found = object.getattr(method.name())?;
        let is_async = inspect.call_method1("iscoroutinefunction", (found,))?.is_truthy()?;
        if is_async { &mut awaited } else { &mut plain }.get_or_insert(method.name());
    }
    match (awaited, plain) {
        (Some(awaited), Some(plain)) => Err(misconfigured(format!(
            "backend: {class}.{awaited} is `async def` and {plain} is not: all of them, or none"
        ))),
        (Some(_), None) => Ok(Colour::Async),
        (None, _) => Ok(Colour::Sync),
    }
}

pub(super) fn class_name(object: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(object.get_type().qualname()?.to_str()?.to_owned())
}
