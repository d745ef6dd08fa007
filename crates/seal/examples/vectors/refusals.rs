//! What must be refused, each with the refusal it must get; and what lies just inside.

use cachekit_process::UnixMillis;
use cachekit_seal::danger::seal_plaintext;
use cachekit_seal::{Keyring, MasterKey, Purpose};
use serde_json::{Value, json};

use crate::forge::{Forged, Padding, rle_frame, skippable_frame};
use crate::scene::{
    CLINIC, ERASABLE, LONG_MASTER, MASTER, NOBODYS, NOW, OTHER_MASTER, Whose, name, nonce,
};

/// The reader's list: MASTER seals from the first of October on, OTHER_MASTER until then.
fn list() -> String {
    format!("{MASTER}@seal-after=2026-10-01T00:00:00Z,{OTHER_MASTER},{LONG_MASTER}@revoked")
}
const SEALS: usize = 0;
const DEMOTED: usize = 1;
const HOUR: u64 = 3_600_000;
const MAX_TTL: u64 = 24 * HOUR;

/// A case before it is written out.
struct Case {
    comment: &'static str,
    whose: Whose,
    purpose: Purpose,
    bytes: Vec<u8>,
    refusal: Option<(&'static str, &'static str)>,
}

pub(crate) fn vectors() -> Vec<Value> {
    let mut cases = structure();
    cases.extend(keys_and_tags());
    cases.extend(form());
    cases.extend(lengths());
    cases.extend(kinds());
    cases.extend(policy());
    cases.extend(plain());
    cases.into_iter().map(vector).collect()
}

fn vector(case: Case) -> Value {
    let keys = case.whose.keys(&ring());
    let (refusal, detail) = case.refusal.unzip();
    json!({
        "comment": case.comment,
        "protection": if case.comment.starts_with("plain") { "plain" } else { "sealed" },
        "list": list(),
        "tenant": case.whose.tenant,
        "tenant_secret": case.whose.secret,
        "purpose": case.purpose.as_str(),
        "name": hex::encode(name(&keys, case.purpose).as_bytes()),
        "now": NOW.0,
        "max_ttl": MAX_TTL,
        "max_stale_window": HOUR,
        "max_body": 1 << 20,
        "serializer": 1,
        "bytes": hex::encode(case.bytes),
        "refusal": refusal,
        "detail": detail.filter(|detail| !detail.is_empty()),
    })
}

fn ring() -> Keyring {
    Keyring::from_rotation(&list(), None).unwrap()
}

/// Seals for the clinic, under the key at a position.
fn sealed(position: usize, purpose: Purpose, forged: &Forged) -> Vec<u8> {
    let keys = owner(purpose).keys(&ring());
    let name = name(&keys, purpose);
    seal_plaintext(&keys, position, nonce(1), &name, &forged.plaintext()).unwrap()
}

fn owner(purpose: Purpose) -> Whose {
    if purpose == Purpose::Clear { NOBODYS } else { CLINIC }
}

fn refused(
    comment: &'static str,
    bytes: Vec<u8>,
    refusal: &'static str,
    detail: &'static str,
) -> Case {
    let refusal = Some((refusal, detail));
    Case { comment, whose: CLINIC, purpose: Purpose::Entry, bytes, refusal }
}

fn forged(
    comment: &'static str,
    forged: Forged,
    refusal: &'static str,
    detail: &'static str,
) -> Case {
    refused(comment, sealed(SEALS, Purpose::Entry, &forged), refusal, detail)
}

fn accepted(comment: &'static str, purpose: Purpose, position: usize, forged: &Forged) -> Case {
    let bytes = sealed(position, purpose, forged);
    Case { comment, whose: owner(purpose), purpose, bytes, refusal: None }
}

fn honest() -> Vec<u8> {
    sealed(SEALS, Purpose::Entry, &Forged::value())
}

fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = honest();
    change(&mut bytes);
    bytes
}

fn structure() -> Vec<Case> {
    let tampered = |comment, bytes, fault| refused(comment, bytes, "tampered", fault);
    vec![
        accepted("an honest entry", Purpose::Entry, SEALS, &Forged::value()),
        tampered("nothing at all", Vec::new(), "Truncated"),
        tampered("307 bytes", changed(|b| b.truncate(307)), "Truncated"),
        tampered("another first byte", changed(|b| b[0] = 0xC3), "NotAnEntry"),
        tampered("relabelled as plain", changed(|b| b[0] = 0xC1), "NotAnEntry"),
        tampered("reserved bits", changed(|b| b[3] = 1), "NotAnEntry"),
        tampered("no writer session", changed(|b| b[8..24].fill(0)), "EmptySession"),
        refused("an unknown suite", changed(|b| b[1] = 2), "unsupported", "Suite"),
        refused(
            "an unknown suite and key",
            changed(|b| b[1..8].copy_from_slice(&[2, 0, 0, 9, 9, 9, 9])),
            "unsupported",
            "Suite",
        ),
    ]
}

