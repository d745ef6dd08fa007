//! Compare-and-set and compare-and-delete: atomic, exact, and nothing on refusal.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_store::{Expected, Store, Swap};

use crate::{LONG, Subject, get, key, open, put};

async fn swap(store: &dyn Store, key: &str, expected: Expected<'_>, value: &[u8]) -> Swap {
    let value = Bytes::copy_from_slice(value);
    store.compare_and_set(key, expected, value, LONG).await.expect("an answer to a swap")
}

pub(crate) async fn absent_wins_only_where_nothing_is(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    assert_eq!(swap(&*store, &key, Expected::Absent, b"one").await, Swap::Done);
    assert_eq!(swap(&*store, &key, Expected::Absent, b"two").await, Swap::Refused);
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"one"[..]));
}

pub(crate) async fn exactly_wins_only_over_these_bytes(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    let seen = Expected::Exactly(b"one");
    assert_eq!(swap(&*store, &key, seen, b"two").await, Swap::Refused, "absent");
    put(&*store, &key, "one").await;
    for other in [&b"on"[..], b"onE", b"one\0", b"two", b""] {
        assert_eq!(swap(&*store, &key, Expected::Exactly(other), b"x").await, Swap::Refused);
    }
    assert_eq!(swap(&*store, &key, seen, b"two").await, Swap::Done);
    assert_eq!(swap(&*store, &key, seen, b"three").await, Swap::Refused);
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"two"[..]));
}

pub(crate) async fn an_empty_entry_is_not_an_absent_one(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    let empty = Expected::Exactly(b"");
    assert_eq!(swap(&*store, &key, empty, b"x").await, Swap::Refused);
    assert_eq!(store.compare_and_delete(&key, b"").await.expect("an answer"), Swap::Refused);
    put(&*store, &key, "").await;
    assert_eq!(swap(&*store, &key, Expected::Absent, b"x").await, Swap::Refused);
    assert_eq!(swap(&*store, &key, empty, b"x").await, Swap::Done);
}

pub(crate) async fn large_entries_are_compared_to_the_last_byte(subject: &dyn Subject) {
    let store = open(subject);
    let fits = |length: &u32| *length as usize <= store.capabilities().largest_entry / 2;
    for length in [1024, 65_535, 65_536, 65_537, 300_000].into_iter().filter(fits) {
        let key = key("large");
        let value: Vec<u8> = (0..length).map(|i: u32| (i % 251) as u8).collect();
        put(&*store, &key, value.clone()).await;
        let mut first = value.clone();
        first[0] ^= 1;
        let mut last = value.clone();
        *last.last_mut().expect("not empty") ^= 0x80;
        let shorter = &value[..value.len() - 1];
        for other in [&first[..], &last, shorter, &value.repeat(2)] {
            let refused = swap(&*store, &key, Expected::Exactly(other), b"x").await;
            assert_eq!(refused, Swap::Refused, "{length}");
            let refused = store.compare_and_delete(&key, other).await.expect("an answer");
            assert_eq!(refused, Swap::Refused, "{length}");
        }
        let mut new = value.clone();
        new.reverse();
        let done = swap(&*store, &key, Expected::Exactly(&value), &new).await;
        assert_eq!(done, Swap::Done, "{length}");
        assert!(get(&*store, &key).await.is_some_and(|there| there == new), "{length}");
        let done = store.compare_and_delete(&key, &new).await.expect("an answer");
        assert_eq!(done, Swap::Done, "{length}");
    }
}

pub(crate) async fn a_refused_swap_changes_nothing(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    put(&*store, &key, "kept").await;
    let short = Duration::from_millis(1);
    for expected in [Expected::Absent, Expected::Exactly(b"other")] {
        let value = Bytes::from_static(b"new");
        let refused = store.compare_and_set(&key, expected, value, short).await;
        assert_eq!(refused.expect("an answer"), Swap::Refused);
    }
    subject.pass(short * 20).await;
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"kept"[..]), "nor its time to live");
}

pub(crate) async fn only_what_was_seen_is_deleted(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("a"));
    let delete = |seen| store.compare_and_delete(&key, seen);
    assert_eq!(delete(b"one").await.expect("an answer"), Swap::Refused);
    put(&*store, &key, "one").await;
    assert_eq!(delete(b"two").await.expect("an answer"), Swap::Refused);
    assert!(get(&*store, &key).await.is_some());
    assert_eq!(delete(b"one").await.expect("an answer"), Swap::Done);
    assert_eq!(get(&*store, &key).await, None);
}

/// 64 tasks swap at once; returns which of them were told that it was done.
async fn race(store: &Arc<dyn Store>, key: &str, seen: Option<&'static [u8]>) -> Vec<u32> {
    let tasks: Vec<_> = (0..64_u32)
        .map(|i| {
            let (store, key) = (Arc::clone(store), key.to_owned());
            tokio::spawn(async move {
                let expected = seen.map_or(Expected::Absent, Expected::Exactly);
                (i, swap(&*store, &key, expected, i.to_string().as_bytes()).await)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (i, swap) = task.await.expect("a task that does not panic");
        if swap == Swap::Done {
            winners.push(i);
        }
    }
    winners
}

pub(crate) async fn of_many_that_expect_absence_one_wins(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("race"));
    let winners = race(&store, &key, None).await;
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(get(&*store, &key).await, Some(winners[0].to_string().into()));
}

pub(crate) async fn of_many_that_saw_the_same_one_wins(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("race"));
    put(&*store, &key, "seen").await;
    let winners = race(&store, &key, Some(b"seen")).await;
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(get(&*store, &key).await, Some(winners[0].to_string().into()));
}

/// Reads, adds one, swaps, and again if refused.
async fn increment(store: &dyn Store, key: &str) {
    loop {
        let seen = get(store, key).await;
        let number: u32 = match &seen {
            None => 0,
            Some(seen) => std::str::from_utf8(seen).expect("digits").parse().expect("a number"),
        };
        let expected = seen.as_deref().map_or(Expected::Absent, Expected::Exactly);
        let next = (number + 1).to_string();
        if swap(store, key, expected, next.as_bytes()).await == Swap::Done {
            return;
        }
    }
}

pub(crate) async fn no_increment_is_lost(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("counter"));
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, key) = (Arc::clone(&store), key.clone());
            tokio::spawn(async move {
                for _ in 0..8 {
                    increment(&*store, &key).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task that does not panic");
    }
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"128"[..]));
}

pub(crate) async fn a_snapshot_never_shows_the_second_write_without_the_first(
    subject: &dyn Subject,
) {
    let (store, first, second) = (open(subject), key("first"), key("second"));
    put(&*store, &first, "0").await;
    put(&*store, &second, "0").await;
    let writer = {
        let (store, first, second) = (Arc::clone(&store), first.clone(), second.clone());
        tokio::spawn(async move {
            for _ in 0..200 {
                increment(&*store, &first).await;
                increment(&*store, &second).await;
            }
        })
    };
    while !writer.is_finished() {
        let seen = store.get_many(&[&first, &second]).await.expect("readable entries");
        let numbers: Vec<u32> = seen
            .iter()
            .map(|value| value.as_deref().expect("there"))
            .map(|value| std::str::from_utf8(value).expect("digits").parse().expect("a number"))
            .collect();
        assert!(numbers[0] == numbers[1] || numbers[0] == numbers[1] + 1, "{numbers:?}");
        tokio::task::yield_now().await;
    }
    writer.await.expect("a writer that does not panic");
}
