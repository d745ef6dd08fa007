//! A thousand calls a second on one cache, each answer held to what it must be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Intent, L1, Operation, OperationOptions,
    Protection, Scratch, SerializerId, Value,
};
use cachekit_seal::{Keyring, MasterKey};
use cachekit_store::StoreOptions;
use cachekit_testkit::eventually;
use tokio::{
    runtime,
    time::{MissedTickBehavior, interval},
};

use crate::record::Record;

const EVERY: Duration = Duration::from_millis(1);
/// How many different calls there are that are made again and again.
const CALLS: u64 = 256;
/// One call of so many is made once only, so that there is always something to write.
const NEW: u64 = 8;
/// So many hits of the store mean that it is used again.
const HITS: u64 = 20;

/// The load on one store.
pub(crate) struct Load {
    operation: Operation,
    record: Arc<Record>,
    stop: Arc<AtomicBool>,
    driver: JoinHandle<()>,
}

impl Load {
    /// Begins to call a sealed cache over the store at this address, without a first level, so that
    /// every call speaks to the store, and with the time-outs that users have.
    pub(crate) fn start(url: &str, options: &StoreOptions) -> Self {
        let operation = operation(url, options);
        let (record, stop) = (Arc::<Record>::default(), Arc::<AtomicBool>::default());
        let driver = {
            let (operation, record, stop) =
                (operation.clone(), Arc::clone(&record), Arc::clone(&stop));
            thread::spawn(move || drive(&operation, &record, &stop))
        };
        Self { operation, record, stop, driver }
    }

    /// How many calls the store has answered.
    pub(crate) fn hits(&self) -> u64 {
        self.operation.stats().store_hits
    }

    /// Waits until the store has answered more calls than it had.
    pub(crate) fn is_served(&self, before: u64) {
        eventually("the store is used again", || self.hits() >= before + HITS);
    }

    /// How often a call was told that the store failed, or that it had just failed.
    pub(crate) fn store_failures(&self) -> u64 {
        self.operation.stats().store_errors
    }

    /// How many calls there were so far.
    pub(crate) fn calls(&self) -> u64 {
        self.record.calls()
    }

    /// What happened after the first so many calls.
    pub(crate) fn since(&self, calls: u64) -> String {
        self.record.since(calls)
    }

    /// No reason to go on if something is wrong already.
    pub(crate) fn is_right(&self, store: &str, fault: &str) {
        self.record.is_right(&format!("{store}, {fault}"));
    }

    /// Stops, waits for the calls under way, and returns what was counted.
    pub(crate) fn stop(self) -> Arc<Record> {
        self.stop.store(true, Relaxed);
        self.driver.join().expect("calls that do not panic");
        self.record
    }
}

fn drive(operation: &Operation, record: &Arc<Record>, stop: &AtomicBool) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = Vec::new();
        for number in 0.. {
            ticks.tick().await;
            if stop.load(Relaxed) {
                break;
            }
            let (operation, record) = (operation.clone(), Arc::clone(record));
            under_way.push(tokio::spawn(async move { call(&operation, &record, number).await }));
            if number % 1024 == 0 {
                under_way.retain(|call| !call.is_finished());
            }
        }
        for call in under_way {
            call.await.expect("a call that does not panic");
        }
    });
}

async fn call(operation: &Operation, record: &Record, number: u64) {
    // Not one after the other: neighbours in time differ in what they ask for.
    let argument = match number % NEW {
        0 => CALLS + number,
        _ => (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % CALLS,
    };
    let expected = value_of(argument);
    let begin = Instant::now();
    let arguments = argument.to_le_bytes();
    let asked = Call { tenant: None, arguments: &arguments };
    let answer = operation.enter(&asked, Intent::Get, Caller::task(&[])).await;
    let right = match answer {
        Ok(Entered::Hit(hit)) => {
            let mut scratch = Scratch::new();
            let value = hit.open(&mut scratch).map(|value| match value {
                Value::Body(body) => body == &expected[..],
                Value::None => false,
            });
            value.map_err(drop)
        }
        Ok(Entered::Compute(ticket)) => {
            let value = Encoded::Body { bytes: &expected, object: None };
            ticket.fill(value).await.map(|_| true).map_err(drop)
        }
        Ok(Entered::Failed(_)) | Err(_) => Err(()),
    };
    record.note(right, begin.elapsed());
}

/// Bytes that are nobody else's, of a length of their own.
fn value_of(argument: u64) -> Vec<u8> {
    argument.to_le_bytes().repeat(8 + (argument % 64) as usize)
}

fn operation(url: &str, options_of_store: &StoreOptions) -> Operation {
    let key = MasterKey::from_bytes(&[0x4f; 32].map(|byte: u8| byte ^ 0x1d)).expect("a key");
    let mut options = CacheOptions::new(Protection::Sealed(Arc::new(Keyring::single(key))));
    let store = cachekit_store::open(url, options_of_store).expect("an address");
    options.store = Some(store);
    options.l1 = L1::Off;
    let operation = OperationOptions {
        namespace: "faults".to_owned(),
        name: "f".to_owned(),
        version: String::new(),
        schema: String::new(),
        ttl: Duration::from_secs(600),
        serializer: SerializerId::MSGPACK,
    };
    Cache::new(options).and_then(|cache| cache.operation(operation)).expect("an operation")
}
