//! A forked child opens the file anew, beside its parent.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![expect(unsafe_code, reason = "there is no safe fork")]

use std::{fs, sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_store::{Store, StoreOptions, open};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const LONG: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Forks; the child runs `child` and ends with what it returns.
fn fork(child: impl FnOnce() -> bool) -> libc::pid_t {
    // SAFETY: the child makes a runtime of its own, waits for no thread of the parent's and
    // leaves by `_exit`; its alarm ends it if it should hang.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        // SAFETY: a signal that ends the child, if it has not ended before.
        unsafe { libc::alarm(30) };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the process without running what belongs to the parent.
        unsafe { libc::_exit(i32::from(!matches!(outcome, Ok(true)))) };
    }
    pid
}

fn ended_well(pid: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: waits for our own child.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

async fn read(store: &dyn Store, key: &str) -> Option<Bytes> {
    store.get_many(&[key]).await.unwrap().remove(0)
}

async fn write(store: &dyn Store, key: &str, value: &str) {
    store.set(key, Bytes::from(value.to_owned()), LONG).await.unwrap();
}

async fn talk(store: &dyn Store, who: &str) {
    for i in 0..100 {
        let value = format!("{who} {i}");
        write(store, who, &value).await;
        assert_eq!(read(store, who).await.unwrap(), value);
    }
}

#[test]
fn parent_children_and_grandchildren_share_entries() {
    let directory = TempDir::new().unwrap();
    let url = format!("file://{}", directory.path().display());
    let options = StoreOptions::default().with_operation_timeout(Duration::from_secs(20));
    let store = open(&url, &options).unwrap();
    let mine = runtime();
    mine.block_on(write(&*store, "parent's", "seen"));
    let inherited = Arc::clone(&store);
    let child = fork(move || {
        runtime().block_on(async {
            assert_eq!(read(&*inherited, "parent's").await.unwrap(), "seen");
            talk(&*inherited, "child").await;
            let opened_again = open(&url, &options).unwrap();
            assert!(read(&*opened_again, "child").await.is_some());
        });
        ended_well(fork(move || {
            runtime().block_on(talk(&*inherited, "grandchild"));
            true
        }))
    });
    mine.block_on(talk(&*store, "parent"));
    assert!(ended_well(child));
    for who in ["child", "grandchild", "parent"] {
        let last = mine.block_on(read(&*store, who)).unwrap();
        assert_eq!(last, format!("{who} 99"));
    }
    let names = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().contains("mdb")).count(), 2);
}

#[test]
fn children_forked_under_load_wait_for_no_lock() {
    let directory = TempDir::new().unwrap();
    let options = StoreOptions::default().with_operation_timeout(Duration::from_secs(20));
    let store = open(&format!("file://{}", directory.path().display()), &options).unwrap();
    std::thread::scope(|scope| {
        for who in ["one", "two"] {
            let store = Arc::clone(&store);
            scope.spawn(move || (0..3).for_each(|_| runtime().block_on(talk(&*store, who))));
        }
        for _ in 0..10 {
            let store = Arc::clone(&store);
            let child = fork(move || {
                runtime().block_on(talk(&*store, "child"));
                true
            });
            assert!(ended_well(child));
        }
    });
}
