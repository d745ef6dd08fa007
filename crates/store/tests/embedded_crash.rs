//! Eight processes read and write one store while they are killed at random.
//!
//! A few seconds; `CACHEKIT_SOAK_SECONDS=60` for longer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_store::{ErrorKind, Expected, Store, StoreOptions, open};
use tempfile::TempDir;

const PROCESSES: usize = 8;
const CAPACITY: usize = 8 * 1024 * 1024;
const KEYS: u64 = 600;
const LONG: Duration = Duration::from_secs(600);

/// Reproducible chance: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A value that says which key it is of; every byte follows from its first sixteen.
fn value(key: u64, seed: u64) -> Bytes {
    let mut chance = Chance(key.rotate_left(32) ^ seed);
    let large = chance.below(20) == 0;
    let words = chance.below(if large { 12_000 } else { 120 });
    let mut bytes = [key.to_le_bytes(), seed.to_le_bytes()].concat();
    for _ in 0..words {
        bytes.extend(chance.next().to_le_bytes());
    }
    bytes.into()
}

fn check(key: u64, found: &[u8]) {
    let seed = u64::from_le_bytes(found[8..16].try_into().unwrap());
    assert!(found == &value(key, seed)[..], "a wrong value under {key}");
}

fn store(url: &str) -> Arc<dyn Store> {
    let options = StoreOptions::default().with_memory_capacity(CAPACITY);
    open(url, &options.with_operation_timeout(Duration::from_secs(30))).unwrap()
}

async fn one_step(store: &dyn Store, chance: &mut Chance) -> Result<(), cachekit_store::Error> {
    let (key, seed) = (chance.below(KEYS), chance.next());
    let name = format!("key:{key}");
    let ttl = if chance.below(4) == 0 { Duration::from_millis(1 + chance.below(50)) } else { LONG };
    match chance.below(10) {
        0..=4 => {
            let keys: Vec<u64> = (0..1 + chance.below(8)).map(|_| chance.below(KEYS)).collect();
            let names: Vec<String> = keys.iter().map(|key| format!("key:{key}")).collect();
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            let found = store.get_many(&names).await?;
            for (key, found) in keys.into_iter().zip(found) {
                found.iter().for_each(|found| check(key, found));
            }
        }
        5..=7 => store.set(&name, value(key, seed), ttl).await?,
        8 => {
            let there = store.get_many(&[&name]).await?.remove(0);
            let expected = there.as_deref().map_or(Expected::Absent, Expected::Exactly);
            let _ = store.compare_and_set(&name, expected, value(key, seed), ttl).await?;
        }
        _ => drop(store.delete(&name).await?),
    }
    Ok(())
}

#[tokio::test]
#[ignore = "a part of the other test, which runs it in processes of its own"]
async fn a_process_of_many() {
    let (Ok(url), Ok(seed)) = (env::var("CACHEKIT_TEST_URL"), env::var("CACHEKIT_TEST_SEED"))
    else {
        return;
    };
    let store = store(&url);
    let mut chance = Chance(seed.parse().unwrap());
    loop {
        match one_step(&*store, &mut chance).await {
            Err(error) if error.kind() != ErrorKind::Timeout => panic!("{error:?}"),
            _ => {}
        }
    }
}

fn spawn(url: &str, seed: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_process_of_many", "--ignored", "--nocapture"])
        .env("CACHEKIT_TEST_URL", url)
        .env("CACHEKIT_TEST_SEED", seed.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills one after the other, and puts another in its place. One that ended by itself has met
/// something wrong.
fn kill_at_random(url: &str, lasting: Duration) -> u64 {
    let mut chance = Chance(0xc0ffee);
    let mut seed = 0;
    let mut next = || {
        seed += 1;
        spawn(url, seed)
    };
    let mut processes: Vec<Child> = (0..PROCESSES).map(|_| next()).collect();
    let (start, mut killed) = (Instant::now(), 0);
    while start.elapsed() < lasting {
        thread::sleep(Duration::from_millis(chance.below(150)));
        let which = usize::try_from(chance.below(PROCESSES as u64)).unwrap();
        let mut victim = std::mem::replace(&mut processes[which], next());
        end(&mut victim);
        killed += 1;
        if killed % 100 == 0 {
            println!("{killed} killed, {:.0?} of {lasting:?}", start.elapsed());
        }
    }
    processes.iter_mut().for_each(end);
    killed
}

fn end(process: &mut Child) {
    assert!(process.try_wait().unwrap().is_none(), "it ended by itself: something was wrong");
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn processes_that_are_killed_leave_no_wrong_value_and_no_damage() {
    let seconds = env::var("CACHEKIT_SOAK_SECONDS").map_or(4, |text| text.parse().unwrap());
    let directory = TempDir::new().unwrap();
    let url = format!("file://{}", directory.path().display());
    let killed = kill_at_random(&url, Duration::from_secs(seconds));
    assert!(killed > 0);
    nothing_is_wrong(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(all(&*store(&url)));
    assert!(found > 0, "nothing was kept");
    nothing_is_wrong(directory.path());
    println!("{killed} killed in {seconds} s, {found} of {KEYS} entries found after it");
}

/// Reads everything, then writes everything again.
async fn all(store: &dyn Store) -> u64 {
    let mut count = 0;
    for key in 0..KEYS {
        let name = format!("key:{key}");
        let found = store.get_many(&[&name]).await.unwrap().remove(0);
        found.iter().for_each(|found| check(key, found));
        count += u64::from(found.is_some());
        store.set(&name, value(key, 1), LONG).await.unwrap();
        assert!(store.get_many(&[&name]).await.unwrap()[0].is_some());
    }
    count
}

fn nothing_is_wrong(directory: &Path) {
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        assert!(!name.contains("damaged"), "{name}");
        if name == "entries.mdb" {
            assert!(file.metadata().unwrap().len() <= CAPACITY as u64);
        }
    }
}
