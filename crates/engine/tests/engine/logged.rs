//! What the log is told of a store: that it fails, why, and that it answers again; each once.

use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use cachekit_engine::{CacheOptions, Encoded, Error, L1, Operation, Protection, block_on};
use cachekit_process::ManualClock;
use cachekit_store::{ErrorKind, StoreOptions};
use cachekit_testkit::{RedisServer, RedisSetup, eventually};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::world::{START, World, call, get, named, operation, ring};

static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Lines;

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = (record.level(), record.args().to_string());
        LINES.lock().expect("no panic").push(line);
    }

    fn flush(&self) {}
}

fn listen() {
    static SET: Once = Once::new();
    SET.call_once(|| log::set_logger(&Lines).expect("the first"));
    log::set_max_level(LevelFilter::Info);
}

/// The lines that say this, with their levels.
fn lines(about: &str) -> Vec<(Level, String)> {
    let lines = LINES.lock().expect("no panic");
    lines.iter().filter(|(_, line)| line.contains(about)).cloned().collect()
}

fn levels(about: &str) -> Vec<Level> {
    lines(about).into_iter().map(|(level, _)| level).collect()
}

fn over(url: &str, clock: &Arc<ManualClock>) -> Operation {
    let mut options = CacheOptions::new(Protection::Sealed(Arc::new(ring(1))));
    let impatient = StoreOptions::default().with_operation_timeout(Duration::from_millis(500));
    options.store = Some(cachekit_store::open(url, &impatient).expect("an address"));
    options.l1 = L1::Off;
    options.clock = clock.clone();
    operation(options)
}

#[test]
fn an_outage_is_warned_of_once_and_so_is_its_end() {
    listen();
    let server = RedisServer::start();
    let address = format!(":{}", server.port());
    let clock = Arc::new(ManualClock::new(START));
    let operation = over(&server.url(), &clock);
    let calls = || {
        for argument in 0..8 {
            // The breaker lets one call through after each pause.
            clock.advance(Duration::from_secs(2));
            get(&operation, &call(&[argument]), b"value");
        }
    };
    calls();
    assert!(levels(&address).is_empty());
    server.kill();
    calls();
    assert_eq!(levels(&address), [Level::Warn]);
    server.restart();
    eventually("the store serves hits again", || {
        calls();
        let hits = operation.stats().store_hits;
        calls();
        operation.stats().store_hits > hits
    });
    assert_eq!(levels(&address), [Level::Warn, Level::Info]);
}

#[test]
fn a_wrong_password_is_said_in_the_log_and_to_whoever_writes() {
    listen();
    let server = RedisSetup::new().password("right").start();
    let clock = Arc::new(ManualClock::new(START));
    let url = server.url().replace("right", "wrong-and-secret");
    let operation = over(&url, &clock);
    for _ in 0..5 {
        let value = Encoded::Body { bytes: b"value", object: None };
        let Err(Error::Store(error)) = block_on(operation.put(&call(b"x"), value, None)) else {
            panic!("nothing can be written")
        };
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(!error.retryable());
    }
    let lines = lines(&format!(":{}", server.port()));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].1.contains("store refused access"), "{lines:?}");
    assert!(!lines[0].1.contains("secret"), "{lines:?}");
}

#[test]
fn changed_entries_are_warned_of_once_a_minute_by_operation_and_count() {
    listen();
    let world = World::new();
    let cache = cachekit_engine::Cache::new(world.sealed(ring(1))).expect("a cache");
    let operation = named(&cache, "tampered with");
    let meet = |argument: &[u8]| {
        world.plant(&operation, &call(argument), vec![0xC2; 400]);
        get(&operation, &call(argument), b"a value");
    };
    for argument in [b"argument 1", b"argument 2", b"argument 3"] {
        meet(argument);
    }
    world.clock.advance(Duration::from_secs(60));
    meet(b"argument 4");
    let lines = lines("tampered with");
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [Level::Warn; 2]);
    assert!(lines[1].1.contains("2 more"), "{lines:?}");
    let address = operation.address(&call(b"argument 1")).expect("an address");
    assert!(lines.iter().all(|(_, line)| !line.contains(&address) && !line.contains("argument")));
}
