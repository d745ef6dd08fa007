//! Names, store keys, and the keys of plain entries.

use aws_lc_rs::digest::{SHA256, digest};
use cachekit_seal::{NameFields, NamingKey, Purpose, plain};
use serde_json::{Value, json};

use crate::scene::{CLINIC, ERASABLE, MASTER, NAMING, NOBODYS, NOW, Whose, fields, single};

pub(crate) fn vectors() -> Vec<Value> {
    let entry = fields(Purpose::Entry);
    let full = NameFields {
        prefix: "app:",
        namespace: "héllo",
        version: "3",
        schema: "9f86d081",
        ..entry
    };
    let everything = NameFields { operation: "", ..fields(Purpose::Clear) };
    let spaced = NameFields { namespace: "intake", ..fields(Purpose::Clear) };
    vec![
        vector("an entry without a tenant", NOBODYS, None, &entry, b"\x91\x2a"),
        vector("an entry of a tenant", CLINIC, None, &entry, b"\x91\x2a"),
        vector("a tenant with a secret", ERASABLE, None, &entry, b"\x91\x2a"),
        vector("a naming key", CLINIC, Some(NAMING), &entry, b"\x91\x2a"),
        vector("every field", CLINIC, None, &full, b"\x91\x2a"),
        vector("no arguments", NOBODYS, None, &entry, b""),
        vector("the barrier of a cache", NOBODYS, None, &everything, b""),
        vector("the barrier of an operation", NOBODYS, None, &fields(Purpose::Clear), b""),
        vector("the barrier of an operation in a namespace", NOBODYS, None, &spaced, b""),
        vector("the barrier of a tag", CLINIC, None, &fields(Purpose::Tag), "ward ß".as_bytes()),
        vector("a wrapper", CLINIC, None, &fields(Purpose::Wrapper), b""),
    ]
}

fn vector(
    comment: &str,
    whose: Whose,
    naming: Option<&str>,
    fields: &NameFields<'_>,
    arguments: &[u8],
) -> Value {
    let hash: [u8; 32] = digest(&SHA256, arguments).as_ref().try_into().unwrap();
    let fields = NameFields { arguments: &hash, ..*fields };
    let mut ring = single(MASTER);
    if let Some(naming) = naming {
        ring = ring.with_naming_key(NamingKey::from_hex(naming).unwrap());
    }
    let name = whose.keys(&ring).names(NOW, &fields).unwrap()[0];
    let is_wrapper = fields.purpose == Purpose::Wrapper;
    let plain_key = plain::key(&fields, whose.tenant).unwrap();
    json!({
        "comment": comment,
        "master": MASTER,
        "naming_key": naming,
        "tenant": whose.tenant,
        "tenant_secret": whose.secret,
        "purpose": fields.purpose.as_str(),
        "prefix": fields.prefix,
        "namespace": fields.namespace,
        "operation": fields.operation,
        "version": fields.version,
        "schema": fields.schema,
        "arguments": hex::encode(arguments),
        "name": hex::encode(name.as_bytes()),
        "store_key": (!is_wrapper).then(|| name.store_key(fields.prefix)),
        "plain_key": (!is_wrapper).then_some(plain_key),
    })
}
