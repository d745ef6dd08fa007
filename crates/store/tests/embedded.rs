//! The embedded store keeps the contract, and its own promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]
#![expect(unsafe_code, reason = "there is no safe way to ask who we are")]

use std::{
    env, fs, future::Future, os::unix::fs::PermissionsExt, path::Path, pin::Pin, process::Command,
    sync::Arc, time::Duration,
};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{ErrorKind, Store, StoreOptions, StoreUrl, Write, open};
use cachekit_testkit::conformance::{self, Subject};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(3600);
const MIB: usize = 1024 * 1024;

struct Embedded {
    url: String,
    clock: Arc<ManualClock>,
}

impl Embedded {
    fn at(url: String) -> Self {
        Self { url, clock: Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000))) }
    }
}

impl Subject for Embedded {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        open(&self.url, &patient(options).with_clock(self.clock())).unwrap()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.clock.advance(by);
        Box::pin(std::future::ready(()))
    }
}

/// On a busy machine a flush to disk takes its time.
fn patient(options: StoreOptions) -> StoreOptions {
    options.with_operation_timeout(Duration::from_secs(20))
}

fn url(directory: &TempDir) -> String {
    format!("file://{}", directory.path().display())
}

fn small(directory: &TempDir) -> Arc<dyn Store> {
    open(&url(directory), &patient(StoreOptions::default()).with_memory_capacity(2 * MIB)).unwrap()
}

async fn get(store: &dyn Store, key: &str) -> Option<Bytes> {
    store.get_many(&[key]).await.unwrap().remove(0)
}