fn keys_and_tags() -> Vec<Case> {
    let tampered = |comment, bytes| refused(comment, bytes, "tampered", "Tag");
    let kid = |master: &str| MasterKey::from_hex(master).unwrap().id();
    let last = honest().len() - 1;
    let at = |whose, purpose, case: Case| Case { whose, purpose, ..case };
    let revoked = changed(|b| b[4..8].copy_from_slice(&kid(LONG_MASTER)));
    let foreign = sealed_by_session_of(NOBODYS);
    vec![
        refused("an unknown key", changed(|b| b[4..8].fill(9)), "unknown_key", ""),
        refused("a revoked key", revoked, "revoked", ""),
        tampered(
            "another key of the ring",
            changed(|b| b[4..8].copy_from_slice(&kid(OTHER_MASTER))),
        ),
        tampered("another session", changed(|b| b[8] ^= 1)),
        tampered("another nonce", changed(|b| b[35] ^= 1)),
        tampered("a flipped bit", changed(|b| b[100] ^= 0x80)),
        tampered("a flipped bit in the tag", changed(|b| b[last] ^= 1)),
        tampered("a byte more", changed(|b| b.push(0))),
        tampered("16 bytes of ciphertext cut out", changed(long_cut)),
        tampered("sealed for nobody in particular", foreign),
        at(ERASABLE, Purpose::Entry, tampered("another secret of the tenant", honest())),
        at(CLINIC, Purpose::Tag, tampered("moved to another name", honest())),
        forged(
            "a wrong commitment",
            Forged { commitment: [1; 16], ..Forged::value() },
            "tampered",
            "Commitment",
        ),
        forged(
            "a wrong commitment and version",
            Forged { commitment: [1; 16], version: 2, ..Forged::value() },
            "tampered",
            "Commitment",
        ),
    ]
}

/// The right name, but the keys of another tenant: what a store could try by moving bytes, if it
/// could also choose the name.
fn sealed_by_session_of(whose: Whose) -> Vec<u8> {
    let name = name(&CLINIC.keys(&ring()), Purpose::Entry);
    let plaintext = Forged::value().plaintext();
    seal_plaintext(&whose.keys(&ring()), SEALS, nonce(2), &name, &plaintext).unwrap()
}

fn long_cut(bytes: &mut Vec<u8>) {
    let long = Forged { body: vec![7; 400], ..Forged::value() };
    *bytes = sealed(SEALS, Purpose::Entry, &long);
    bytes.drain(200..216);
}

