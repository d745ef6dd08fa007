//! MessagePack.

use std::any::type_name;

use rmp_serde::{decode, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned, de::IgnoredAny};
use smallvec::SmallVec;

use crate::neutral::{self, Unreadable};
use crate::wire::{Malformed, Reader, Token};
use crate::{Codec, Error, Limits, MAX_DEPTH, Reason, SerializerId};

/// Values as MessagePack, structs as maps from field name to value: a field may be added or moved
/// without making older entries unreadable, and Python reads the entry as a dict.
///
/// What Python marks as a type of its own is read as the plain value that it is in any language: a
/// dataclass as the map of its fields, a tuple or a set as an array, an enum's member as its name, a
/// decimal, a path or a moment as text (ISO 8601), a UUID as its bytes (`docs/values.md`).
///
/// MessagePack has one nil: `Some(None)` of an `Option<Option<T>>` comes back as `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack {
    limits: Limits,
}

impl MessagePack {
    /// MessagePack within `limits`.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

impl<V: Serialize + DeserializeOwned> Codec<V> for MessagePack {
    fn id(&self) -> SerializerId {
        SerializerId::MSGPACK
    }

    fn encode(&self, value: &V, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        let mut encoder = rmp_serde::Serializer::new(&mut *out).with_struct_map();
        let written = value
            .serialize(&mut encoder)
            .map_err(|error| encode_error::<V>(&error))
            .and_then(|()| self.limits.check(out.len() - start))
            .and_then(|()| check_depth::<V>(out.get(start..).unwrap_or_default()));
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn decode(&self, bytes: &[u8]) -> Result<V, Error> {
        self.limits.check(bytes.len())?;
        let neutral = match measure::<V>(bytes)? {
            Extensions::None => None,
            Extensions::Some => Some(
                neutral::plain(bytes, self.limits.bytes)
                    .map_err(|error| unreadable::<V>(error, self.limits))?,
            ),
        };
        let bytes = neutral.as_deref().unwrap_or(bytes);
        let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
        // It counts down to zero and fails there: one more than what is accepted.
        decoder.set_max_depth(usize::from(MAX_DEPTH) + 1);
        let value = V::deserialize(&mut decoder).map_err(|error| decode_error::<V>(&error))?;
        // The scan has proved that one value fills the input; this proves that `V` took it all
        // (a tuple leaves the rest of a longer array unread).
        match IgnoredAny::deserialize(&mut decoder) {
            Ok(_) => Err(Error::Trailing { serializer: SerializerId::MSGPACK }),
            Err(_) => Ok(value),
        }
    }
}

/// Steps over the one value that `bytes` should be, before a decoder sees it.
///
/// Decoders reserve memory by the lengths they are told; serde's own caution caps that per
/// container, that of third-party types often not at all. After this no length claims more than is
/// there. Depth is the decoder's own to bound.
fn measure<V>(bytes: &[u8]) -> Result<Extensions, Error> {
    let mut reader = Reader::new(bytes);
    let mut extensions = Extensions::None;
    loop {
        match reader.token() {
            Ok(Token::Extension(..)) => extensions = Extensions::Some,
            Ok(_) => {}
            Err(Malformed::Complete) => {
                reader.finish().map_err(scan_error::<V>)?;
                return Ok(extensions);
            }
            Err(malformed) => return Err(scan_error::<V>(malformed)),
        }
    }
}

/// Whether a value has any: then Python wrote it.
enum Extensions {
    None,
    Some,
}

fn unreadable<V>(error: Unreadable, limits: Limits) -> Error {
    let reason = match error {
        Unreadable::Malformed(malformed) => return scan_error::<V>(malformed),
        Unreadable::TooDeep => return Error::TooDeep { limit: MAX_DEPTH },
        Unreadable::TooLong => {
            return Error::TooLong { length: limits.bytes.saturating_add(1), limit: limits.bytes };
        }
        Unreadable::Other(reason) => reason,
    };
    Error::Decode { serializer: SerializerId::MSGPACK, type_name: type_name::<V>(), reason }
}

/// Refuses what was written deeper than it would be read: rmp-serde's encoder has no bound.
fn check_depth<V>(bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(bytes);
    // Values still to come in each open container, the innermost last.
    let mut open = SmallVec::<[usize; 16]>::new();
    loop {
        let items = match reader.token() {
            Ok(Token::Array(items)) => Some(items),
            Ok(Token::Map(entries)) => Some(2 * entries),
            Ok(_) => None,
            Err(Malformed::Complete) => return Ok(()),
            Err(malformed) => return Err(scan_error::<V>(malformed)),
        };
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if let Some(items) = items {
            if open.len() == usize::from(MAX_DEPTH) {
                return Err(Error::TooDeep { limit: MAX_DEPTH });
            }
            open.push(items);
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
}

fn scan_error<V>(malformed: Malformed) -> Error {
    let reason = match malformed {
        Malformed::Overlong { remaining } => return Error::LengthLie { remaining },
        Malformed::Trailing { .. } => {
            return Error::Trailing { serializer: SerializerId::MSGPACK };
        }
        Malformed::Truncated => Reason::Truncated,
        _ => Reason::Syntax,
    };
    Error::Decode { serializer: SerializerId::MSGPACK, type_name: type_name::<V>(), reason }
}

fn encode_error<V>(error: &encode::Error) -> Error {
    let reason = match error {
        encode::Error::UnknownLength | encode::Error::InvalidDataModel(_) => Reason::Mismatch,
        _ => Reason::Refused,
    };
    Error::Encode { serializer: SerializerId::MSGPACK, type_name: type_name::<V>(), reason }
}

fn decode_error<V>(error: &decode::Error) -> Error {
    let reason = match error {
        decode::Error::DepthLimitExceeded => return Error::TooDeep { limit: MAX_DEPTH },
        decode::Error::InvalidMarkerRead(_) | decode::Error::InvalidDataRead(_) => {
            Reason::Truncated
        }
        decode::Error::OutOfRange => Reason::OutOfRange,
        decode::Error::Utf8Error(_) => Reason::NotUtf8,
        _ => Reason::Mismatch,
    };
    Error::Decode { serializer: SerializerId::MSGPACK, type_name: type_name::<V>(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Patient {
        id: u64,
        name: String,
        scores: Vec<f64>,
        ward: Option<String>,
    }

    fn decode<V: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<V, Error> {
        MessagePack::default().decode(bytes)
    }

    fn encode<V: Serialize + DeserializeOwned>(value: &V) -> Vec<u8> {
        let mut out = Vec::new();
        MessagePack::default().encode(value, &mut out).unwrap();
        out
    }

    #[test]
    fn a_struct_is_a_map_of_field_names_and_comes_back_equal() {
        let patient = Patient { id: 7, name: "Ada".into(), scores: vec![0.5, -0.0], ward: None };
        let bytes = encode(&patient);
        assert_eq!(bytes[0], 0x84, "a map of four");
        assert_eq!(bytes[1..4], [0xa2, b'i', b'd']);
        assert_eq!(decode::<Patient>(&bytes), Ok(patient));
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        let trailing = Err(Error::Trailing { serializer: SerializerId::MSGPACK });
        assert_eq!(decode::<u8>(&[1, 1]), trailing);
        assert_eq!(
            decode::<Option<u8>>(&[0xc0, 0xc0]),
            Err(Error::Trailing { serializer: SerializerId::MSGPACK })
        );
        assert!(decode::<(u8, u8)>(&[0x93, 1, 2, 3]).is_err(), "an array of three is no pair");
    }

    #[test]
    fn nesting_is_bounded_alike_on_both_sides() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Nested(Vec<Nested>);
        let nested = |depth: usize| (1..depth).fold(Nested(vec![]), |inner, _| Nested(vec![inner]));
        let deepest = encode(&nested(MAX_DEPTH.into()));
        assert!(decode::<Nested>(&deepest).is_ok());

        let mut out = Vec::new();
        let too_deep = nested(usize::from(MAX_DEPTH) + 1);
        let refused = MessagePack::default().encode(&too_deep, &mut out);
        assert_eq!(refused, Err(Error::TooDeep { limit: MAX_DEPTH }));
        assert!(out.is_empty());

        let bomb = [vec![0x91; 100_000], vec![0x90]].concat();
        assert_eq!(decode::<Nested>(&bomb).unwrap_err(), Error::TooDeep { limit: MAX_DEPTH });
    }

    #[test]
    fn a_length_lie_is_refused_before_anything_is_allocated() {
        let lie = [0xdd, 0xff, 0xff, 0xff, 0xff, 1];
        let expected = Error::LengthLie { remaining: 1 };
        assert_eq!(decode::<Vec<u64>>(&lie), Err(expected));
    }

    #[test]
    fn an_error_never_repeats_the_value() {
        let error = decode::<u8>(&encode(&"Jane Doe".to_owned())).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Jane"));
    }

    #[test]
    fn length_is_bounded_on_both_sides() {
        let small = MessagePack::new(Limits::new(4));
        let mut out = b"before".to_vec();
        let refused = Err(Error::TooLong { length: 6, limit: 4 });
        assert_eq!(small.encode(&"hello".to_owned(), &mut out), refused);
        assert_eq!(out, b"before");
        let overlong: Result<String, Error> = small.decode(b"\xa5hello");
        assert_eq!(overlong, Err(Error::TooLong { length: 6, limit: 4 }));
    }
}
