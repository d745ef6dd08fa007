//! What is stored comes back.

use bytes::Bytes;
use cachekit_store::{Deleted, Write};

use crate::{LONG, Subject, get, key, open, put};

pub(crate) async fn an_absent_entry_is_none(subject: &dyn Subject) {
    assert_eq!(get(&*open(subject), &key("absent")).await, None);
}

pub(crate) async fn what_is_set_comes_back(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    put(&*store, &key, "value").await;
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"value"[..]));
}

pub(crate) async fn a_later_write_wins(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    for value in ["a longer first value", "second", ""] {
        put(&*store, &key, value).await;
        assert_eq!(get(&*store, &key).await.as_deref(), Some(value.as_bytes()));
    }
}

pub(crate) async fn every_byte_survives(subject: &dyn Subject) {
    let store = open(subject);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for value in [&all[..], b"", b"\0", b"\r\n", b"$-1\r\n", b"*1\r\n$1\r\nx\r\n", b"\xff\xfe"] {
        let key = key("bytes");
        put(&*store, &key, value.to_vec()).await;
        assert_eq!(get(&*store, &key).await.as_deref(), Some(value));
    }
}

pub(crate) async fn a_mebibyte_survives(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("large"));
    // Some stores keep nothing larger than a little less.
    let length = store.capabilities().largest_entry.min(1024 * 1024) as u32;
    let value: Vec<u8> = (0..length).map(|i| (i.wrapping_mul(31) >> 3) as u8).collect();
    put(&*store, &key, value.clone()).await;
    assert!(get(&*store, &key).await.is_some_and(|back| back == value));
}

pub(crate) async fn unusual_keys_are_keys_of_their_own(subject: &dyn Subject) {
    let store = open(subject);
    let base = key("odd");
    let long = "k".repeat(2000);
    let odd = ["", " ", "ä", "\r\n", "a b", "a%20b", "*", "?", "[a]", "{a}", "\u{1f512}", &long];
    let keys: Vec<String> = odd.iter().map(|odd| format!("{base}:{odd}")).collect();
    for key in &keys {
        put(&*store, key, key.clone()).await;
    }
    for key in &keys {
        assert_eq!(get(&*store, key).await.as_deref(), Some(key.as_bytes()), "{key:?}");
    }
}

pub(crate) async fn many_come_back_in_the_order_asked(subject: &dyn Subject) {
    let store = open(subject);
    let (a, b, absent) = (key("a"), key("b"), key("absent"));
    put(&*store, &a, "1").await;
    put(&*store, &b, "2").await;
    let asked = [&*b, &*absent, &*a, &*b, &*absent];
    let answers = store.get_many(&asked).await.expect("readable entries");
    let answers: Vec<Option<&[u8]>> = answers.iter().map(Option::as_deref).collect();
    assert_eq!(answers, [Some(&b"2"[..]), None, Some(b"1"), Some(b"2"), None]);
}

pub(crate) async fn many_are_written_in_order(subject: &dyn Subject) {
    let store = open(subject);
    let keys: Vec<String> = (0..100).map(|i| key(&i.to_string())).collect();
    let write = |key, value: String| Write { key, value: value.into(), ttl: LONG };
    let mut writes: Vec<Write<'_>> = keys.iter().map(|key| write(key, key.clone())).collect();
    writes.push(write(&keys[7], "later".into()));
    store.set_many(&writes).await.expect("writes");
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let answers = store.get_many(&asked).await.expect("readable entries");
    for (i, (key, answer)) in keys.iter().zip(answers).enumerate() {
        let expected = if i == 7 { "later" } else { key };
        assert_eq!(answer, Some(Bytes::copy_from_slice(expected.as_bytes())), "{i}");
    }
}

pub(crate) async fn nothing_asked_is_nothing_done(subject: &dyn Subject) {
    let store = open(subject);
    assert_eq!(store.get_many(&[]).await.expect("no answers").len(), 0);
    store.set_many(&[]).await.expect("no writes");
}

pub(crate) async fn a_deleted_entry_is_gone(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    put(&*store, &key, "value").await;
    assert_eq!(store.delete(&key).await.expect("a deletion"), Deleted::Removed);
    assert_eq!(get(&*store, &key).await, None);
    assert_eq!(store.delete(&key).await.expect("a deletion"), Deleted::Absent);
}

pub(crate) async fn two_stores_of_one_address_share_entries(subject: &dyn Subject) {
    let (one, other, key) = (open(subject), open(subject), key("a"));
    assert_eq!(one.address(), other.address());
    put(&*one, &key, "value").await;
    assert_eq!(get(&*other, &key).await.as_deref(), Some(&b"value"[..]));
}

pub(crate) async fn the_address_is_fit_for_logs(subject: &dyn Subject) {
    let store = open(subject);
    let address = store.address();
    assert!(address.contains("://"), "{address}");
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address:?}");
}
