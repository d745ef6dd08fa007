//! What an embedded store takes for a hit, and what two processes take to hand an entry over.
//!
//! `cargo bench -p cachekit-store --bench embedded`. The bench runs itself a second time as the
//! process that writes. Meanwhile this one asks for the entry without pause; what counts is the
//! first call that finds it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails by panicking"
)]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write as _},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_store::{Store, StoreOptions, open};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const LONG: Duration = Duration::from_secs(3600);
/// The smallest sealed entry.
const ENTRY: usize = 308;
const ROUNDS: usize = 3_000;
const WRITER: &str = "CACHEKIT_BENCH_WRITER";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn store(url: &str) -> Arc<dyn Store> {
    open(url, &StoreOptions::default().with_operation_timeout(Duration::from_secs(10))).unwrap()
}

/// Writes an entry for every line, and answers with a line when it is there.
fn write_for(url: &str) {
    let (runtime, store) = (runtime(), store(url));
    let value = Bytes::from(vec![b'v'; ENTRY]);
    for line in std::io::stdin().lines() {
        runtime.block_on(store.set(&line.unwrap(), value.clone(), LONG)).unwrap();
        println!("done");
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: median {:?}, p90 {:?}, p99 {:?}", at(50), at(90), at(99));
}

/// Asks until the entry is there, and tells how long the call took that found it.
async fn first_hit(store: &dyn Store, key: &str) -> Duration {
    loop {
        let start = Instant::now();
        let found = store.get_many(&[key]).await.unwrap();
        let took = start.elapsed();
        if found[0].is_some() {
            return took;
        }
    }
}

fn measure(kind: &str, url: &str) {
    let mut other = Command::new(env::current_exe().unwrap())
        .env(WRITER, url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = other.stdin.take().unwrap();
    let mut answered = BufReader::new(other.stdout.take().unwrap());
    let (runtime, store) = (runtime(), store(url));
    let value = Bytes::from(vec![b'v'; ENTRY]);
    let mut line = String::new();
    let (mut fresh, mut again, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let key = format!("key:{round}");
        writeln!(asked, "{key}").unwrap();
        fresh.push(runtime.block_on(first_hit(&*store, &key)));
        again.push(runtime.block_on(first_hit(&*store, &key)));
        answered.read_line(&mut line).unwrap();
        let start = Instant::now();
        runtime.block_on(store.set("own", value.clone(), LONG)).unwrap();
        own.push(start.elapsed());
    }
    drop(asked);
    other.wait().unwrap();
    report(&format!("{kind}: hit on what another process has just written"), fresh);
    report(&format!("{kind}: the same again"), again);
    report(&format!("{kind}: write"), own);
}

fn main() {
    if let Ok(url) = env::var(WRITER) {
        return write_for(&url);
    }
    let directory = TempDir::new().unwrap();
    measure("file", &format!("file://{}", directory.path().display()));
    let name = format!("bench-{}", std::process::id());
    measure("shm", &format!("shm://{name}"));
    for found in fs::read_dir("/dev/shm").unwrap().map(|found| found.unwrap().path()) {
        if found.to_string_lossy().ends_with(&name) {
            fs::remove_dir_all(found).unwrap();
        }
    }
}
