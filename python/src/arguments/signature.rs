//! Which argument belongs to which parameter.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{Borrowed, PyTraverseError, PyVisit};

/// How a parameter can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterKind {
    PositionalOnly,
    PositionalOrKeyword,
    /// `*args`.
    VarPositional,
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

/// One parameter, as `inspect.signature` sees it.
pub(super) struct Parameter {
    pub(super) name: String,
    /// The name as the interpreter spells keywords: interned, so that a look-up compares pointers.
    keyword: Py<PyString>,
    pub(super) kind: ParameterKind,
    pub(super) default: Option<Py<PyAny>>,
}

impl ParameterKind {
    fn is_positional(self) -> bool {
        matches!(self, Self::PositionalOnly | Self::PositionalOrKeyword)
    }
}

impl Parameter {
    fn is_positional(&self) -> bool {
        self.kind.is_positional()
    }

    fn takes_keyword(&self) -> bool {
        matches!(self.kind, ParameterKind::PositionalOrKeyword | ParameterKind::KeywordOnly)
    }

    fn must_be_given(&self) -> bool {
        (self.is_positional() || self.kind == ParameterKind::KeywordOnly) && self.default.is_none()
    }
}

/// The parameters of a function, in order.
pub(super) struct Signature {
    /// The function's qualified name, for messages.
    pub(super) function: String,
    pub(super) parameters: Vec<Parameter>,
    /// How many parameters can be given by position; they are the first ones.
    positional: usize,
    /// How many arguments a call without keywords needs; none suffices where a keyword is missing.
    needed_without_keywords: usize,
    takes_any_positional: bool,
    takes_any_keyword: bool,
}

/// A call, taken apart. `args` stay where they are; keywords are looked up only if there are any.
pub(super) struct BoundCall<'a, 'py> {
    args: &'a Bound<'py, PyTuple>,
    count: usize,
    keywords: Option<Keywords<'py>>,
}

struct Keywords<'py> {
    /// By parameter.
    given: Vec<Option<Bound<'py, PyAny>>>,
    /// What `**kwargs` takes, where the function has it.
    extra: Option<Bound<'py, PyDict>>,
}

/// What a call says about a parameter.
pub(super) enum Given<'a, 'py> {
    Argument(Borrowed<'a, 'py, PyAny>),
    Default,
    /// The arguments that `*args` takes: those from this position on.
    Rest(usize),
    /// The arguments that `**kwargs` takes.
    Keywords(Option<&'a Bound<'py, PyDict>>),
}

