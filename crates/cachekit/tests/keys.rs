//! From settings to keys, and what a sealed cache says without one.
#![allow(clippy::expect_used, reason = "test code")]

mod support;

use std::time::Duration;

use cachekit::{Cache, Error, L1, Settings, keys};
use support::key;

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let find = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
    Settings::from_lookup(&find).expect("settings")
}

fn refusal(pairs: &[(&str, &str)]) -> Error {
    keys::keyring(&settings(pairs)).err().expect("refused")
}

#[test]
fn no_key_says_what_is_wanted_and_how_to_make_one() {
    let error = refusal(&[]);
    assert!(matches!(error, Error::Configuration { .. }));
    let message = error.to_string();
    assert!(message.starts_with(
        "cache.secure requires master_key parameter or CACHEKIT_MASTER_KEY environment variable"
    ));
    assert!(message.contains("openssl rand -hex 32"), "{message}");
}

#[test]
fn a_bad_key_says_what_a_key_is_and_never_itself() {
    for bad in ["not_hex", "abcd", &key()[1..64]] {
        let message = refusal(&[("CACHEKIT_MASTER_KEY", bad)]).to_string();
        let wanted = "CACHEKIT_MASTER_KEY must be hex-encoded, minimum 32 bytes";
        assert!(message.starts_with(wanted), "{message}");
        assert!(!message.contains(bad), "{message}");
    }
}

#[test]
fn equal_settings_make_equal_rings_and_others_do_not() {
    let identity =
        |pairs: &[(&str, &str)]| keys::keyring(&settings(pairs)).expect("ring").identity();
    let (a, b, n) = ("a1".repeat(32), "b2".repeat(32), "c3".repeat(32));
    let list = format!("{b},{a}");
    let spaced = format!(" {a}\n");
    let one = identity(&[("CACHEKIT_MASTER_KEY", &a)]);
    assert_eq!(one, identity(&[("CACHEKIT_MASTER_KEY", &spaced)]));
    assert_ne!(one, identity(&[("CACHEKIT_MASTER_KEY", &b)]));
    assert_ne!(one, identity(&[("CACHEKIT_MASTER_KEY", &a), ("CACHEKIT_NAMING_KEY", &n)]));
    let listed = identity(&[("CACHEKIT_MASTER_KEY_ROTATION", &list)]);
    assert_ne!(one, listed);
    let master = ("CACHEKIT_MASTER_KEY", a.as_str());
    assert_eq!(listed, identity(&[master, ("CACHEKIT_MASTER_KEY_ROTATION", &list)]));
}

fn process(store: &str, list: Option<&str>, master: &str) -> Cache {
    let mut builder = Cache::builder().url(store).l1(L1::Off).secure(master);
    if let Some(list) = list {
        builder = builder.rotation(list);
    }
    builder.build().expect("cache")
}

#[test]
fn a_rotation_loses_nothing_and_retires_the_old_key() {
    let store = "memory://rotation-test";
    let (old, new) = ("a1".repeat(32), "b2".repeat(32));
    let hour = Duration::from_secs(3600);
    let get = |cache: &Cache, key: &str| cache.blocking().get::<u32>(key).expect("get");

    process(store, None, &old).blocking().set("old", &1, hour).expect("set");
    // The master key is the old one still: it opens, and the list's first seals.
    let during = process(store, Some(&new), &old);
    assert_eq!(get(&during, "old"), Some(1));
    during.blocking().set("new", &2, hour).expect("set");

    let after = process(store, None, &new);
    assert_eq!((get(&after, "old"), get(&after, "new")), (None, Some(2)));
    let left_behind = process(store, None, &old);
    assert_eq!(get(&left_behind, "new"), None);
}

#[test]
fn a_list_that_is_to_be_ignored_has_no_say() {
    let (old, new) = ("a1".repeat(32), "b2".repeat(32));
    let builder = Cache::builder().memory_only().secure(old.as_str()).rotation("nonsense");
    assert!(builder.clone().build().is_err());
    assert!(builder.without_rotation().build().is_ok());
    let broken = [("CACHEKIT_MASTER_KEY", new.as_str()), ("CACHEKIT_MASTER_KEY_ROTATION", "xyz")];
    let message = refusal(&broken).to_string();
    assert!(message.contains("entry 1 of CACHEKIT_MASTER_KEY_ROTATION"), "{message}");
}
