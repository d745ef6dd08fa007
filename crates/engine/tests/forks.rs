//! Children that are forked while other threads of the parent are inside the engine.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it does not expect ends"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Intent, Operation, OperationOptions,
    Protection, SerializerId, block_on,
};
use cachekit_seal::{Keyring, MasterKey};
use cachekit_store::{MemoryStore, StoreOptions};

const CALL: Call<'static> = Call { tenant: None, arguments: b"one call" };
/// After so many seconds a child that hangs is ended by its own alarm.
const PATIENCE: u32 = 20;

fn operation() -> Operation {
    let master = MasterKey::from_bytes(&[7; 32]).expect("a key");
    let protection = Protection::Sealed(Arc::new(Keyring::single(master)));
    let mut options = CacheOptions::new(protection);
    options.store = Some(Arc::new(MemoryStore::named("forks", &StoreOptions::default())));
    let cache = Cache::new(options).expect("a cache");
    let options = OperationOptions {
        namespace: String::new(),
        name: "f".to_owned(),
        version: String::new(),
        schema: String::new(),
        ttl: Duration::from_secs(60),
        serializer: SerializerId::MSGPACK,
    };
    cache.operation(options).expect("an operation")
}

fn call_clear_and_invalidate(operation: &Operation) {
    if let Ok(Entered::Compute(ticket)) =
        block_on(operation.enter(&CALL, Intent::Get, Caller::blocking()))
    {
        let value = Encoded::Body { bytes: b"value", object: None };
        let _filled = block_on(ticket.fill(value));
    }
    let _contended = block_on(operation.clear());
    block_on(operation.invalidate(&CALL)).expect("the store is this process");
}

/// Ends with the child's status: 0 if it did its work, the signal if its alarm had to end it.
fn in_a_child(work: impl FnOnce()) -> i32 {
    // SAFETY: the child runs `work` alone and leaves by `_exit`.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            // SAFETY: no handler is set, so the alarm ends this child and nothing else.
            unsafe { libc::alarm(PATIENCE) };
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: ends the child without running the parent's exit handlers.
            unsafe { libc::_exit(i32::from(result.is_err())) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for a child of this process, `status` is writable.
            let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(ended, child);
            status
        }
    }
}

#[test]
fn a_child_forked_amid_clears_and_invalidations_does_its_own() {
    let operation = operation();
    call_clear_and_invalidate(&operation);
    let stop = AtomicBool::new(false);
    let statuses: Vec<i32> = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    call_clear_and_invalidate(&operation);
                }
            });
        }
        // The first that hangs is enough.
        let mut failed = false;
        let children = (0..400).map_while(|_| {
            let status = (!failed).then(|| in_a_child(|| call_clear_and_invalidate(&operation)))?;
            failed = status != 0;
            Some(status)
        });
        let statuses = children.collect();
        stop.store(true, Relaxed);
        statuses
    });
    assert!(statuses.iter().all(|status| *status == 0), "{:?}", statuses.last());
}
