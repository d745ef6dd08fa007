//! Why an argument cannot be part of a key, and where in it.

use std::fmt;

use cachekit::engine::codec::MAX_DEPTH;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::errors::ArgumentError;
use crate::value::class_name;

/// What stands in the way of encoding an argument. Boxed, so that the happy path returns a word.
#[derive(Debug)]
pub(super) struct Obstacle(Box<Inner>);

#[derive(Debug)]
enum Inner {
    /// Python code that was asked for the value raised this.
    Raised(PyErr),
    Unkeyable {
        class: String,
        why: &'static str,
        path: Vec<Step>,
    },
    TooDeep,
}

#[derive(Debug)]
enum Step {
    Item(usize),
    /// A dictionary's value or key: keys may be data and are not shown.
    Entry,
    Element,
    Attribute(String),
}

/// The usual reason.
pub(super) const NOTHING_LASTING: &str = "nothing about it means the same in another process";

impl Obstacle {
    #[cold]
    pub(super) fn unkeyable(value: &Bound<'_, PyAny>, why: &'static str) -> Self {
        Self::class(&value.get_type(), why)
    }

    #[cold]
    pub(super) fn class(class: &Bound<'_, PyType>, why: &'static str) -> Self {
        let class = class_name(class);
        Self(Box::new(Inner::Unkeyable { class, why, path: Vec::new() }))
    }

    #[cold]
    pub(super) fn at_item(self, index: usize) -> Self {
        self.at(Step::Item(index))
    }

    #[cold]
    pub(super) fn at_entry(self) -> Self {
        self.at(Step::Entry)
    }

    #[cold]
    pub(super) fn at_element(self) -> Self {
        self.at(Step::Element)
    }

    #[cold]
    pub(super) fn at_attribute(self, name: &str) -> Self {
        self.at(Step::Attribute(name.to_owned()))
    }

    fn at(mut self, step: Step) -> Self {
        if let Inner::Unkeyable { path, .. } = &mut *self.0 {
            path.push(step);
        }
        self
    }

    /// The exception, for the parameter of `function` that it was found in.
    #[cold]
    pub(super) fn in_parameter(self, function: &str, parameter: &str) -> PyErr {
        let found = match *self.0 {
            Inner::Raised(error) => return error,
            other => other,
        };
        ArgumentError::new_err(format!(
            "{function}() cannot make a cache key of its argument {found}. Three ways out: give the \
             class a __cache_key__() method that returns what identifies it, pass \
             key=\"…{{{parameter}.id}}\" or key=<callable> to the decorator, or leave the argument out \
             with ignore=(\"{parameter}\",)",
            found = Found { root: parameter, found: &found },
        ))
    }

    /// The exception, for what the decorator's `key=` gave.
    #[cold]
    pub(super) fn in_key(self, function: &str) -> PyErr {
        match *self.0 {
            Inner::Raised(error) => error,
            found => ArgumentError::new_err(format!(
                "{function}() cannot make a cache key of what its key= gives, {found}. Let it give \
                 text, numbers, dates, or a tuple of them",
                found = Found { root: "key", found: &found },
            )),
        }
    }
}

struct Found<'a> {
    root: &'a str,
    found: &'a Inner,
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root;
        match self.found {
            Inner::Unkeyable { class, why, path } => {
                write!(f, "'{root}'")?;
                path.iter().rev().try_for_each(|step| write!(f, "{step}"))?;
                write!(f, " (of type {class}): {why}")
            }
            Inner::TooDeep => {
                write!(f, "'{root}': it nests deeper than {MAX_DEPTH} levels, or contains itself")
            }
            Inner::Raised(error) => write!(f, "'{root}': {error}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(index) => write!(f, "[{index}]"),
            Self::Entry => f.write_str("[…]"),
            Self::Element => f.write_str("{…}"),
            Self::Attribute(name) => write!(f, ".{name}"),
        }
    }
}

impl From<PyErr> for Obstacle {
    #[cold]
    fn from(error: PyErr) -> Self {
        Self(Box::new(Inner::Raised(error)))
    }
}

/// The writer refuses depth alone.
impl From<cachekit::engine::codec::Error> for Obstacle {
    #[cold]
    fn from(_: cachekit::engine::codec::Error) -> Self {
        Self(Box::new(Inner::TooDeep))
    }
}
