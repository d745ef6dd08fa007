//! `key="user:{user_id}"`.
//!
//! The key is not the formatted text but the tuple of the template and the values of its fields,
//! typed as they are: `"{a}:{b}"` with `a="1:2"` and `b="3"` never meets `a="1"` and `b="2:3"`,
//! nor the user 1 the user "1".

use cachekit::engine::codec::arguments::Container;
use pyo3::prelude::*;

use super::encoder::{Encoded, Encoder};
use super::options::unknown_parameter;
use super::signature::Signature;
use crate::errors::misconfigured;

/// A template, checked against a signature.
pub(super) struct Template {
    text: String,
    pub(super) fields: Vec<Field>,
}

/// What stands between two braces: a parameter, and attributes of its argument.
pub(super) struct Field {
    /// Which parameter of the signature.
    pub(super) parameter: usize,
    attributes: Vec<String>,
}

impl Template {
    /// # Errors
    /// `ConfigurationError` if the braces are not in order, a field is no parameter, or there is no
    /// field although there are arguments.
    pub(super) fn parse(text: String, signature: &Signature) -> PyResult<Self> {
        let mut fields = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (_, from) = rest.split_at(at);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                rest = after;
                continue;
            }
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (field, after) = inside.ok_or_else(|| unbalanced(&text))?;
            fields.push(Field::parse(field, signature)?);
            rest = after;
        }
        if fields.is_empty() && !signature.parameters.is_empty() {
            return Err(without_fields(&text, signature));
        }
        Ok(Self { text, fields })
    }

    /// Writes the tuple; `argument` gives what the call gives to a parameter.
    pub(super) fn encode<'py>(
        &self,
        encoder: &mut Encoder<'_>,
        argument: impl Fn(&Field) -> PyResult<Bound<'py, PyAny>>,
    ) -> Encoded {
        encoder.ordered(Container::Tuple, |encoder| {
            encoder.writer.text(&self.text);
            self.fields.iter().try_for_each(|field| {
                let mut value = argument(field)?;
                for attribute in &field.attributes {
                    value = value.getattr(attribute.as_str())?;
                }
                encoder.value(&value)
            })
        })
    }
}

impl Field {
    fn parse(field: &str, signature: &Signature) -> PyResult<Self> {
        let mut names = field.split('.');
        let name = names.next().unwrap_or_default();
        let attributes: Vec<_> = names.map(str::to_owned).collect();
        if !is_identifier(name) || !attributes.iter().all(|attribute| is_identifier(attribute)) {
            return Err(misconfigured(format!(
                "key= cannot use {{{field}}}: a field is a parameter's name, or attributes of one \
                 ({{user.id}}); values count as they are, so formats do not apply. For anything \
                 else pass a callable"
            )));
        }
        let parameter = signature.parameters.iter().position(|known| known.name == name);
        let parameter = parameter.ok_or_else(|| unknown_parameter(signature, "key=", name))?;
        Ok(Self { parameter, attributes })
    }
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// One entry for all calls is what nobody means, and a leak between users where somebody forgot.
fn without_fields(text: &str, signature: &Signature) -> PyErr {
    let function = &signature.function;
    let first = signature.parameters.first().map_or("", |parameter| &parameter.name);
    misconfigured(format!(
        "key={text:?} names no argument of {function}(): all its calls would share one entry. Write \
         key=\"{function}:{{{first}}}\", or, if they are to, key=lambda *args, **kwargs: {text:?}"
    ))
}

fn unbalanced(text: &str) -> PyErr {
    misconfigured(format!(
        "key={text:?} has a brace that is not closed, or not opened; {{{{ and }}}} stand for braces"
    ))
}
