//! Why a value cannot be written or read, and where in it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use cachekit::engine::codec::wire::{Malformed, TooLong};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

/// Which keys of dictionaries the path to a culprit shows, of those that look like field names. An
/// identifier may be a person's, and what is sealed is nobody's to read in a log.
#[derive(Clone, Copy)]
pub(crate) enum Paths<'a> {
    WithKeys,
    /// Those of which this is true.
    WithKeysIf(&'a dyn Fn(&str) -> bool),
}

/// A value that cannot be kept, or bytes that are not one.
///
/// Its text never holds a value: it names types, attributes, positions, and those dictionary keys
/// that look like field names. Boxed, so that the happy path returns one word.
#[derive(Debug)]
pub(crate) struct ValueError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    reason: Reason,
    root: Option<&'static str>,
    /// From the culprit outwards.
    path: Vec<Step>,
}

/// What was seen.
#[derive(Debug)]
pub(crate) enum Reason {
    /// No extension stands for this type.
    Unsupported { class: String },
    /// The type is supported, but not this instance of it: something would be lost.
    Lossy { class: String, what: Cow<'static, str> },
    /// A dataclass, enum, … that the decoder would not be allowed to rebuild.
    NotNamed { class: String },
    /// Deeper than [`super::limits::DEPTH`], or a value that holds itself.
    TooDeep,
    /// Above one of the other [`super::limits`].
    TooLarge { what: &'static str, limit: usize },
    /// Above what MessagePack can count.
    TooLong(TooLong),
    /// JSON has no way to say it.
    NotJson { what: String },
    /// Another thread changed a container while it was written.
    Changed,
    /// The bytes are not MessagePack, or not exactly one value.
    Malformed(Malformed),
    /// An extension code of a later release, or of somebody else.
    UnknownExtension { code: i8 },
    /// The bytes name a class that the decorated function does not.
    Foreign { class: String },
    /// The class has other fields today than when the bytes were written.
    Reshaped { class: String },
    /// The same key or element twice.
    Duplicate,
    /// The payload of an extension does not say what it should.
    Invalid { what: &'static str },
    /// Python code raised an exception: only its type is told, its text may quote the value.
    Raised { exception: String },
    /// `KeyboardInterrupt`, `SystemExit`: not ours to turn into something else.
    Interrupted(PyErr),
}

/// How much of a path is shown.
const STEPS: usize = 16;

#[derive(Debug)]
enum Step {
    Item(usize),
    Key(String),
    /// A key that is not shown, by its type.
    HiddenKey(String),
    Attribute(String),
    Element,
}

impl ValueError {
    #[cold]
    pub(crate) fn new(reason: Reason) -> Self {
        Self(Box::new(Failure { reason, root: None, path: Vec::new() }))
    }

    pub(crate) fn unsupported(value: &Bound<'_, PyAny>) -> Self {
        Self::new(Reason::Unsupported { class: class_name(&value.get_type()) })
    }

    pub(crate) fn lossy(value: &Bound<'_, PyAny>, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Lossy { class: class_name(&value.get_type()), what: what.into() })
    }

    pub(crate) fn invalid(what: &'static str) -> Self {
        Self::new(Reason::Invalid { what })
    }

    /// The Python exception: what `raise` makes of the text, or the interruption that it was.
    pub(crate) fn into_exception(self, raise: impl FnOnce(String) -> PyErr) -> PyErr {
        match self.0.reason {
            Reason::Interrupted(error) => error,
            _ => raise(self.to_string()),
        }
    }

    /// The same, told as discreetly as is asked for.
    #[cold]
    pub(crate) fn told(mut self, paths: Paths<'_>) -> Self {
        let Paths::WithKeysIf(is_shown) = paths else { return self };
        for step in &mut self.0.path {
            if matches!(step, Step::Key(name) if !is_shown(name)) {
                *step = Step::HiddenKey("str".to_owned());
            }
        }
        self
    }

    /// What the path starts from: `result`.
    #[cold]
    pub(crate) fn rooted(mut self, root: &'static str) -> Self {
        self.0.root = Some(root);
        self
    }

    #[cold]
    pub(crate) fn at_item(self, index: usize) -> Self {
        self.at(Step::Item(index))
    }

    #[cold]
    pub(crate) fn at_element(self) -> Self {
        self.at(Step::Element)
    }

    #[cold]
    pub(crate) fn at_attribute(self, name: &str) -> Self {
        self.at(Step::Attribute(name.to_owned()))
    }

    /// Keys can be data (an e-mail address, a patient's number): only what looks like the name of a
    /// field is shown.
    #[cold]
    pub(crate) fn at_key(self, key: &Bound<'_, PyAny>) -> Self {
        let name = key.cast_exact::<PyString>().ok().and_then(|key| key.to_str().ok());
        match name {
            Some(name) if looks_like_a_field(name) => self.at(Step::Key(name.to_owned())),
            _ => self.at(Step::HiddenKey(class_name(&key.get_type()))),
        }
    }

    /// A label that is known to look like the name of a field.
    #[cold]
    pub(crate) fn at_label(self, label: String) -> Self {
        self.at(Step::Key(label))
    }

    fn at(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }
}

fn looks_like_a_field(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `module.qualname`, without `builtins`.
pub(crate) fn class_name(class: &Bound<'_, PyType>) -> String {
    let name = class.qualname().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    match class.module() {
        Ok(module) if module == "builtins" => name,
        Ok(module) => format!("{module}.{name}"),
        Err(_) => name,
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(root) = self.0.root {
            f.write_str(root)?;
            self.0.path.iter().rev().take(STEPS).try_for_each(|step| write!(f, "{step}"))?;
            if self.0.path.len() > STEPS {
                f.write_str("…")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.0.reason)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(index) => write!(f, "[{index}]"),
            Self::Key(name) => write!(f, "['{name}']"),
            Self::HiddenKey(class) => write!(f, "[<{class}>]"),
            Self::Attribute(name) => write!(f, ".{name}"),
            Self::Element => f.write_str("{…}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { class } => write!(
                f,
                "{class} is not a type that DefaultSerializer keeps; return one that it does \
                 (docs/values.md lists them) or give the function a serializer of its own"
            ),
            Self::Lossy { class, what } => write!(f, "this {class} would not come back: {what}"),
            Self::NotNamed { class } => write!(
                f,
                "{class} would not be rebuilt: name it in the function's annotations, define or \
                 import it in the function's module, or pass allow=[...]"
            ),
            Self::TooDeep => write!(
                f,
                "deeper than {} containers, or a value that holds itself",
                super::limits::DEPTH
            ),
            Self::TooLarge { what, limit } => write!(f, "{what} is over the limit of {limit}"),
            Self::TooLong(error) => write!(f, "{error}"),
            Self::NotJson { what } => write!(f, "JSON cannot keep {what}"),
            Self::Changed => f.write_str(
                "the container changed while it was written; return one that no other thread changes",
            ),
            Self::Malformed(error) => write!(f, "not a value of DefaultSerializer: {error}"),
            Self::UnknownExtension { code } => write!(
                f,
                "extension {code} is of a later release or of another writer (docs/values.md)"
            ),
            Self::Foreign { class } => write!(
                f,
                "the entry holds a {class:?}, which the function does not name in its annotations, \
                 its module or allow=[...]"
            ),
            Self::Reshaped { class } => {
                write!(f, "{class} has other fields than when the entry was written")
            }
            Self::Duplicate => f.write_str("the entry holds the same key or element twice"),
            Self::Invalid { what } => write!(f, "the entry holds no valid {what}"),
            Self::Raised { exception } => write!(f, "{exception} was raised"),
            Self::Interrupted(error) => write!(f, "{error}"),
        }
    }
}

impl From<Malformed> for ValueError {
    fn from(error: Malformed) -> Self {
        Self::new(Reason::Malformed(error))
    }
}

impl From<TooLong> for ValueError {
    fn from(error: TooLong) -> Self {
        Self::new(Reason::TooLong(error))
    }
}

impl From<PyErr> for ValueError {
    #[cold]
    fn from(error: PyErr) -> Self {
        Python::attach(|py| {
            if !error.is_instance_of::<PyException>(py) {
                return Self::new(Reason::Interrupted(error));
            }
            let mut exception = String::new();
            let _infallible = write!(exception, "{}", class_name(&error.get_type(py)));
            Self::new(Reason::Raised { exception })
        })
    }
}
