//! Handles of one operation that were made apart: what one forgets, the other has forgotten.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Intent, L1, Operation, OperationOptions,
    Protection, SerializerId, block_on,
};

use crate::world::{Answer, TTL, World, body, call, get, named, ring};

const X: Call<'static> = call(b"x");

/// In this process alone, and over a store: in the latter nothing is looked at again for an hour,
/// so that only what the handles share can tell.
fn caches() -> [Cache; 3] {
    let sealed = || CacheOptions::new(Protection::Sealed(Arc::new(ring(1))));
    let world = World::new();
    let mut shared = world.sealed(ring(1));
    shared.l1 = L1::Bytes(1 << 20);
    shared.l1_max_age = Duration::from_secs(3600);
    let plain = CacheOptions::new(Protection::Plain);
    [sealed(), plain, shared].map(|options| Cache::new(options).expect("a cache"))
}

fn versioned(cache: &Cache, version: &str) -> Operation {
    let options = OperationOptions {
        namespace: "tests".to_owned(),
        name: "f".to_owned(),
        version: version.to_owned(),
        schema: String::new(),
        ttl: TTL,
        serializer: SerializerId::MSGPACK,
    };
    cache.operation(options).expect("an operation")
}

fn entries(operation: &Operation) -> Option<Vec<u8>> {
    block_on(operation.peek(&X)).expect("peeks").map(|hit| body(&hit))
}

#[test]
fn a_clear_by_one_handle_reaches_the_others_and_all_versions() {
    for cache in caches() {
        let (one, other) = (named(&cache, "f"), named(&cache, "f"));
        let (version, neighbour) = (versioned(&cache, "2"), named(&cache, "g"));
        for operation in [&one, &version, &neighbour] {
            get(operation, &X, b"1");
        }
        assert_eq!(get(&other, &X, b""), Answer::Cached(b"1".to_vec()));
        block_on(other.clear()).expect("clears");
        assert_eq!((entries(&one), entries(&version)), (None, None));
        assert_eq!(entries(&neighbour), Some(b"1".to_vec()));
        get(&one, &X, b"2");
        assert_eq!(get(&other, &X, b""), Answer::Cached(b"2".to_vec()));
    }
}

#[test]
fn a_computation_of_one_handle_is_not_joined_after_a_clear_by_the_other() {
    for cache in caches() {
        let (one, other) = (named(&cache, "f"), named(&cache, "f"));
        let entered = block_on(one.enter(&X, Intent::Get, Caller::blocking())).expect("enters");
        let Entered::Compute(before) = entered else { panic!("nothing is cached") };
        block_on(other.clear()).expect("clears");
        // From another thread, which would wait for it if it could be joined.
        let asked = one.clone();
        let computes = std::thread::spawn(move || {
            let mut entered = pin!(asked.enter(&X, Intent::Get, Caller::blocking()));
            let polled = entered.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(Entered::Compute(ticket))) = polled else { return false };
            let value = Encoded::Body { bytes: b"after", object: None };
            block_on(ticket.fill(value)).is_ok()
        });
        assert!(computes.join().expect("no panic"));
        let value = Encoded::Body { bytes: b"before", object: None };
        let _overtaken = block_on(before.fill(value)).expect("fills");
        assert_eq!(entries(&one), Some(b"after".to_vec()));
    }
}

#[test]
fn entries_of_a_handle_that_is_made_again_are_there() {
    for cache in caches() {
        get(&named(&cache, "f"), &X, b"1");
        assert_eq!(get(&named(&cache, "f"), &X, b""), Answer::Cached(b"1".to_vec()));
        block_on(named(&cache, "f").clear()).expect("clears");
        assert!(matches!(get(&named(&cache, "f"), &X, b"2"), Answer::Computed(_)));
    }
}

/// Each call must show at least what was current when something was last forgotten or put.
#[test]
fn whatever_two_handles_do_in_turn_nothing_older_is_served() {
    for seed in 0..150_u64 {
        for cache in caches() {
            let handles = [named(&cache, "f"), named(&cache, "f")];
            let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut draw = |of: u64| {
                // xorshift64 (Marsaglia, 2003).
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % of) as usize
            };
            let (mut version, mut floor) = (0_u8, 0_u8);
            for _ in 0..30 {
                let handle = &handles[draw(2)];
                version += 1;
                match draw(5) {
                    0 => block_on(handle.clear()).expect("clears"),
                    1 => block_on(handle.invalidate(&X)).expect("invalidates"),
                    2 => {
                        let value = Encoded::Body { bytes: &[version], object: None };
                        block_on(handle.put(&X, value, None)).expect("puts");
                    }
                    _ => {
                        if let Answer::Cached(value) = get(handle, &X, &[version]) {
                            assert!(value[0] >= floor, "seed {seed}: {value:?} below {floor}");
                        }
                        continue;
                    }
                }
                floor = version;
            }
        }
    }
}
