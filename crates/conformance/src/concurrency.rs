//! Many at once, from many places, and some of them go away in the middle.

use std::{future::poll_fn, sync::Arc, task::Poll, thread};

use bytes::Bytes;
use cachekit_store::Store;
use tokio::runtime;

use crate::{LONG, Subject, get, key, open, put};

/// Writes and reads back twenty times under keys of its own.
async fn talk(store: &dyn Store, who: u32) {
    let key = key(&format!("talk-{who}"));
    for i in 0..20 {
        let value = format!("{who}:{i}:{}", "x".repeat((who * 37 + i) as usize % 3000));
        put(store, &key, value.clone()).await;
        assert_eq!(get(store, &key).await, Some(Bytes::from(value)));
    }
}

pub(crate) async fn tasks_do_not_get_each_others_answers(subject: &dyn Subject) {
    let store = open(subject);
    let tasks: Vec<_> = (0..64)
        .map(|who| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { talk(&*store, who).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task that does not panic");
    }
}

pub(crate) async fn runtimes_do_not_disturb_each_other(subject: &dyn Subject) {
    let store = open(subject);
    let threads: Vec<_> = (0..6)
        .map(|who| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                // Twice, as a runtime may end and another take its place.
                for _ in 0..2 {
                    let runtime = runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime").block_on(talk(&*store, who));
                }
            })
        })
        .collect();
    talk(&*store, 99).await;
    for thread in threads {
        thread.join().expect("a thread that does not panic");
    }
}

/// Starts a call, lets it get under way, and drops it.
async fn abandon<T>(call: cachekit_store::Pending<'_, T>, polls: u32) {
    let mut call = call;
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 || call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) async fn dropped_calls_do_no_harm(subject: &dyn Subject) {
    let store = open(subject);
    let (large, mine) = (key("large"), key("mine"));
    let length = store.capabilities().largest_entry.min(200_000);
    put(&*store, &large, vec![b'L'; length]).await;
    for i in 0..200_u32 {
        let value = format!("value {i}");
        put(&*store, &mine, value.clone()).await;
        let keys = [&*large, &*large];
        abandon(store.get_many(&keys), i % 4).await;
        let half_done = Bytes::from(vec![b'H'; length / 2]);
        abandon(store.set(&large, half_done, LONG), i % 3).await;
        assert_eq!(get(&*store, &mine).await, Some(Bytes::from(value)), "{i}");
    }
    let left = get(&*store, &large).await.expect("written whole, or not at all");
    let whole = left == vec![b'L'; length] || left == vec![b'H'; length / 2];
    assert!(whole, "{} bytes", left.len());
}
