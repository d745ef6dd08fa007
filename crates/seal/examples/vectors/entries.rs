//! Sealed entries, with everything on the way to them.

use cachekit_process::UnixMillis;
use cachekit_seal::danger::{expand, seal, seal_key, seal_plaintext};
use cachekit_seal::{Compression, Content, Kind, Purpose};
use serde_json::{Value, json};

use crate::forge::{Forged, rle_frame};
use crate::scene::{CLINIC, ERASABLE, MASTER, NOBODYS, NOW, Whose, name, nonce, single};

pub(crate) fn vectors() -> Vec<Value> {
    let value = Forged::value();
    let tags = vec![b"ward-3".to_vec(), "größe".as_bytes().to_vec()];
    let long = Forged { body: (0..=255).cycle().take(2_000).collect(), ..value.clone() };
    let frame = rle_frame(b'z', 1_000);
    let compressed = Forged { codec: 2, body: frame, raw_len: Some(1_000), ..value.clone() };
    let error = Forged { kind: 2, body: b"\x92\xaaValueError\xa3bad".to_vec(), ..value.clone() };
    let users = Forged { serializer: 128, body: b"anything".to_vec(), ..value.clone() };
    let json_value = Forged { serializer: 2, body: b"{\"a\":1}".to_vec(), ..value.clone() };
    let full = Forged { body: vec![7; 199], ..value.clone() };
    let over = Forged { body: vec![7; 200], ..value.clone() };
    let stale = Forged { stale_window: 3_600_000, ..value.clone() };
    let tagged = Forged { tags, ..value.clone() };
    [
        ("a small value", NOBODYS, Purpose::Entry, value.clone()),
        ("the same for a tenant", CLINIC, Purpose::Entry, value.clone()),
        ("the same for a tenant with a secret", ERASABLE, Purpose::Entry, value),
        ("JSON", CLINIC, Purpose::Entry, json_value),
        ("the user's own serializer", CLINIC, Purpose::Entry, users),
        ("a stale window of an hour", CLINIC, Purpose::Entry, stale),
        ("two tags", CLINIC, Purpose::Entry, tagged),
        ("the longest body of the shortest entry", CLINIC, Purpose::Entry, full),
        ("one byte more", CLINIC, Purpose::Entry, over),
        ("a body of 2000 bytes", CLINIC, Purpose::Entry, long),
        ("1000 bytes as one zstd frame", CLINIC, Purpose::Entry, compressed),
        ("a result of None", CLINIC, Purpose::Entry, Forged::none()),
        ("an error", CLINIC, Purpose::Entry, error),
        ("a tombstone", CLINIC, Purpose::Entry, Forged::tombstone()),
        ("a cache's barrier", NOBODYS, Purpose::Clear, Forged::barrier()),
        ("a tag's barrier", CLINIC, Purpose::Tag, Forged::barrier()),
        ("a wrapped value", CLINIC, Purpose::Wrapper, Forged::wrapper()),
    ]
    .into_iter()
    .enumerate()
    .map(|(position, (comment, whose, purpose, forged))| {
        vector(comment, whose, purpose, position as u64 + (1 << 40), &forged)
    })
    .collect()
}

fn vector(comment: &str, whose: Whose, purpose: Purpose, counter: u64, forged: &Forged) -> Value {
    let keys = whose.keys(&single(MASTER));
    let (name, nonce) = (name(&keys, purpose), nonce(counter));
    let plaintext = forged.plaintext();
    let sealed = seal_plaintext(&keys, 0, nonce, &name, &plaintext).unwrap();
    if forged.codec == 0 {
        let tags: Vec<_> = forged.tags.iter().map(|t| std::str::from_utf8(t).unwrap()).collect();
        let ours = seal(&keys, NOW, nonce, &name, &content(forged, &tags)).unwrap();
        assert_eq!(ours.as_bytes(), sealed, "{comment}");
    }
    let k_seal = seal_key(&keys, 0).unwrap();
    let session = expand(&k_seal, &[b"cachekit/2 session", &[1], &nonce.sid]).unwrap();
    json!({
        "comment": comment,
        "master": MASTER,
        "tenant": whose.tenant,
        "tenant_secret": whose.secret,
        "purpose": purpose.as_str(),
        "name": hex::encode(name.as_bytes()),
        "sid": hex::encode(nonce.sid),
        "counter": nonce.counter,
        "randomness": hex::encode(nonce.randomness),
        "now": NOW.0,
        "kind": forged.kind,
        "serializer": forged.serializer,
        "codec": forged.codec,
        "created": forged.created,
        "fresh_until": forged.fresh_until,
        "stale_window": forged.stale_window,
        "generation": hex::encode(forged.generation),
        "tags": forged.tags.iter().map(hex::encode).collect::<Vec<_>>(),
        "body": hex::encode(body(forged)),
        "stored": hex::encode(&forged.body),
        "session_key": hex::encode(session),
        "plaintext": hex::encode(plaintext),
        "header": hex::encode(&sealed[..36]),
        "sealed": hex::encode(&sealed),
    })
}

/// What the stored body expands to.
pub(crate) fn body(forged: &Forged) -> Vec<u8> {
    match forged.codec {
        2 => vec![b'z'; usize::try_from(forged.raw_len.unwrap()).unwrap()],
        _ => forged.body.clone(),
    }
}

pub(crate) fn content<'a>(forged: &'a Forged, tags: &'a [&'a str]) -> Content<'a> {
    let kinds = [Kind::Value, Kind::None, Kind::Error, Kind::Tombstone, Kind::Barrier];
    Content {
        kind: kinds[usize::from(forged.kind)],
        serializer: forged.serializer,
        compression: Compression::None,
        created: UnixMillis(forged.created),
        fresh_until: UnixMillis(forged.fresh_until),
        stale_window_ms: forged.stale_window,
        generation: forged.generation,
        tags,
        body: &forged.body,
    }
}
