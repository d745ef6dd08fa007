//! A decorated function's way from calls to canonical bytes.

use cachekit::engine::codec::arguments::{Container, Writer};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::class_name;
use super::encoder::{Encoded, Encoder};
use super::hash_functions::HashFunctions;
use super::options::{BinderOptions, KeyOption};
use super::signature::{BoundCall, Given, Signature};
use super::slot::{Default, Slot};
use super::template::{Field, Template};
use super::wrong_call::wrong_call;

/// Turns the calls of one function into canonical bytes. Made once, when the function is decorated.
pub(crate) struct Binder {
    signature: Signature,
    owner: Option<String>,
    keying: Keying,
    functions: HashFunctions,
}

/// What counts to the key.
enum Keying {
    /// The arguments, in the order of the encoding.
    Arguments(Vec<Slot>),
    Template(Template),
    Callable(Py<PyAny>),
}

impl Binder {
    /// Reads the signature of `function` and checks the options against it.
    ///
    /// # Errors
    /// `ConfigurationError` for options that do not fit the signature; what `inspect.signature`
    /// raises for an object that has none.
    pub(crate) fn new(function: &Bound<'_, PyAny>, options: BinderOptions) -> PyResult<Self> {
        let signature = Signature::of(function)?;
        options.check(&signature)?;
        let keying = match options.key {
            None => Keying::Arguments(Slot::all(&signature, &options.ignore, function.py())?),
            Some(KeyOption::Template(text)) => Keying::Template(Template::parse(text, &signature)?),
            Some(KeyOption::Callable(callable)) => Keying::Callable(callable),
        };
        Ok(Self {
            owner: class_name::owner(&signature.function),
            signature,
            keying,
            functions: options.hash_functions,
        })
    }

    /// Appends the canonical encoding of a call to `out`; on an error `out` is as it was.
    ///
    /// # Errors
    /// The `TypeError` that the function would raise for a call that does not fit its signature;
    /// `ArgumentError` for an argument that cannot be part of a key; what a `__cache_key__` or a
    /// `key=` callable raised.
    #[inline]
    pub(crate) fn encode(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
        out: &mut Vec<u8>,
    ) -> PyResult<()> {
        let start = out.len();
        let written = match self.signature.bind(args, kwargs) {
            Ok(Some(call)) => self.bound(&call, args, kwargs, out),
            Ok(None) => Err(wrong_call(&self.signature, args, kwargs)),
            Err(error) => Err(error),
        };
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn bound<'py>(
        &self,
        call: &BoundCall<'_, 'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
        out: &mut Vec<u8>,
    ) -> PyResult<()> {
        let mut encoder = Encoder {
            writer: Writer::new(out),
            owner: self.owner.as_deref(),
            functions: &self.functions,
        };
        let function = &self.signature.function;
        match &self.keying {
            Keying::Arguments(slots) => self.arguments(slots, call, &mut encoder),
            Keying::Template(template) => encoder
                .standard("key", |encoder| {
                    template.encode(encoder, |field| self.argument(field, call, args.py()))
                })
                .map_err(|obstacle| obstacle.in_key(function)),
            Keying::Callable(callable) => {
                let key = callable.bind(args.py()).call(args, kwargs)?;
                let written = encoder.standard("key", |encoder| encoder.value(&key));
                written.map_err(|obstacle| obstacle.in_key(function))
            }
        }
    }

    #[inline]
    fn arguments(
        &self,
        slots: &[Slot],
        call: &BoundCall<'_, '_>,
        encoder: &mut Encoder<'_>,
    ) -> PyResult<()> {
        let scope = encoder.writer.begin_call();
        for slot in slots {
            encoder.writer.encoded(&slot.name);
            if let Err(obstacle) = self.slot(slot, call, encoder) {
                let parameter = self.signature.parameters.get(slot.parameter);
                let name = parameter.map_or("?", |parameter| parameter.name.as_str());
                return Err(obstacle.in_parameter(&self.signature.function, name));
            }
        }
        encoder.writer.end(scope);
        Ok(())
    }

    #[inline]
    fn slot<'py>(
        &self,
        slot: &Slot,
        call: &BoundCall<'_, 'py>,
        encoder: &mut Encoder<'_>,
    ) -> Encoded {
        match (call.given(slot.parameter, slot.kind), &slot.default) {
            (Given::Argument(value), Default::Sentinel(encoded))
                if self.default(slot.parameter).is_some_and(|default| value.is(default)) =>
            {
                encoder.writer.encoded(encoded);
                Ok(())
            }
            (Given::Argument(value), _) => encoder.value(&value),
            (Given::Default, Default::Encoded(encoded) | Default::Sentinel(encoded)) => {
                encoder.writer.encoded(encoded);
                Ok(())
            }
            (Given::Default, Default::Absent | Default::EachTime) => self
                .default(slot.parameter)
                .map_or(Ok(()), |default| encoder.value(default.bind(call.py()))),
            (Given::Rest(position), _) => encoder.items(
                Container::Tuple,
                call.rest(position).map(|argument| Ok(argument.to_owned())),
            ),
            (Given::Keywords(None), _) => encoder.entries(std::iter::empty()),
            (Given::Keywords(Some(extra)), _) => encoder.entries(extra.items().iter().map(Ok)),
        }
    }

    fn default(&self, parameter: usize) -> Option<&Py<PyAny>> {
        self.signature.parameters.get(parameter)?.default.as_ref()
    }

    /// What a field of a template starts from.
    fn argument<'py>(
        &self,
        field: &Field,
        call: &BoundCall<'_, 'py>,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let index = field.parameter;
        let Some(parameter) = self.signature.parameters.get(index) else {
            return Ok(py.None().into_bound(py));
        };
        Ok(match call.given(index, parameter.kind) {
            Given::Argument(value) => value.to_owned(),
            Given::Default => match &parameter.default {
                Some(default) => default.bind(py).clone(),
                None => py.None().into_bound(py),
            },
            Given::Rest(position) => {
                let rest: Vec<_> = call.rest(position).collect();
                PyTuple::new(py, rest)?.into_any()
            }
            Given::Keywords(Some(extra)) => extra.copy()?.into_any(),
            Given::Keywords(None) => PyDict::new(py).into_any(),
        })
    }

    /// For the garbage collector: what may be part of a cycle.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.functions.traverse(visit)?;
        if let Keying::Callable(callable) = &self.keying {
            visit.call(callable)?;
        }
        self.signature.traverse(visit)
    }
}
