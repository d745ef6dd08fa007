//! A store that cannot compare: the cache works, and an overtaken fill is noticed all the same.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cachekit_engine::{Caller, Encoded, Entered, Filled, Intent, Operation, Ticket, block_on};
use cachekit_store::{
    Capabilities, Compare, Deleted, Error, ErrorKind, Expected, Pending, Store, Swap, Watching,
    Write,
};

use crate::world::{Answer, World, call, get, operation, ring};

/// Another store, less what it compares with.
struct NoCompare(Arc<dyn Store>);

impl NoCompare {
    fn refused(&self) -> Error {
        Error::new(ErrorKind::Unsupported, self.address(), "nothing is compared here")
    }
}

impl Store for NoCompare {
    fn address(&self) -> &str {
        self.0.address()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities().with_compare(Compare::Unsupported).with_watch(Watching::Unsupported)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        self.0.set(key, value, ttl)
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        self.0.set_many(writes)
    }

    fn compare_and_set<'a>(
        &'a self,
        _: &'a str,
        _: Expected<'a>,
        _: Bytes,
        _: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(std::future::ready(Err(self.refused())))
    }

    fn compare_and_delete<'a>(&'a self, _: &'a str, _: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(std::future::ready(Err(self.refused())))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        self.0.delete(key)
    }
}

fn over(world: &World) -> Operation {
    let mut options = world.sealed(ring(1));
    options.store = Some(Arc::new(NoCompare(Arc::clone(&world.store))));
    operation(options)
}

fn missed(operation: &Operation) -> Ticket {
    match block_on(operation.enter(&call(b"a"), Intent::Get, Caller::blocking())).expect("enters") {
        Entered::Compute(ticket) => ticket,
        _ => panic!("nothing is there yet"),
    }
}

fn fill(ticket: Ticket) -> Filled {
    block_on(ticket.fill(Encoded::Body { bytes: b"from before", object: None })).expect("fills")
}

#[test]
fn what_is_computed_is_found_again() {
    let world = World::new();
    let (one, other) = (over(&world), over(&world));
    assert_eq!(get(&one, &call(b"a"), b"value"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&one, &call(b"a"), b"-"), Answer::Cached(b"value".to_vec()));
    assert_eq!(get(&other, &call(b"a"), b"-"), Answer::Cached(b"value".to_vec()));
    assert_eq!(one.stats().store_errors + other.stats().store_errors, 0);
}

#[test]
fn a_fill_that_was_overtaken_is_not_written() {
    let world = World::new();
    let (one, other) = (over(&world), over(&world));
    let ticket = missed(&one);
    block_on(other.invalidate(&call(b"a"))).expect("invalidates");
    assert_eq!(fill(ticket), Filled::Overtaken);
    assert_eq!(get(&other, &call(b"a"), b"after"), Answer::Computed(Filled::Stored));
}

#[test]
fn a_clear_holds_for_fills_that_began_before_it() {
    let world = World::new();
    let (one, other) = (over(&world), over(&world));
    get(&one, &call(b"b"), b"value");
    let ticket = missed(&one);
    block_on(other.clear()).expect("clears");
    let _served_by_nobody = fill(ticket);
    assert_eq!(get(&other, &call(b"a"), b"after"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&one, &call(b"b"), b"after"), Answer::Computed(Filled::Stored));
}

#[test]
fn what_was_changed_is_removed() {
    let world = World::new();
    let one = over(&world);
    get(&one, &call(b"a"), b"value");
    let mut stored = world.stored(&one, &call(b"a")).expect("stored");
    stored[50] ^= 1;
    world.plant(&one, &call(b"a"), stored);
    assert_eq!(get(&one, &call(b"a"), b"again"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&one, &call(b"a"), b"-"), Answer::Cached(b"again".to_vec()));
}
