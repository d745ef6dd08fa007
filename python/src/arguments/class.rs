//! Classes of the application, and class objects.

use cachekit::engine::codec::arguments::{Container, TypeTag};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::builtin::Builtin;
use super::class_name::lasting;
use super::encoder::{Encoded, Encoder};
use super::obstacle::Obstacle;
use crate::value::kinds::{Kind, Lazy, is_heap};

static ENUM_META: Lazy = Lazy::new("enum", "EnumMeta");
static MEMBER: Lazy = Lazy::new("types", "MemberDescriptorType");
static FLAG: Lazy = Lazy::new("enum", "Flag");

/// What an object is made of, as far as it is not the application's.
#[derive(Clone, Copy)]
enum Part {
    Builtin(Builtin),
    Standard(Kind),
}

impl Part {
    fn of(class: &Bound<'_, PyType>) -> PyResult<Option<Self>> {
        match Builtin::of(class) {
            Some(builtin) => Ok(Some(Self::Builtin(builtin))),
            None => Ok(Kind::of(class)?.map(Self::Standard)),
        }
    }
}

impl Encoder<'_> {
    /// Writes whatever is not one of the plain types.
    pub(super) fn structured(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let class = value.get_type();
        if let Some(function) = self.functions.of(&class) {
            let key = function.call1((value,))?;
            return self.vouched(&class, &key, "hash_funcs[…]");
        }
        if let Some(part) = Part::of(&class)? {
            return self.part(value, part);
        }
        if let Some(method) = class.getattr_opt(intern!(py, "__cache_key__"))?
            && !method.is_none()
        {
            let key = value.call_method0(intern!(py, "__cache_key__"))?;
            return self.vouched(&class, &key, "__cache_key__()");
        }
        if let Ok(object) = value.cast::<PyType>() {
            let name = lasting(object, self.owner)?;
            return self.standard("class", |encoder| {
                encoder.writer.text(&name);
                Ok(())
            });
        }
        let meta = class.get_type();
        if !meta.is(py.get_type::<PyType>()) && meta.is_subclass(ENUM_META.get(py)?)? {
            return self.member(value, &class);
        }
        if let Some((base, part)) = standard_base(&class)? {
            return self.derived(value, &class, &base, part);
        }
        self.record(value, &class)
    }

    fn part(&mut self, value: &Bound<'_, PyAny>, part: Part) -> Encoded {
        match part {
            Part::Builtin(builtin) => self.builtin(value, builtin),
            Part::Standard(kind) => self.kind(value, kind),
        }
    }

    pub(super) fn instance(
        &mut self,
        class: &Bound<'_, PyType>,
        content: impl FnOnce(&mut Self) -> Encoded,
    ) -> Encoded {
        let name = lasting(class, self.owner)?;
        self.tagged(TypeTag::Class(&name), content)
    }

    /// What somebody says identifies the object: it itself, or the decorator. For a class inside a
    /// function they may say so too: they vouch.
    fn vouched(
        &mut self,
        class: &Bound<'_, PyType>,
        key: &Bound<'_, PyAny>,
        who: &'static str,
    ) -> Encoded {
        let qualname = class.qualname()?;
        let name = lasting(class, Some(qualname.to_str()?))?;
        self.tagged(TypeTag::Class(&name), |encoder| {
            encoder.value(key).map_err(|obstacle| obstacle.at_attribute(who))
        })
    }

    /// An enum's member by its name; a flag by its bits, since combinations have no name.
    fn member(&mut self, value: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Encoded {
        let py = value.py();
        let identity = match class.is_subclass(FLAG.get(py)?)? {
            true => value.getattr(intern!(py, "_value_"))?,
            false => value.getattr(intern!(py, "_name_"))?,
        };
        self.instance(class, |encoder| encoder.value(&identity))
    }

    /// A subclass of a known type: what it is as one, and its attributes.
    fn derived<'py>(
        &mut self,
        value: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
        base: &Bound<'py, PyType>,
        part: Part,
    ) -> Encoded {
        if matches!(part, Part::Standard(Kind::Array | Kind::Frame(_)))
            || has_hidden_state(class, base)?
        {
            return Err(Obstacle::unkeyable(
                value,
                "it may hold more than the type it is derived from",
            ));
        }
        let py = value.py();
        let attributes = match value.getattr_opt(intern!(py, "__dict__"))? {
            Some(attributes) => attributes.cast_into::<PyDict>().map_err(PyErr::from)?,
            None => PyDict::new(py),
        };
        self.instance(class, |encoder| {
            encoder.ordered(Container::Tuple, |encoder| {
                encoder.part(value, part)?;
                encoder.entries(attributes.items().iter().map(Ok))
            })
        })
    }
}

/// The first known type that `class` is derived from.
fn standard_base<'py>(class: &Bound<'py, PyType>) -> PyResult<Option<(Bound<'py, PyType>, Part)>> {
    for base in class.mro().iter().skip(1) {
        let Ok(base) = base.cast::<PyType>() else { continue };
        if let Some(part) = Part::of(base)? {
            return Ok(Some((base.clone(), part)));
        }
    }
    Ok(None)
}

/// Whether instances of `class` hold more than `base` and a `__dict__` tell of: `__slots__`, or
/// state that an extension module keeps.
fn has_hidden_state(class: &Bound<'_, PyType>, base: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let size = |class: &Bound<'_, PyType>| -> PyResult<usize> {
        class.getattr(intern!(py, "__basicsize__"))?.extract()
    };
    for derived in class.mro().iter() {
        let derived = derived.cast::<PyType>()?;
        if derived.is(base) {
            break;
        }
        if !is_heap(derived)? && size(derived)? != size(base)? {
            return Ok(true);
        }
        let members = derived.getattr(intern!(py, "__dict__"))?;
        for member in members.call_method0(intern!(py, "values"))?.try_iter()? {
            if member?.get_type().is(MEMBER.get(py)?) {
                return Ok(true);
            }
        }
    }
    // A reference to `__dict__` and one to the list of weak references.
    Ok(size(class)? > size(base)? + 2 * size_of::<usize>())
}
