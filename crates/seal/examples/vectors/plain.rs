//! Entries of caches that seal nothing.

use cachekit_seal::plain;
use serde_json::{Value, json};

use crate::entries::{body, content};
use crate::forge::{Forged, rle_frame};
use crate::scene::NOW;

pub(crate) fn vectors() -> Vec<Value> {
    let value = Forged::value();
    let tagged = Forged { tags: vec![b"ward-3".to_vec()], ..value.clone() };
    let frame = rle_frame(b'z', 1_000);
    let compressed = Forged { codec: 2, body: frame, raw_len: Some(1_000), ..value.clone() };
    vec![
        vector("a small value", "entry", &value),
        vector("a tag", "entry", &tagged),
        vector("1000 bytes as one zstd frame", "entry", &compressed),
        vector("a result of None", "entry", &Forged::none()),
        vector("a tombstone", "entry", &Forged::tombstone()),
        vector("a barrier", "clear", &Forged::barrier()),
    ]
}

fn vector(comment: &str, purpose: &str, forged: &Forged) -> Value {
    let encoded = [&[0xC1, 1, 0, 0][..], &forged.fields()].concat();
    if forged.codec == 0 {
        let tags: Vec<_> = forged.tags.iter().map(|t| std::str::from_utf8(t).unwrap()).collect();
        assert_eq!(plain::encode(&content(forged, &tags)).unwrap(), encoded, "{comment}");
    }
    json!({
        "comment": comment,
        "purpose": purpose,
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
        "encoded": hex::encode(encoded),
    })
}
