//! A forked child uses connections of its own, and leaves those of its parent alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![expect(unsafe_code, reason = "there is no safe fork")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cachekit_store::{Store, StoreOptions, open};
use cachekit_testkit::{Authority, CachekitServerSetup, RedisCluster, RedisServer, Validity};
use tokio::runtime::{Builder, Runtime};

const LONG: Duration = Duration::from_secs(60);

/// Runs `child` in a forked process, and tells whether it returned `true`. Meanwhile `parent`
/// runs here.
fn in_child(child: impl FnOnce() -> bool, parent: impl FnOnce()) -> bool {
    // SAFETY: the child runs `child`, which makes a runtime of its own and waits for no thread of
    // the parent's (glibc makes its allocator usable after a fork), and leaves by `_exit`.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the process without running what belongs to the parent.
        unsafe { libc::_exit(i32::from(!matches!(outcome, Ok(true)))) };
    }
    parent();
    let mut status = 0;
    // SAFETY: waits for our own child.
    let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(waited, pid);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn talk(store: &dyn Store, who: &str) -> bool {
    for i in 0..200 {
        let value = Bytes::from(format!("{who}:{i}"));
        let written = store.set(who, value.clone(), LONG).await;
        let read = store.get_many(&[who]).await;
        if written.is_err() || read.is_ok_and(|read| read != [Some(value)]) {
            return false;
        }
    }
    true
}

fn clients(server: &RedisServer) -> usize {
    // The query's own connection is one of them.
    server.query::<String>(&["CLIENT", "LIST"]).lines().count() - 1
}

#[test]
fn parent_and_child_talk_to_redis_at_once() {
    let server = RedisServer::start();
    let store = open(&server.url(), &StoreOptions::default()).unwrap();
    let mine = runtime();
    assert!(mine.block_on(talk(&*store, "parent")));
    assert_eq!(clients(&server), 1);
    let in_the_child = Arc::clone(&store);
    let agreed = in_child(
        || {
            let theirs = runtime();
            let talked = theirs.block_on(talk(&*in_the_child, "child"));
            // Its own, and the parent's, which is still open.
            talked && clients(&server) == 2
        },
        || assert!(mine.block_on(talk(&*store, "parent"))),
    );
    assert!(agreed);
    assert!(mine.block_on(talk(&*store, "parent")));
    assert_eq!(clients(&server), 1, "the parent still uses its first connection");
}

#[test]
fn a_child_that_drops_the_store_does_not_hang_up_for_its_parent() {
    let server = RedisServer::start();
    let store = open(&server.url(), &StoreOptions::default()).unwrap();
    let mine = runtime();
    assert!(mine.block_on(talk(&*store, "parent")));
    let before: String = server.query(&["CLIENT", "LIST"]);
    let only_handle = Mutex::new(Some(store));
    let drop_it = || {
        drop(only_handle.lock().unwrap().take());
        true
    };
    assert!(in_child(drop_it, || {}));
    let store = only_handle.lock().unwrap().take().unwrap();
    assert!(mine.block_on(talk(&*store, "parent")));
    let id = |list: &str| list.split(' ').next().map(str::to_owned);
    assert_eq!(id(&server.query::<String>(&["CLIENT", "LIST"])), id(&before));
}

#[test]
fn a_child_starts_with_an_empty_memory_store() {
    let store = open("memory://fork", &StoreOptions::default()).unwrap();
    let mine = runtime();
    mine.block_on(store.set("k", Bytes::from_static(b"v"), LONG)).unwrap();
    let read = || runtime().block_on(store.get_many(&["k"])).unwrap().remove(0);
    assert!(in_child(
        || {
            let again = open("memory://fork", &StoreOptions::default()).unwrap();
            let empty = read().is_none();
            runtime().block_on(again.set("k", Bytes::from_static(b"child"), LONG)).unwrap();
            empty && read().as_deref() == Some(b"child")
        },
        || {},
    ));
    assert_eq!(read().as_deref(), Some(&b"v"[..]));
}

/// Forks while two threads are never long outside the store's locks. A child that inherited one
/// of them locked would wait for ever; its alarm ends it.
fn forks_under_load(store: &Arc<dyn Store>, forks: u32) {
    // A process' first runtime makes what all of them share, under a lock of tokio's that a child
    // would inherit.
    drop(runtime());
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for who in ["one", "two"] {
            let (store, ended) = (Arc::clone(store), &ended);
            scope.spawn(move || {
                let mine = runtime();
                while !ended.load(Ordering::Relaxed) {
                    mine.block_on(store.set(who, Bytes::from_static(b"v"), LONG)).unwrap();
                }
            });
        }
        let child = || {
            // SAFETY: a signal that ends the child, if it has not ended before.
            unsafe { libc::alarm(10) };
            runtime().block_on(talk(&**store, "child"))
        };
        let agreed = (0..forks).all(|_| in_child(child, || {}));
        ended.store(true, Ordering::Relaxed);
        assert!(agreed);
    });
}

#[test]
fn children_forked_under_load_wait_for_no_lock_of_a_memory_store() {
    forks_under_load(&open("memory://load", &StoreOptions::default()).unwrap(), 20);
}

#[test]
fn children_forked_under_load_wait_for_no_lock_of_a_redis_store() {
    let server = RedisServer::start();
    forks_under_load(&open(&server.url(), &StoreOptions::default()).unwrap(), 20);
}

#[test]
fn parent_and_child_talk_to_a_cluster_at_once() {
    let cluster = RedisCluster::start();
    let store = open(&cluster.url(), &StoreOptions::default()).unwrap();
    let mine = runtime();
    // Keys of all its primaries, so that connections to each are inherited.
    let names: Vec<String> = (0..6).map(|i| format!("parent-{i}")).collect();
    let all = || names.iter().all(|name| mine.block_on(talk(&*store, name)));
    assert!(all());
    let in_the_child = Arc::clone(&store);
    let child = || {
        let theirs = runtime();
        (0..6).all(|i| theirs.block_on(talk(&*in_the_child, &format!("child-{i}"))))
    };
    assert!(in_child(child, || assert!(all())));
    assert!(all());
    forks_under_load(&store, 4);
}

#[test]
fn children_forked_under_load_wait_for_no_lock_of_an_http_store() {
    let authority = Authority::new();
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let server = CachekitServerSetup::new().tls(&certificate).start();
    let url = format!("{}?ca={}", server.url(), authority.file().display());
    let store = open(&url, &StoreOptions::default().with_token(server.token())).unwrap();
    let mine = runtime();
    // The parent's connection is used before, meanwhile and after.
    assert!(mine.block_on(talk(&*store, "parent")));
    forks_under_load(&store, 4);
    assert!(mine.block_on(talk(&*store, "parent")));
}