fn form() -> Vec<Case> {
    let value = Forged::value;
    let tags = |tag: &[u8]| vec![tag.to_vec()];
    vec![
        forged(
            "a later inner version",
            Forged { version: 2, ..value() },
            "unsupported",
            "InnerVersion",
        ),
        forged(
            "a later version, all else wrong",
            Forged { version: 2, kind: 9, codec: 9, ..value() },
            "unsupported",
            "InnerVersion",
        ),
        forged("a later kind", Forged { kind: 5, ..value() }, "unsupported", "Kind"),
        forged(
            "a later serializer",
            Forged { serializer: 4, ..value() },
            "unsupported",
            "Serializer",
        ),
        forged(
            "a serializer that is not configured",
            Forged { serializer: 2, ..value() },
            "outside_policy",
            "Serializer",
        ),
        forged(
            "the user's serializer, not configured",
            Forged { serializer: 200, ..value() },
            "outside_policy",
            "Serializer",
        ),
        forged(
            "a value without a serializer",
            Forged { serializer: 0, ..value() },
            "tampered",
            "Serializer",
        ),
        forged(
            "None with a serializer",
            Forged { serializer: 1, ..Forged::none() },
            "tampered",
            "Serializer",
        ),
        forged(
            "an error in JSON",
            Forged { kind: 2, serializer: 2, ..value() },
            "tampered",
            "Serializer",
        ),
        forged("a later codec", Forged { codec: 1, ..value() }, "unsupported", "Codec"),
        forged(
            "a compressed tombstone",
            Forged { codec: 2, ..Forged::tombstone() },
            "tampered",
            "Codec",
        ),
        forged(
            "a tombstone with a tag",
            Forged { tags: tags(b"t"), ..Forged::tombstone() },
            "tampered",
            "Tags",
        ),
        forged(
            "a tag that is not text",
            Forged { tags: tags(b"\xff"), ..value() },
            "tampered",
            "Tags",
        ),
        forged(
            "dirty padding",
            Forged { padding: Padding::Dirty, ..value() },
            "tampered",
            "Padding",
        ),
        forged(
            "too much padding",
            Forged { padding: Padding::Longer, ..value() },
            "tampered",
            "Padding",
        ),
        forged(
            "no padding",
            Forged { padding: Padding::Missing, body: vec![7; 250], ..value() },
            "tampered",
            "Padding",
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let value = Forged::value;
    let frame = || rle_frame(b'z', 1_000);
    let compressed =
        |body: Vec<u8>, raw_len| Forged { codec: 2, raw_len: Some(raw_len), body, ..value() };
    vec![
        forged(
            "a body longer than the entry",
            Forged { stored_len: Some(1_000), raw_len: Some(1_000), ..value() },
            "tampered",
            "Truncated",
        ),
        forged(
            "a body of 4 GiB",
            Forged { stored_len: Some(u32::MAX), raw_len: Some(u32::MAX), ..value() },
            "tampered",
            "Truncated",
        ),
        forged(
            "two lengths for one body",
            Forged { raw_len: Some(5), ..value() },
            "tampered",
            "Lengths",
        ),
        forged(
            "a shorter body than there is",
            Forged { stored_len: Some(5), raw_len: Some(5), ..value() },
            "tampered",
            "Padding",
        ),
        forged(
            "more tags than there are",
            Forged { tag_count: Some(255), ..value() },
            "tampered",
            "Truncated",
        ),
        forged(
            "None with a body",
            Forged { body: b"x".to_vec(), ..Forged::none() },
            "tampered",
            "Lengths",
        ),
        forged(
            "a body over the limit",
            compressed(frame(), (1 << 20) + 1),
            "outside_policy",
            "BodyLength",
        ),
        forged("a frame of another length", compressed(frame(), 999), "tampered", "Compressed"),
        forged(
            "two frames",
            compressed([frame(), frame()].concat(), 2_000),
            "tampered",
            "Compressed",
        ),
        forged(
            "a frame and a byte",
            compressed([frame(), vec![0]].concat(), 1_000),
            "tampered",
            "Compressed",
        ),
        forged(
            "a skippable frame first",
            compressed([skippable_frame(), frame()].concat(), 1_000),
            "tampered",
            "Compressed",
        ),
        forged(
            "only a skippable frame",
            compressed(skippable_frame(), 0),
            "tampered",
            "Compressed",
        ),
        forged("no frame", compressed(Vec::new(), 0), "tampered", "Compressed"),
    ]
}

fn kinds() -> Vec<Case> {
    let wrong = |comment, purpose, forged: &Forged, detail| Case {
        comment,
        whose: owner(purpose),
        purpose,
        bytes: sealed(SEALS, purpose, forged),
        refusal: Some(("tampered", detail)),
    };
    let short = Forged { body: vec![7; 15], ..Forged::barrier() };
    let generation = Forged { generation: [1; 8], ..Forged::barrier() };
    let expiring = Forged { fresh_until: NOW.0, ..Forged::wrapper() };
    let generated = Forged { generation: [1; 8], ..Forged::wrapper() };
    vec![
        wrong("a barrier where values live", Purpose::Entry, &Forged::barrier(), "KindForName"),
        wrong("a value where barriers live", Purpose::Clear, &Forged::value(), "KindForName"),
        wrong("a tombstone where barriers live", Purpose::Tag, &Forged::tombstone(), "KindForName"),
        wrong("a wrapped tombstone", Purpose::Wrapper, &Forged::tombstone(), "KindForName"),
        wrong("a barrier of 15 bytes", Purpose::Clear, &short, "Lengths"),
        wrong("a barrier with a generation", Purpose::Clear, &generation, "Fields"),
        wrong("a wrapper that expires", Purpose::Wrapper, &expiring, "Fields"),
        wrong("a wrapper with a generation", Purpose::Wrapper, &generated, "Fields"),
        accepted("a cache's barrier", Purpose::Clear, SEALS, &Forged::barrier()),
        accepted("a tag's barrier", Purpose::Tag, SEALS, &Forged::barrier()),
        accepted("a wrapper", Purpose::Wrapper, SEALS, &Forged::wrapper()),
        accepted("a tombstone", Purpose::Entry, SEALS, &Forged::tombstone()),
    ]
}

/// A value of these dates.
fn dated(created: u64, fresh_until: u64) -> Forged {
    Forged { created, fresh_until, ..Forged::value() }
}

fn policy() -> Vec<Case> {
    let now = NOW.0;
    let (life, week) = (MAX_TTL + HOUR, 7 * MAX_TTL);
    let old = |comment, forged: &Forged, refusal, detail| {
        refused(comment, sealed(DEMOTED, Purpose::Entry, forged), refusal, detail)
    };
    let stale = |window| Forged { stale_window: u32::try_from(window).unwrap(), ..Forged::value() };
    let barrier = |created, fresh_until| Forged { created, fresh_until, ..Forged::barrier() };
    let late_barrier = sealed(DEMOTED, Purpose::Clear, &barrier(now, now));
    vec![
        forged(
            "expired before it was created",
            dated(now, now - 1),
            "outside_policy",
            "ExpiresBeforeCreated",
        ),
        forged(
            "that, and in the future",
            dated(now + 60_001, now),
            "outside_policy",
            "ExpiresBeforeCreated",
        ),
        forged("over a minute ahead", dated(now + 60_001, now + 60_001), "future", ""),
        forged("a life of an hour too long", dated(now, now + life + 1), "outside_policy", "Life"),
        forged("a stale window over the limit", stale(HOUR + 1), "outside_policy", "StaleWindow"),
        forged(
            "life before stale window",
            Forged { fresh_until: u64::MAX, ..stale(HOUR + 1) },
            "outside_policy",
            "Life",
        ),
        old("dated at the demotion", &dated(now, now), "demoted", ""),
        old("ahead, and demoted", &dated(now + 60_001, now + 60_001), "future", ""),
        old("demoted, and outside policy", &dated(now, now + week), "demoted", ""),
        accepted("a minute ahead", Purpose::Entry, SEALS, &dated(now + 60_000, now + 60_000)),
        accepted("the longest life", Purpose::Entry, SEALS, &dated(now, now + life)),
        accepted("the longest stale window", Purpose::Entry, SEALS, &stale(HOUR)),
        accepted("expired: not refused here", Purpose::Entry, SEALS, &dated(now - HOUR, now - 1)),
        accepted("the last of the old key", Purpose::Entry, DEMOTED, &dated(now - 1, now + HOUR)),
        accepted(
            "a barrier far ahead and for long",
            Purpose::Clear,
            SEALS,
            &barrier(now + week, now + 5 * week),
        ),
        accepted("a barrier of the old key", Purpose::Clear, DEMOTED, &barrier(now - 1, now)),
        Case {
            whose: NOBODYS,
            purpose: Purpose::Clear,
            ..refused("a demoted barrier", late_barrier, "demoted", "")
        },
    ]
}

fn plain() -> Vec<Case> {
    let entry = |forged: &Forged| [&[0xC1, 1, 0, 0][..], &forged.fields()].concat();
    let value = entry(&Forged::value());
    let with = |change: fn(&mut Vec<u8>)| {
        let mut bytes = value.clone();
        change(&mut bytes);
        bytes
    };
    let honest = Case { refusal: None, ..refused("plain: an honest entry", value.clone(), "", "") };
    let long = Forged { fresh_until: UnixMillis::MAX.0, ..Forged::value() };
    vec![
        honest,
        refused("plain: nothing", Vec::new(), "tampered", "Truncated"),
        refused("plain: a sealed entry", self::honest(), "tampered", "NotAnEntry"),
        refused("plain: reserved bits", with(|b| b[2] = 1), "tampered", "NotAnEntry"),
        refused("plain: a later version", with(|b| b[1] = 2), "unsupported", "InnerVersion"),
        refused("plain: a later codec", with(|b| b[6] = 3), "unsupported", "Codec"),
        refused("plain: cut off", with(|b| b.truncate(30)), "tampered", "Truncated"),
        refused("plain: a byte more", with(|b| b.push(0)), "tampered", "Padding"),
        refused(
            "plain: a barrier where values live",
            entry(&Forged::barrier()),
            "tampered",
            "KindForName",
        ),
        refused("plain: a life without end", entry(&long), "outside_policy", "Life"),
    ]
}