impl Signature {
    /// Reads the signature of `function`; decorators that keep it by `functools.wraps` are seen
    /// through, as by the interpreter's own tools.
    pub(super) fn of(function: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = function.py();
        let inspect = py.import(intern!(py, "inspect"))?;
        let signature = inspect.call_method1(intern!(py, "signature"), (function,))?;
        let empty = inspect.getattr(intern!(py, "_empty"))?;
        let parameters = signature
            .getattr(intern!(py, "parameters"))?
            .call_method0(intern!(py, "values"))?
            .try_iter()?
            .map(|parameter| read(&parameter?, &empty))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Self::new(name_of(function), parameters))
    }

    fn new(function: String, parameters: Vec<Parameter>) -> Self {
        let positional = parameters.iter().take_while(|it| it.is_positional()).count();
        let needed_by_position =
            parameters.iter().take_while(|it| it.is_positional() && it.must_be_given());
        let needs_keyword = parameters.iter().skip(positional).any(Parameter::must_be_given);
        let has = |kind| parameters.iter().any(|it| it.kind == kind);
        Self {
            needed_without_keywords: match needs_keyword {
                true => usize::MAX,
                false => needed_by_position.count(),
            },
            takes_any_positional: has(ParameterKind::VarPositional),
            takes_any_keyword: has(ParameterKind::VarKeyword),
            function,
            positional,
            parameters,
        }
    }

    /// Takes a call apart; `None` if the function would refuse it.
    #[inline]
    pub(super) fn bind<'a, 'py>(
        &self,
        args: &'a Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<BoundCall<'a, 'py>>> {
        let count = args.len();
        if count > self.positional && !self.takes_any_positional {
            return Ok(None);
        }
        match kwargs {
            Some(kwargs) if !kwargs.is_empty() => {
                let keywords = self.bind_keywords(count, kwargs)?;
                Ok(keywords.map(|keywords| BoundCall { args, count, keywords: Some(keywords) }))
            }
            _ if count < self.needed_without_keywords => Ok(None),
            _ => Ok(Some(BoundCall { args, count, keywords: None })),
        }
    }

    /// `None` if the function would refuse these keywords after `count` positional arguments.
    fn bind_keywords<'py>(
        &self,
        count: usize,
        kwargs: &Bound<'py, PyDict>,
    ) -> PyResult<Option<Keywords<'py>>> {
        let py = kwargs.py();
        let extra = if self.takes_any_keyword { Some(kwargs.copy()?) } else { None };
        let mut given = Vec::with_capacity(self.parameters.len());
        let mut matched = 0;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let by_position = index < self.positional && index < count;
            let keyword = parameter.keyword.bind(py);
            let value = match parameter.takes_keyword() {
                true => kwargs.get_item(keyword)?,
                false => None,
            };
            match (by_position, &value) {
                (true, Some(_)) => return Ok(None),
                (false, None) if parameter.must_be_given() => return Ok(None),
                (_, Some(_)) => {
                    matched += 1;
                    extra.as_ref().map_or(Ok(()), |extra| extra.del_item(keyword))?;
                }
                (_, None) => {}
            }
            given.push(value);
        }
        let fits = match &extra {
            Some(extra) => extra.keys().iter().all(|name| name.is_instance_of::<PyString>()),
            None => matched == kwargs.len(),
        };
        Ok(fits.then_some(Keywords { given, extra }))
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.parameters
            .iter()
            .filter_map(|it| it.default.as_ref())
            .try_for_each(|it| visit.call(it))
    }
}

impl<'a, 'py> BoundCall<'a, 'py> {
    /// What the call gives to the parameter at `index`, which is of `kind`.
    #[inline]
    pub(super) fn given(&self, index: usize, kind: ParameterKind) -> Given<'_, 'py> {
        // Looked up only where it is: a failing look-up makes an exception.
        if index < self.count
            && kind.is_positional()
            && let Ok(argument) = self.args.get_borrowed_item(index)
        {
            return Given::Argument(argument);
        }
        match (kind, &self.keywords) {
            (ParameterKind::VarPositional, _) => Given::Rest(index),
            (ParameterKind::VarKeyword, keywords) => {
                Given::Keywords(keywords.as_ref().and_then(|keywords| keywords.extra.as_ref()))
            }
            (_, None) => Given::Default,
            (_, Some(keywords)) => match keywords.given.get(index) {
                Some(Some(argument)) => Given::Argument(argument.as_borrowed()),
                _ => Given::Default,
            },
        }
    }

    pub(super) fn py(&self) -> Python<'py> {
        self.args.py()
    }

    /// The positional arguments from `position` on.
    pub(super) fn rest(&self, position: usize) -> impl Iterator<Item = Borrowed<'_, 'py, PyAny>> {
        self.args.iter_borrowed().skip(position)
    }
}

fn read(parameter: &Bound<'_, PyAny>, empty: &Bound<'_, PyAny>) -> PyResult<Parameter> {
    let py = parameter.py();
    let keyword = parameter.getattr(intern!(py, "name"))?.cast_into::<PyString>()?;
    let default = parameter.getattr(intern!(py, "default"))?;
    let kind: u8 = parameter.getattr(intern!(py, "kind"))?.extract()?;
    Ok(Parameter {
        name: keyword.to_str()?.to_owned(),
        keyword: PyString::intern(py, keyword.to_str()?).unbind(),
        kind: match kind {
            0 => ParameterKind::PositionalOnly,
            1 => ParameterKind::PositionalOrKeyword,
            2 => ParameterKind::VarPositional,
            3 => ParameterKind::KeywordOnly,
            _ => ParameterKind::VarKeyword,
        },
        default: (!default.is(empty)).then(|| default.unbind()),
    })
}

fn name_of(function: &Bound<'_, PyAny>) -> String {
    let py = function.py();
    let name = function.getattr(intern!(py, "__qualname__")).and_then(|name| name.extract());
    name.unwrap_or_else(|_| "function".to_owned())
}
