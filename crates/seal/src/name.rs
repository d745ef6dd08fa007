//! Where an entry lives: names that tell nothing to whoever has no key. `docs/format.md`, "Names".

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// One call's result.
    Entry,
    /// The barrier of a cache or of one of its operations.
    Clear,
    /// The barrier of a tag.
    Tag,
    /// A value that was sealed by hand, outside a cache.
    Wrapper,
}

impl Purpose {
    /// The word that goes into the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Clear => "clear",
            Self::Tag => "tag",
            Self::Wrapper => "wrapper",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a name is made of, besides the tenant. Absent fields are empty.
///
/// | purpose | prefix | namespace, operation | version, schema | arguments |
/// |---|---|---|---|---|
/// | entry | yes | yes | yes | the encoded arguments |
/// | clear | yes | the operation's, or empty for the cache's | | empty |
/// | tag | yes | | | the tag |
/// | wrapper | | | | empty |
#[derive(Clone, Copy)]
pub struct NameFields<'a> {
    /// What the name is for.
    pub purpose: Purpose,
    /// What the store's keys begin with.
    pub prefix: &'a str,
    /// The application's subdivision of a cache.
    pub namespace: &'a str,
    /// The function, by its stable name.
    pub operation: &'a str,
    /// The user's version of the function.
    pub version: &'a str,
    /// A fingerprint of what the function returns.
    pub schema: &'a str,
    /// SHA-256 of the arguments' canonical encoding, of the tag, or of nothing.
    pub arguments: &'a [u8; 32],
}

impl NameFields<'_> {
    /// The text fields in their order, each refused if it is too long or has no place here.
    pub(crate) fn checked(&self) -> Result<[&str; 6], Error> {
        let fields = [
            ("prefix", self.prefix, self.purpose != Purpose::Wrapper),
            ("namespace", self.namespace, self.names_operation()),
            ("operation", self.operation, self.names_operation()),
            ("version", self.version, self.purpose == Purpose::Entry),
            ("schema", self.schema, self.purpose == Purpose::Entry),
        ];
        for (field, text, allowed) in fields {
            if !allowed && !text.is_empty() {
                return Err(Error::MisplacedField { purpose: self.purpose, field });
            }
            length(field, text)?;
        }
        let purpose = self.purpose.as_str();
        Ok([purpose, self.prefix, self.namespace, self.operation, self.version, self.schema])
    }

    fn names_operation(&self) -> bool {
        matches!(self.purpose, Purpose::Entry | Purpose::Clear)
    }
}

/// The length of a variable field as it is encoded, or an error: never a wrap.
pub(crate) fn length(field: &'static str, text: &str) -> Result<[u8; 2], Error> {
    let too_long = |_| Error::FieldTooLong { field, length: text.len() };
    u16::try_from(text.len()).map(u16::to_be_bytes).map_err(too_long)
}

/// The blinded name of an entry: bound into its seal, and in part the store's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name([u8; 32]);

impl Name {
    pub(crate) fn derive(key: &hmac::Key, fields: &NameFields<'_>) -> Result<Self, Error> {
        let mut context = hmac::Context::with_key(key);
        for text in fields.checked()? {
            context.update(&length("field", text)?);
            context.update(text.as_bytes());
        }
        context.update(fields.arguments);
        context.sign().as_ref().first_chunk().copied().map(Self).ok_or(Error::Primitive)
    }

    /// All 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key in the store: `prefix`, then 27 characters of base64url for the first 20 bytes.
    #[must_use]
    pub fn store_key(&self, prefix: &str) -> String {
        let mut key = String::with_capacity(prefix.len() + 27);
        key.push_str(prefix);
        let (shown, _) = self.0.split_at(20);
        URL_SAFE_NO_PAD.encode_string(shown, &mut key);
        key
    }
}

#[cfg(feature = "vectors")]
impl Name {
    /// A name from a vector.
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// SHA-256 over `parts`, the texts each behind its length.
pub(crate) fn plain_digest(texts: &[&str], arguments: &[u8; 32]) -> Result<[u8; 32], Error> {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in texts {
        context.update(&length("field", text)?);
        context.update(text.as_bytes());
    }
    context.update(arguments);
    context.finish().as_ref().first_chunk().copied().ok_or(Error::Primitive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(purpose: Purpose) -> NameFields<'static> {
        let prefix = if purpose == Purpose::Wrapper { "" } else { "ck:" };
        NameFields {
            purpose,
            prefix,
            namespace: "",
            operation: "",
            version: "",
            schema: "",
            arguments: &[7; 32],
        }
    }

    fn name(fields: &NameFields<'_>) -> Result<Name, Error> {
        Name::derive(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), fields)
    }

    #[test]
    fn every_field_and_every_boundary_counts() {
        let entry = fields(Purpose::Entry);
        let names = [
            entry,
            NameFields { prefix: "ck", ..entry },
            NameFields { namespace: "ab", operation: "c", ..entry },
            NameFields { namespace: "a", operation: "bc", ..entry },
            NameFields { operation: "abc", ..entry },
            NameFields { version: "abc", ..entry },
            NameFields { schema: "abc", ..entry },
            NameFields { arguments: &[8; 32], ..entry },
            fields(Purpose::Clear),
            fields(Purpose::Tag),
            fields(Purpose::Wrapper),
        ];
        let names: Vec<_> = names.iter().map(|fields| name(fields).unwrap()).collect();
        for (i, one) in names.iter().enumerate() {
            assert!(!names[i + 1..].contains(one), "{i}");
        }
    }

    #[test]
    fn fields_without_a_place_are_refused_not_ignored() {
        let misplaced = |fields: NameFields<'_>| match name(&fields) {
            Err(Error::MisplacedField { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let version = NameFields { version: "1", ..fields(Purpose::Clear) };
        assert_eq!(misplaced(version), "version");
        let operation = NameFields { operation: "f", ..fields(Purpose::Tag) };
        assert_eq!(misplaced(operation), "operation");
        let prefix = NameFields { prefix: "ck:", ..fields(Purpose::Wrapper) };
        assert_eq!(misplaced(prefix), "prefix");
    }

    #[test]
    fn long_fields_are_refused_and_never_wrap() {
        let fits = "x".repeat(65_535);
        assert!(name(&NameFields { operation: &fits, ..fields(Purpose::Entry) }).is_ok());
        let long = "x".repeat(65_536);
        let error = name(&NameFields { operation: &long, ..fields(Purpose::Entry) }).unwrap_err();
        assert_eq!(error, Error::FieldTooLong { field: "operation", length: 65_536 });
    }

    #[test]
    fn a_store_key_is_the_prefix_and_27_characters() {
        let key = name(&fields(Purpose::Entry)).unwrap().store_key("app:");
        assert_eq!(key.len(), 4 + 27);
        assert!(key[4..].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
}
