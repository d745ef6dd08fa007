//! The known-answer vectors of `tests/vectors/`, against this implementation.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use cachekit_process::UnixMillis;
use cachekit_seal::danger::{self, ChosenNonce};
use cachekit_seal::{
    Error, Keyring, MasterKey, NameFields, NamingKey, OpenLimits, Opened, Purpose, Refusal,
    Scratch, Tenant, TenantKeys, TenantSecret, plain,
};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(file);
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vectors = document["vectors"].as_array().unwrap().clone();
    assert!(!vectors.is_empty());
    vectors
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} of {}", vector["comment"]))
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    hex::decode(text(vector, field)).unwrap()
}

fn array<const N: usize>(vector: &Value, field: &str) -> [u8; N] {
    bytes(vector, field).try_into().unwrap()
}

fn number(vector: &Value, field: &str) -> u64 {
    vector[field].as_u64().unwrap_or_else(|| panic!("{field} of {}", vector["comment"]))
}

fn ring(vector: &Value) -> Keyring {
    if let Some(list) = vector["list"].as_str() {
        return Keyring::from_rotation(list, None).unwrap();
    }
    let ring = Keyring::single(MasterKey::from_hex(text(vector, "master")).unwrap());
    match vector["naming_key"].as_str() {
        Some(key) => ring.with_naming_key(NamingKey::from_hex(key).unwrap()),
        None => ring,
    }
}

fn keys(vector: &Value) -> TenantKeys {
    let secret = vector["tenant_secret"].as_str();
    let secret =
        secret.map(|secret| TenantSecret::from_bytes(&hex::decode(secret).unwrap()).unwrap());
    let tenant = match vector["tenant"].as_str() {
        None => Tenant::None,
        Some(name) => Tenant::Named { name, secret: secret.as_ref() },
    };
    ring(vector).tenant(&tenant).unwrap()
}

fn purpose(vector: &Value) -> Purpose {
    match text(vector, "purpose") {
        "entry" => Purpose::Entry,
        "clear" => Purpose::Clear,
        "tag" => Purpose::Tag,
        "wrapper" => Purpose::Wrapper,
        other => panic!("{other}"),
    }
}

#[test]
fn keys_derive_as_written() {
    for vector in vectors("keys.json") {
        let key = MasterKey::from_hex(text(&vector, "master")).unwrap();
        let (prk, naming) = danger::master_secrets(&key);
        assert_eq!(prk, array(&vector, "prk"));
        assert_eq!(key.id(), array(&vector, "kid"));
        if vector["naming_key"].is_null() {
            assert_eq!(naming, array(&vector, "n"));
        }
        assert_eq!(danger::seal_key(&keys(&vector), 0).unwrap(), array(&vector, "k_seal"));
    }
}

#[test]
fn names_derive_as_written() {
    for vector in vectors("names.json") {
        let arguments = digest(&SHA256, &bytes(&vector, "arguments"));
        let fields = NameFields {
            purpose: purpose(&vector),
            prefix: text(&vector, "prefix"),
            namespace: text(&vector, "namespace"),
            operation: text(&vector, "operation"),
            version: text(&vector, "version"),
            schema: text(&vector, "schema"),
            arguments: arguments.as_ref().try_into().unwrap(),
        };
        let names = keys(&vector).names(UnixMillis(0), &fields).unwrap();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].as_bytes(), &array(&vector, "name"), "{}", vector["comment"]);
        if let Some(key) = vector["store_key"].as_str() {
            assert_eq!(names[0].store_key(fields.prefix), key);
            let tenant = vector["tenant"].as_str();
            assert_eq!(plain::key(&fields, tenant).unwrap(), text(&vector, "plain_key"));
        }
    }
}

#[test]
fn entries_seal_and_open_as_written() {
    for vector in vectors("entries.json") {
        let keys = keys(&vector);
        let name = danger::name(array(&vector, "name"));
        let nonce = ChosenNonce {
            sid: array(&vector, "sid"),
            counter: number(&vector, "counter"),
            randomness: array(&vector, "randomness"),
        };
        let plaintext = bytes(&vector, "plaintext");
        let sealed = danger::seal_plaintext(&keys, 0, nonce, &name, &plaintext).unwrap();
        assert_eq!(sealed, bytes(&vector, "sealed"), "{}", vector["comment"]);

        let (limits, mut scratch) = (OpenLimits::new(purpose(&vector)), Scratch::new());
        let now = UnixMillis(number(&vector, "now"));
        let opened = keys.open(now, &name, &limits, &sealed, &mut scratch).ok().unwrap();
        let session = opened.session().unwrap().clone();
        same_content(&vector, opened);
        let mut scratch = Scratch::new();
        same_content(&vector, session.reopen(&name, &sealed, &mut scratch).ok().unwrap());
    }
}

