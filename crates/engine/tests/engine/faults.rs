//! A real Redis that is killed, hung, restarted, or answers rubbish under the calls: every call
//! has the right value, and the cache is used again afterwards.

use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::{CacheOptions, Operation, Protection};
use cachekit_store::StoreOptions;
use cachekit_testkit::{Fault, FaultProxy, RedisServer, eventually};

use crate::world::{Answer, call, get, operation, ring};

/// A sealed cache without a first level, so that every call speaks to the store.
fn over(url: &str) -> Operation {
    let mut options = CacheOptions::new(Protection::Sealed(Arc::new(ring(1))));
    let impatient = StoreOptions::default().with_operation_timeout(Duration::from_millis(100));
    options.store = Some(cachekit_store::open(url, &impatient).expect("an address"));
    options.l1 = cachekit_engine::L1::Off;
    operation(options)
}

/// Calls with many arguments; each answer must be the one that belongs to its argument.
fn calls_are_right(operation: &Operation) {
    for argument in 0..20_u8 {
        let expected = [argument; 32];
        if let Answer::Cached(value) = get(operation, &call(&[argument]), &expected) {
            assert_eq!(value, expected);
        }
    }
}

fn is_used_again(operation: &Operation) {
    eventually("the store serves hits again", || {
        let before = operation.stats().store_hits;
        calls_are_right(operation);
        operation.stats().store_hits >= before + 20
    });
}

#[test]
fn redis_killed_hung_and_restarted_breaks_no_call() {
    let server = RedisServer::start();
    let operation = over(&server.url());
    is_used_again(&operation);

    server.kill();
    calls_are_right(&operation);
    assert!(operation.stats().store_errors > 0);
    server.restart();
    is_used_again(&operation);

    server.stop();
    calls_are_right(&operation);
    server.cont();
    is_used_again(&operation);
}

#[test]
fn every_fault_on_the_line_is_survived() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port());
    let operation = over(&server.url_through(proxy.port()));
    is_used_again(&operation);
    let faults = [
        Fault::ResetAfter(3),
        Fault::Answer(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Fault::Answer(b"*2000000000\r\n$2000000000\r\n".to_vec()),
        Fault::Delay(Duration::from_millis(150)),
        Fault::BlackHole,
        Fault::Refuse,
    ];
    for fault in faults {
        proxy.inject(fault);
        calls_are_right(&operation);
        proxy.inject(Fault::None);
        is_used_again(&operation);
    }
}