async fn put(store: &dyn Store, key: &str, bytes: usize, ttl: Duration) {
    store.set(key, vec![7; bytes].into(), ttl).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_in_a_file() {
    let directory = TempDir::new().unwrap();
    conformance::run(&Embedded::at(url(&directory))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_in_shared_memory() {
    let name = format!("contract-{}", std::process::id());
    let directory = shared_memory(&name);
    conformance::run(&Embedded::at(format!("shm://{name}"))).await;
    fs::remove_dir_all(directory).unwrap();
}

fn shared_memory(name: &str) -> String {
    // SAFETY: asks who we are; cannot fail.
    let user = unsafe { libc::geteuid() };
    format!("/dev/shm/cachekit-{user}-{name}")
}

#[tokio::test]
async fn when_full_it_forgets_what_runs_out_soonest_and_fails_no_write() {
    let directory = TempDir::new().unwrap();
    let store = small(&directory);
    put(&*store, "soon", 100_000, Duration::from_secs(10)).await;
    put(&*store, "late", 100_000, LONG * 100).await;
    for i in 0..100 {
        put(&*store, &format!("k{i}"), 100_000, LONG).await;
    }
    assert!(get(&*store, "soon").await.is_none());
    assert!(get(&*store, "late").await.is_some());
    assert!(get(&*store, "k99").await.is_some());
    for i in 0..5_000 {
        put(&*store, &format!("s{i}"), i % 900, LONG).await;
    }
    assert!(get(&*store, "s4999").await.is_some());
    let length = fs::metadata(directory.path().join("entries.mdb")).unwrap().len();
    assert!(length <= 2 * MIB as u64, "{length}");
}

#[tokio::test]
async fn the_largest_entry_fits_however_full_it_is() {
    let directory = TempDir::new().unwrap();
    let store = small(&directory);
    let largest = store.capabilities().largest_entry;
    assert_eq!(largest, MIB / 4);
    for i in 0..3_000 {
        put(&*store, &format!("k{i}"), 700, LONG).await;
    }
    for i in 0..20 {
        put(&*store, &format!("large{i}"), largest, LONG).await;
        assert_eq!(get(&*store, &format!("large{i}")).await.unwrap().len(), largest);
    }
    let over = store.set("k", vec![0; largest + 1].into(), LONG).await.unwrap_err();
    assert_eq!(over.kind(), ErrorKind::TooLarge);
    let value = Bytes::from(vec![1; 200_000]);
    let writes: Vec<_> =
        (0..50).map(|_| Write { key: "many", value: value.clone(), ttl: LONG }).collect();
    store.set_many(&writes).await.unwrap();
    assert!(get(&*store, "many").await.is_some());
}

#[tokio::test]
async fn long_keys_are_told_apart_to_their_last_byte() {
    let directory = TempDir::new().unwrap();
    let store = small(&directory);
    let long = "k".repeat(100_000);
    let (one, other) = (format!("{long}1"), format!("{long}2"));
    put(&*store, &one, 1, LONG).await;
    put(&*store, &other, 2, LONG).await;
    assert_eq!(get(&*store, &one).await.unwrap().len(), 1);
    assert_eq!(get(&*store, &other).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_has_run_out_is_swept_by_later_writes() {
    let directory = TempDir::new().unwrap();
    let embedded = Embedded::at(url(&directory));
    let store = embedded.open(StoreOptions::default().with_memory_capacity(2 * MIB));
    for i in 0..12 {
        put(&*store, &format!("k{i}"), 100_000, Duration::from_secs(1)).await;
    }
    embedded.clock.advance(Duration::from_secs(1));
    // Their room is there again: what lives longest is not forgotten for it.
    for i in 0..12 {
        put(&*store, &format!("n{i}"), 100_000, LONG).await;
    }
    for i in 0..12 {
        assert!(get(&*store, &format!("n{i}")).await.is_some(), "{i}");
    }
}

#[tokio::test]
async fn a_directory_that_others_can_write_to_is_refused() {
    for (mode, cure) in [(0o777, "chmod 700"), (0o720, "chmod 700"), (0o702, "chmod 700")] {
        let directory = TempDir::new().unwrap();
        allow(directory.path(), mode);
        let error = small(&directory).get_many(&["k"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains(cure), "{error}");
        allow(directory.path(), 0o700);
        assert!(get(&*small(&directory), "k").await.is_none());
    }
}

#[tokio::test]
async fn a_directory_in_one_where_others_can_rename_it_is_refused() {
    let directory = TempDir::new().unwrap();
    allow(directory.path(), 0o777);
    let inside = format!("{}/inside", url(&directory));
    let store = open(&inside, &StoreOptions::default()).unwrap();
    let error = store.get_many(&["k"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("chmod o-w"), "{error}");
    // As in /tmp: only its owner can.
    allow(directory.path(), 0o1777);
    assert!(store.get_many(&["k"]).await.is_ok());
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn its_files_are_the_owners_alone() {
    let directory = TempDir::new().unwrap();
    let inside = directory.path().join("new/inner");
    let store = open(&format!("file://{}", inside.display()), &StoreOptions::default()).unwrap();
    put(&*store, "k", 1, LONG).await;
    for path in [inside.clone(), inside.join("entries.mdb"), inside.join("entries.mdb-lock")] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{path:?}");
    }
}

#[tokio::test]
async fn what_is_no_such_file_is_set_aside_and_kept() {
    let directory = TempDir::new().unwrap();
    let text = "not what it should be ".repeat(1000);
    fs::write(directory.path().join("entries.mdb"), &text).unwrap();
    let store = small(&directory);
    put(&*store, "k", 1, LONG).await;
    assert!(get(&*store, "k").await.is_some());
    assert_eq!(aside(&directory), [text.into_bytes()]);
}

/// What was set aside in it.
fn aside(directory: &TempDir) -> Vec<Vec<u8>> {
    let files = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
    let aside = files.filter(|path| path.to_str().unwrap().contains("entries.mdb.damaged-"));
    aside.map(|path| fs::read(path).unwrap()).collect()
}

/// Runs the test `of_another_process` in another process.
fn in_another_process(what: &str, directory: &TempDir) {
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "of_another_process", "--ignored", "--nocapture"])
        .env("CACHEKIT_TEST_DO", what)
        .env("CACHEKIT_TEST_URL", url(directory))
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test]
#[ignore = "a part of other tests, which run it in a process of its own"]
async fn of_another_process() {
    let (Ok(what), Ok(url)) = (env::var("CACHEKIT_TEST_DO"), env::var("CACHEKIT_TEST_URL")) else {
        return;
    };
    let options = patient(StoreOptions::default()).with_memory_capacity(8 * MIB);
    let store = open(&url, &options).unwrap();
    match &*what {
        "fill" => {
            for i in 0..400 {
                put(&*store, &format!("k{i}"), i * 20, LONG).await;
            }
        }
        "expect" => {
            for i in 0..400 {
                assert_eq!(get(&*store, &format!("k{i}")).await.unwrap().len(), i * 20);
            }
        }
        "use" => {
            for i in 0..400 {
                let _ = get(&*store, &format!("k{i}")).await;
                put(&*store, &format!("n{i}"), i * 20, LONG).await;
            }
        }
        other => panic!("nothing known as {other}"),
    }
}

#[test]
fn entries_outlive_the_process() {
    let directory = TempDir::new().unwrap();
    in_another_process("fill", &directory);
    in_another_process("expect", &directory);
    assert!(aside(&directory).is_empty());
}

#[test]
fn a_file_that_was_cut_short_is_set_aside_and_kills_nobody() {
    for keep in [8192, 10_000, 65_536, 1_000_000] {
        let directory = TempDir::new().unwrap();
        in_another_process("fill", &directory);
        let data = directory.path().join("entries.mdb");
        fs::File::options().write(true).open(&data).unwrap().set_len(keep).unwrap();
        in_another_process("use", &directory);
        assert_eq!(aside(&directory).len(), 1, "cut to {keep}");
        in_another_process("use", &directory);
        assert_eq!(aside(&directory).len(), 1, "once");
    }
}

#[test]
fn damage_that_a_process_met_is_set_aside_by_the_next() {
    let directory = TempDir::new().unwrap();
    in_another_process("fill", &directory);
    fs::write(directory.path().join("damaged"), "").unwrap();
    in_another_process("use", &directory);
    assert_eq!(aside(&directory).len(), 1);
    assert!(!directory.path().join("damaged").exists());
}

#[test]
fn addresses_say_where_it_is() {
    let shown = |url: &str| url.parse::<StoreUrl>().map(|url| url.to_string());
    assert_eq!(shown("file:///var/cache/app/").unwrap(), "file:///var/cache/app");
    assert_eq!(shown("file:///a%20b").unwrap(), "file:///a%20b");
    assert_eq!(shown("shm://sessions").unwrap(), "shm://sessions");
    let own = shown("file:").unwrap();
    assert!(own.starts_with("file:///") && own.ends_with("/cachekit"), "{own}");
    for (url, expected) in [
        ("file://var/cache", "three slashes"),
        ("file://", "no path"),
        ("file:///", "no path"),
        ("file:///a/../b", "write it out"),
        ("file:///a?size=1", "percent-encode"),
        ("shm://", "a name alone"),
        ("shm://a/b", "a name alone"),
        ("shm://..%2f", "a name alone"),
    ] {
        let error = shown(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}

#[test]
fn outside_a_runtime_it_says_so() {
    let directory = TempDir::new().unwrap();
    let store = small(&directory);
    let error = futures_util::FutureExt::now_or_never(store.get_many(&["k"])).unwrap();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Misconfigured);
}
