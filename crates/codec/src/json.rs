//! JSON, RFC 8259.

use std::any::type_name;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::{Codec, Error, Limits, Reason, SerializerId};

/// Values as compact JSON, for whoever wants to read a plain store with other tools.
///
/// JSON cannot tell NaN and infinities from `null`, and only has strings as map keys; both are the
/// user's choice. A value that nests deeper than [`MAX_DEPTH`](crate::MAX_DEPTH) is written, but
/// refused when it is read: a miss each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json {
    limits: Limits,
}

impl Json {
    /// JSON within `limits`.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

impl<V: Serialize + DeserializeOwned> Codec<V> for Json {
    fn id(&self) -> SerializerId {
        SerializerId::JSON
    }

    fn encode(&self, value: &V, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        let written = serde_json::to_writer(&mut *out, value)
            .map_err(|error| Error::Encode {
                serializer: SerializerId::JSON,
                type_name: type_name::<V>(),
                reason: reason(&error),
            })
            .and_then(|()| self.limits.check(out.len() - start));
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn decode(&self, bytes: &[u8]) -> Result<V, Error> {
        self.limits.check(bytes.len())?;
        // serde_json stops at 127 levels by itself.
        let mut decoder = serde_json::Deserializer::from_slice(bytes);
        let value = V::deserialize(&mut decoder).map_err(|error| Error::Decode {
            serializer: SerializerId::JSON,
            type_name: type_name::<V>(),
            reason: reason(&error),
        })?;
        decoder.end().map_err(|_| Error::Trailing { serializer: SerializerId::JSON })?;
        Ok(value)
    }
}

fn reason(error: &serde_json::Error) -> Reason {
    match error.classify() {
        Category::Eof => Reason::Truncated,
        Category::Data => Reason::Mismatch,
        Category::Syntax => Reason::Syntax,
        Category::Io => Reason::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode<V: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<V, Error> {
        Json::default().decode(bytes)
    }

    #[test]
    fn what_follows_the_value_is_refused_but_for_white_space() {
        assert_eq!(decode::<u8>(b"1 \n"), Ok(1));
        assert_eq!(decode::<u8>(b"1 2"), Err(Error::Trailing { serializer: SerializerId::JSON }));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(decode::<serde_json::Value>(&nested(127)).is_ok());
        assert!(decode::<serde_json::Value>(&nested(128)).is_err());
    }

    #[test]
    fn an_error_never_repeats_the_value() {
        let error = decode::<u8>(br#""Jane Doe""#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Jane"));
    }

    #[test]
    fn a_failed_or_overlong_encoding_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        let nameless = std::collections::HashMap::from([((1_u8, 2_u8), 3_u8)]);
        assert!(Json::default().encode(&nameless, &mut out).is_err());
        assert!(Json::new(Limits::new(3)).encode(&"long".to_owned(), &mut out).is_err());
        assert_eq!(out, b"before");
    }
}