#[test]
fn plain_entries_are_as_written() {
    for vector in vectors("plain.json") {
        let (encoded, mut scratch) = (bytes(&vector, "encoded"), Scratch::new());
        let limits = OpenLimits::new(purpose(&vector));
        let now = UnixMillis(number(&vector, "now"));
        same_content(&vector, plain::decode(now, &limits, &encoded, &mut scratch).ok().unwrap());
        let mut scratch = Scratch::new();
        same_content(&vector, plain::reopen(&encoded, &mut scratch).ok().unwrap());
    }
}

fn same_content(vector: &Value, opened: Opened<'_>) {
    assert_eq!(opened.kind() as u64, number(vector, "kind"));
    assert_eq!(u64::from(opened.serializer()), number(vector, "serializer"));
    assert_eq!(opened.compression() as u64, number(vector, "codec"));
    assert_eq!(opened.created().0, number(vector, "created"));
    assert_eq!(opened.fresh_until().0, number(vector, "fresh_until"));
    assert_eq!(u64::from(opened.stale_window_ms()), number(vector, "stale_window"));
    assert_eq!(opened.generation(), array(vector, "generation"));
    let tags: Vec<_> = opened.tags().map(hex::encode).collect();
    assert_eq!(Value::from(tags), vector["tags"]);
    assert_eq!(opened.into_body().unwrap(), bytes(vector, "body"));
}

#[test]
fn refusals_are_the_ones_written() {
    for vector in vectors("refusals.json") {
        let seen = match open(&vector) {
            Ok(()) => (Value::Null, Value::Null),
            Err(refusal) => (refusal.counted_as().into(), detail(&refusal)),
        };
        let expected = (vector["refusal"].clone(), vector["detail"].clone());
        assert_eq!(seen, expected, "{}", vector["comment"]);
    }
}

fn open(vector: &Value) -> Result<(), Refusal> {
    let (bytes, mut scratch) = (bytes(vector, "bytes"), Scratch::new());
    let now = UnixMillis(number(vector, "now"));
    let limits = OpenLimits::new(purpose(vector))
        .max_ttl(Duration::from_millis(number(vector, "max_ttl")))
        .max_stale_window(Duration::from_millis(number(vector, "max_stale_window")))
        .max_body(usize::try_from(number(vector, "max_body")).unwrap())
        .serializer(u8::try_from(number(vector, "serializer")).unwrap());
    let keys = keys(vector);
    let opened = match text(vector, "protection") {
        "plain" => plain::decode(now, &limits, &bytes, &mut scratch)?,
        _ => {
            let name = danger::name(array(vector, "name"));
            keys.open(now, &name, &limits, &bytes, &mut scratch)?
        }
    };
    opened.into_body().map(drop)
}

/// The check that failed, by the name of the variant.
fn detail(refusal: &Refusal) -> Value {
    let name = match refusal {
        Refusal::Tampered(fault) | Refusal::Malformed(fault) => format!("{fault:?}"),
        Refusal::Unsupported { feature, .. } => format!("{feature:?}"),
        Refusal::OutsidePolicy(policy) => format!("{policy:?}"),
        _ => return Value::Null,
    };
    name.split('(').next().into()
}

#[test]
fn rotation_lists_are_understood_as_written() {
    for vector in vectors("rotation.json") {
        let master = vector["master"].as_str().map(|key| MasterKey::from_hex(key).unwrap());
        let ring = match Keyring::from_rotation(text(&vector, "list"), master) {
            Ok(ring) => ring,
            Err(Error::Rotation { entry, problem }) => {
                let expected = &vector["refused"];
                assert_eq!(entry as u64, number(expected, "entry"));
                assert!(format!("{problem:?}").starts_with(text(expected, "problem")));
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        let plan: Vec<_> = ring.plan().iter().map(|key| hex::encode(key.kid)).collect();
        let expected = vector["keys"].as_array().unwrap();
        assert_eq!(plan, expected.iter().map(|key| text(key, "kid")).collect::<Vec<_>>());
        for (key, expected) in ring.plan().iter().zip(expected) {
            assert_eq!(key.demotion.map(|date| date.0), expected["demotion"].as_u64());
        }
        for moment in vector["seals"].as_array().unwrap() {
            let seals = ring.sealing_key(UnixMillis(number(moment, "now"))).ok().map(hex::encode);
            assert_eq!(seals.as_deref(), moment["kid"].as_str(), "{}", vector["comment"]);
        }
    }
}
