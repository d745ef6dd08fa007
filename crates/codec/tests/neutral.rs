//! What Python wrote, read by Rust types.
#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap fails")]

use std::collections::BTreeMap;

use cachekit_codec::wire::Writer;
use cachekit_codec::{Codec, Error, Limits, MessagePack};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: Option<String>,
}

/// An extension whose payload `content` writes.
fn extension(out: &mut Vec<u8>, code: i8, content: impl FnOnce(&mut Vec<u8>)) {
    let mut payload = Vec::new();
    content(&mut payload);
    Writer::new(out).extension(code, &payload).unwrap();
}

/// `[class, [x, y]]`, the class by its definition or by its number.
fn record(out: &mut Vec<u8>, first: bool, x: i64, y: &str) {
    extension(out, 34, |out| {
        let mut writer = Writer::new(out);
        writer.array(2).unwrap();
        if first {
            writer.array(3).unwrap();
            ["app:Point", "x", "y"].iter().for_each(|name| writer.text(name).unwrap());
        } else {
            writer.unsigned(0);
        }
        writer.array(2).unwrap();
        writer.signed(x);
        writer.text(y).unwrap();
    });
}

fn read<V: Serialize + serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<V, Error> {
    MessagePack::default().decode(bytes)
}

#[test]
fn records_are_maps_and_their_class_is_defined_once() {
    let mut bytes = vec![0x92];
    record(&mut bytes, true, 1, "a");
    record(&mut bytes, false, 2, "b");
    let expected = vec![Point { x: 1, y: Some("a".into()) }, Point { x: 2, y: Some("b".into()) }];
    assert_eq!(read::<Vec<Point>>(&bytes), Ok(expected));
}

#[test]
fn a_number_without_a_class_is_refused() {
    let mut bytes = Vec::new();
    record(&mut bytes, false, 1, "a");
    assert!(matches!(read::<Point>(&bytes), Err(Error::Decode { .. })));
}

#[test]
fn tuples_sets_texts_and_moments_are_plain() {
    let mut bytes = vec![0x94];
    extension(&mut bytes, 5, |out| out.extend([0x92, 1, 2]));
    extension(&mut bytes, 6, |out| out.extend([0x91, 3]));
    Writer::new(&mut bytes).extension(24, b"1.10").unwrap();
    let noon = [7, 234, 2, 28, 12, 0, 0, 0, 0, 1, 0xd3, 0, 0, 0, 1, 0xad, 0x27, 0x48, 0];
    Writer::new(&mut bytes).extension(16, &noon).unwrap();
    let value: (Vec<u8>, Vec<u8>, String, String) = read(&bytes).unwrap();
    assert_eq!(value.0, [1, 2]);
    assert_eq!(value.1, [3]);
    assert_eq!(value.2, "1.10");
    assert_eq!(value.3, "2026-02-28T12:00:00.000001+02:00");
}

#[test]
fn what_has_no_plain_reading_is_refused() {
    for code in [-1, 0, 1, 2, 3, 12, 19, 20, 25, 29, 40, 42, 99] {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).extension(code, &[0xc0]).unwrap();
        assert!(read::<BTreeMap<String, u8>>(&bytes).is_err(), "{code}");
        assert!(read::<Option<u8>>(&bytes).is_err(), "{code}");
    }
}

#[test]
fn names_that_are_written_out_do_not_grow_beyond_the_limit() {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).array(1000).unwrap();
    extension(&mut bytes, 34, |out| {
        let mut writer = Writer::new(out);
        writer.array(2).unwrap();
        writer.array(2).unwrap();
        writer.text("app:Wide").unwrap();
        writer.text(&"n".repeat(10_000)).unwrap();
        writer.array(1).unwrap();
        writer.nil();
    });
    for _ in 1..1000 {
        extension(&mut bytes, 34, |out| out.extend([0x92, 0, 0x91, 0xc0]));
    }
    let codec = MessagePack::new(Limits::new(100_000));
    let read: Result<Vec<BTreeMap<String, Option<u8>>>, _> = codec.decode(&bytes);
    assert!(matches!(read, Err(Error::TooLong { limit: 100_000, .. })));
}

proptest! {
    /// Extensions nested and cut at random: an error or a value, never a panic.
    #[test]
    fn any_bytes_are_read_or_refused(code in 1_i8..43, payload in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).extension(code, &payload).unwrap();
        let _ = read::<Vec<Option<String>>>(&bytes);
    }
}
