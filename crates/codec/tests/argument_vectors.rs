//! The known answers of `docs/arguments.md`, in `tests/vectors/arguments.json`.
//!
//! `cargo test -p cachekit-codec --test argument_vectors -- --ignored` writes the `hex` of every
//! vector anew; the file's descriptions are written by hand.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::path::PathBuf;

use cachekit_codec::Error;
use cachekit_codec::arguments::{
    Bytes, Call, Container, Sign, Tagged, TypeTag, Writer, to_canonical,
};
use serde_json::Value;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/arguments.json")
}

fn vectors() -> Value {
    serde_json::from_slice(&std::fs::read(path()).unwrap()).unwrap()
}

/// Writes what a vector describes: an object of one entry, the kind and the content.
fn write(writer: &mut Writer<'_>, description: &Value) -> Result<(), Error> {
    let (kind, content) = description.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "none" => writer.none(),
        "bool" => writer.bool(content.as_bool().unwrap()),
        "int" => int(writer, content.as_str().unwrap()),
        "float" => {
            let bits = u64::from_str_radix(content.as_str().unwrap(), 16).unwrap();
            writer.float(f64::from_bits(bits));
        }
        "str" => writer.text(content.as_str().unwrap()),
        "utf8" => writer.text_with_surrogates(&hex::decode(content.as_str().unwrap()).unwrap()),
        "bytes" => writer.bytes(&hex::decode(content.as_str().unwrap()).unwrap()),
        "list" => items(writer, Container::List, content)?,
        "tuple" => items(writer, Container::Tuple, content)?,
        "set" => items(writer, Container::Set, content)?,
        "map" => items(writer, Container::Map, content)?,
        "standard" => tagged(writer, TypeTag::Standard(content[0].as_str().unwrap()), content)?,
        "class" => tagged(writer, TypeTag::Class(content[0].as_str().unwrap()), content)?,
        "some" => {
            let mut inner = Vec::new();
            write(&mut Writer::new(&mut inner), content)?;
            if inner.starts_with(b"N") || inner.starts_with(b"?") {
                writer.encoded(b"?");
            }
            writer.encoded(&inner);
        }
        other => panic!("no such kind: {other}"),
    }
    Ok(())
}

fn tagged(writer: &mut Writer<'_>, type_tag: TypeTag<'_>, content: &Value) -> Result<(), Error> {
    let open = writer.begin_tagged(type_tag)?;
    write(writer, &content[1])?;
    writer.end_tagged(open);
    Ok(())
}

fn items(writer: &mut Writer<'_>, container: Container, content: &Value) -> Result<(), Error> {
    let mut scope = writer.begin(container)?;
    for item in content.as_array().unwrap() {
        writer.entry(&mut scope);
        match item {
            Value::Array(pair) => pair.iter().try_for_each(|half| write(writer, half))?,
            item => write(writer, item)?,
        }
    }
    writer.end(scope);
    Ok(())
}

/// Decimal text to base 256.
fn int(writer: &mut Writer<'_>, text: &str) {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (Sign::Negative, digits),
        None => (Sign::NotNegative, text),
    };
    let mut magnitude = vec![0_u8; digits.len()];
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in magnitude.iter_mut().rev() {
            carry += u32::from(*byte) * 10;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
    }
    writer.integer(sign, &magnitude);
}

fn encode(vector: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    if let Some(value) = vector.get("value") {
        write(&mut writer, value).unwrap();
    } else if let Some(key) = vector.get("key") {
        let open = writer.begin_tagged(TypeTag::Standard("key")).unwrap();
        write(&mut writer, key).unwrap();
        writer.end_tagged(open);
    } else {
        let mut call = writer.begin_call();
        for argument in vector["arguments"].as_array().unwrap() {
            writer.entry(&mut call);
            writer.text(argument[0].as_str().unwrap());
            write(&mut writer, &argument[1]).unwrap();
        }
        writer.end(call);
    }
    out
}

const SECTIONS: [&str; 3] = ["values", "calls", "keys"];

#[test]
fn every_vector_is_met() {
    let vectors = vectors();
    for vector in SECTIONS.iter().flat_map(|section| vectors[section].as_array().unwrap()) {
        assert_eq!(
            hex::encode(encode(vector)),
            vector["hex"].as_str().unwrap(),
            "{}",
            vector["name"]
        );
    }
}

#[test]
#[ignore = "writes the vectors anew"]
fn write_vectors() {
    let mut vectors = vectors();
    for section in SECTIONS {
        for vector in vectors[section].as_array_mut().unwrap() {
            vector["hex"] = hex::encode(encode(vector)).into();
        }
    }
    let text = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    std::fs::write(path(), text).unwrap();
}

fn expected(section: &str, name: &str) -> Vec<u8> {
    let vectors = vectors();
    let all = vectors[section].as_array().unwrap();
    let found =
        all.iter().find(|vector| vector["name"] == name).unwrap_or_else(|| panic!("{name}"));
    hex::decode(found["hex"].as_str().unwrap()).unwrap()
}

/// The same values, as a Rust function has them.
#[test]
fn rust_values_meet_the_same_vectors() {
    assert_eq!(canonical(&u64::MAX), expected("values", "int 18446744073709551615"));
    assert_eq!(canonical(&i128::MIN), expected("values", &format!("int {}", i128::MIN)));
    assert_eq!(canonical(&(1, "a", None::<u8>)), expected("values", "tuple of the same"));
    assert_eq!(canonical(&Some(None::<u8>)), expected("values", "Rust's Some(None)"));
    assert_eq!(canonical(&Some(5)), expected("values", "int 5"));
    let map = std::collections::HashMap::from([("ward", "B")]);
    assert_eq!(canonical(&map), b"{s\x04wards\x01B}");
    let uuid = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes();
    let uuid = Tagged { name: "uuid", content: Bytes(&uuid) };
    assert_eq!(canonical(&uuid), expected("values", "uuid"));
}

fn canonical<T: serde::Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    to_canonical(value, &mut out).unwrap();
    out
}

#[test]
fn rust_calls_meet_the_same_vectors() {
    let mut out = Vec::new();
    let mut call = Call::new(&mut out);
    call.argument("user_id", &5_u32).unwrap();
    call.argument("locale", "de").unwrap();
    call.finish();
    assert_eq!(out, expected("calls", "two, sorted by encoded name: the shorter first"));

    let mut out = Vec::new();
    Call::keyed(&mut out, &("user:{user_id}", 5_i64)).unwrap();
    assert_eq!(out, expected("keys", "from a template"));
}
