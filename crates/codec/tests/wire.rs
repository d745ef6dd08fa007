//! The token reader against any bytes, and against what the writer wrote.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use cachekit_codec::wire::{Malformed, Reader, Token, Writer};
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Flat(i8, Vec<u8>),
    Nested(i8, Box<Value>),
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Signed),
        (-300_i64..300).prop_map(Value::Signed),
        ((1 << 63)..=u64::MAX).prop_map(Value::Unsigned),
        any::<u64>().prop_map(Value::Float),
        ".{0,40}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        (any::<i8>(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(code, payload)| Value::Flat(code, payload)),
    ];
    leaf.prop_recursive(6, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            prop::collection::vec((inner.clone(), inner.clone()), 0..20).prop_map(Value::Map),
            (any::<i8>(), inner).prop_map(|(code, value)| Value::Nested(code, Box::new(value))),
        ]
    })
}

fn write(value: &Value, writer: &mut Writer<'_>) {
    match value {
        Value::Nil => writer.nil(),
        Value::Bool(value) => writer.bool(*value),
        Value::Signed(value) => writer.signed(*value),
        Value::Unsigned(value) => writer.unsigned(*value),
        Value::Float(bits) => writer.float(f64::from_bits(*bits)),
        Value::Text(text) => writer.text(text).unwrap(),
        Value::Bytes(bytes) => writer.bytes(bytes).unwrap(),
        Value::Array(values) => {
            writer.array(values.len()).unwrap();
            values.iter().for_each(|value| write(value, writer));
        }
        Value::Map(pairs) => {
            writer.map(pairs.len()).unwrap();
            for (key, value) in pairs {
                write(key, writer);
                write(value, writer);
            }
        }
        Value::Flat(code, payload) => writer.extension(*code, payload).unwrap(),
        Value::Nested(code, value) => {
            let open = writer.open(*code);
            write(value, writer);
            writer.close(open).unwrap();
        }
    }
}

/// Reads the same value again, guided by `expected` where the bytes alone do not tell.
fn assert_reads(expected: &Value, reader: &mut Reader<'_>) {
    match (expected, reader.token().unwrap()) {
        (Value::Nil, Token::Nil) => {}
        (Value::Bool(one), Token::Bool(other)) => assert_eq!(*one, other),
        (Value::Signed(one), Token::Signed(other)) => assert_eq!(*one, other),
        (Value::Unsigned(one), Token::Unsigned(other)) => assert_eq!(*one, other),
        (Value::Float(bits), Token::Float(other)) => assert_eq!(*bits, other.to_bits()),
        (Value::Text(one), Token::Text(other)) => assert_eq!(one.as_bytes(), other),
        (Value::Bytes(one), Token::Bytes(other)) => assert_eq!(one, other),
        (Value::Array(values), Token::Array(count)) => {
            assert_eq!(values.len(), count);
            values.iter().for_each(|value| assert_reads(value, reader));
        }
        (Value::Map(pairs), Token::Map(count)) => {
            assert_eq!(pairs.len(), count);
            for (key, value) in pairs {
                assert_reads(key, reader);
                assert_reads(value, reader);
            }
        }
        (Value::Flat(code, payload), Token::Extension(other, found)) => {
            assert_eq!((*code, payload.as_slice()), (other, found));
        }
        (Value::Nested(code, value), Token::Extension(other, payload)) => {
            assert_eq!(*code, other);
            let mut inner = Reader::new(payload);
            assert_reads(value, &mut inner);
            assert_eq!(inner.finish(), Ok(()));
        }
        (expected, token) => panic!("{expected:?} was read as {token:?}"),
    }
}

/// How many elements all headers of an input promised, extensions opened as well.
fn promised(input: &[u8], depth: usize) -> usize {
    let mut reader = Reader::new(input);
    let mut sum = 0;
    while let Ok(token) = reader.token() {
        sum += match token {
            Token::Array(count) => count,
            Token::Map(count) => 2 * count,
            Token::Extension(_, payload) if depth > 0 => promised(payload, depth - 1),
            _ => 0,
        };
    }
    sum
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_was_written_is_read(value in value()) {
        let mut bytes = Vec::new();
        write(&value, &mut Writer::new(&mut bytes));
        let mut reader = Reader::new(&bytes);
        assert_reads(&value, &mut reader);
        prop_assert_eq!(reader.finish(), Ok(()));
        prop_assert_eq!(reader.token(), Err(Malformed::Complete));
    }

    #[test]
    fn what_is_cut_short_is_not_complete(value in value(), cut in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        write(&value, &mut Writer::new(&mut bytes));
        let cut = bytes.get(..cut.index(bytes.len())).unwrap_or_default();
        let mut reader = Reader::new(cut);
        while reader.token().is_ok() {}
        prop_assert!(reader.finish().is_err());
    }

    #[test]
    fn headers_promise_no_more_than_there_are_bytes(
        input in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..0xA0_u8, 0xC7..0xE0_u8], 0..400)
    ) {
        prop_assert!(promised(&input, 8) <= input.len());
    }
}

/// A few, so that the suite stays quick; as many as `make test-long` asks for.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(few))
}
