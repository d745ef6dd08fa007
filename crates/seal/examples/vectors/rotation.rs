//! Lists of keys: who seals when, until when the others are believed, and what is refused.

use cachekit_process::UnixMillis;
use cachekit_seal::{Error, KeyState, Keyring, MasterKey};
use serde_json::{Value, json};

use crate::scene::{LONG_MASTER, MASTER, OTHER_MASTER};

/// 2026-10-01, 2026-11-01, 2026-12-01, each at midnight UTC.
const MOMENTS: [u64; 3] = [1_790_812_800_000, 1_793_491_200_000, 1_796_083_200_000];

pub(crate) fn vectors() -> Vec<Value> {
    let (a, b, c) = (MASTER, OTHER_MASTER, LONG_MASTER);
    let (first, second) = ("2026-11-01T00:00:00Z", "2026-12-01T01:00:00+01:00");
    let upper = a.to_uppercase();
    [
        ("one key", a.to_owned(), None),
        ("the first seals, the rest open", format!("{b},{a}"), None),
        ("the master key is appended, open-only", b.to_owned(), Some(a)),
        ("unless it is listed", format!("{b},{a}@revoked"), Some(a)),
        ("a key for later", format!("{b}@seal-after={first},{a}"), None),
        ("two keys for later", format!("{c}@seal-after={second},{b}@seal-after={first},{a}"), None),
        ("a key until then", format!("{a}@sealed-until={first},{b}"), None),
        ("its own date wins", format!("{b}@seal-after={first},{a}@sealed-until={second}"), None),
        ("open-only, demoted by the next", format!("{b}@seal-after={first},{a}@open"), None),
        ("open-only, listed first", format!("{a}@open,{b}@seal-after={first}"), None),
        ("spaces", format!(" {b} @ seal-after = {first} , {a} "), None),
        ("nobody may seal yet", format!("{b}@seal-after={first}"), Some(a)),
        ("nobody may ever seal", format!("{a}@open,{b}@revoked"), None),
        ("empty", String::new(), None),
        ("a trailing comma", format!("{a},"), None),
        ("not hexadecimal", format!("{a},{}", "g".repeat(64)), None),
        ("31 bytes", format!("{a},{}", &b[2..]), None),
        ("an odd digit", format!("{a}0"), None),
        ("an unknown state", format!("{a},{b}@closed"), None),
        ("an empty state", format!("{a}@"), None),
        ("a date without an offset", format!("{a}@seal-after=2026-11-01T00:00:00"), None),
        ("a date that is none", format!("{a}@sealed-until=2026-13-01T00:00:00Z"), None),
        ("a date before 1970", format!("{a}@sealed-until=1969-12-31T23:59:59Z"), None),
        ("one key twice", format!("{a},{b},{upper}@open"), None),
    ]
    .into_iter()
    .map(|(comment, list, master)| vector(comment, &list, master))
    .collect()
}

fn vector(comment: &str, list: &str, master: Option<&str>) -> Value {
    let key = master.map(|master| MasterKey::from_hex(master).unwrap());
    let mut vector = json!({ "comment": comment, "list": list, "master": master });
    match Keyring::from_rotation(list, key) {
        Ok(ring) => {
            vector["keys"] = keys(&ring);
            vector["seals"] = seals(&ring);
        }
        Err(Error::Rotation { entry, problem }) => {
            let problem = format!("{problem:?}");
            let problem = problem.split('(').next();
            vector["refused"] = json!({ "entry": entry, "problem": problem });
        }
        Err(other) => unreachable!("{other}"),
    }
    vector
}

fn keys(ring: &Keyring) -> Value {
    ring.plan()
        .iter()
        .map(|key| {
            let (state, date) = match key.state {
                KeyState::Active => ("active", None),
                KeyState::OpenOnly => ("open", None),
                KeyState::SealAfter(date) => ("seal-after", Some(date.0)),
                KeyState::SealedUntil(date) => ("sealed-until", Some(date.0)),
                _ => ("revoked", None),
            };
            json!({
                "kid": hex::encode(key.kid),
                "state": state,
                "date": date,
                "demotion": key.demotion.map(|date| date.0),
            })
        })
        .collect()
}

/// Who seals one millisecond before, at and after each moment.
fn seals(ring: &Keyring) -> Value {
    MOMENTS
        .iter()
        .flat_map(|moment| [moment - 1, *moment])
        .map(|now| {
            let kid = ring.sealing_key(UnixMillis(now)).ok().map(hex::encode);
            json!({ "now": now, "kid": kid })
        })
        .collect()
}
