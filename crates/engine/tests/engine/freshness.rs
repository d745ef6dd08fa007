//! Expiry, invalidation, clears: within a process and over a store.

use std::time::Duration;

use cachekit_engine::{
    Cache, CacheOptions, Caller, Encoded, Entered, Filled, Intent, L1, Protection, block_on,
};

use crate::world::{Answer, TTL, World, call, get, in_memory, named, operation, ring};

fn cached(value: &[u8]) -> Answer {
    Answer::Cached(value.to_vec())
}

#[test]
fn a_value_is_served_until_its_ttl_and_not_after() {
    let world = World::new();
    let mut options = world.sealed(ring(1));
    options.store = None;
    options.l1 = L1::Bytes(1 << 20);
    let operation = operation(options);
    assert_eq!(get(&operation, &call(b"x"), b"1"), Answer::Computed(Filled::Held));
    world.clock.advance(TTL);
    assert_eq!(get(&operation, &call(b"x"), b"2"), cached(b"1"));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(get(&operation, &call(b"x"), b"2"), Answer::Computed(Filled::Held));
}

#[test]
fn the_store_serves_another_process() {
    let world = World::new();
    let (a, b) = (operation(world.sealed(ring(1))), operation(world.sealed(ring(1))));
    assert_eq!(get(&a, &call(b"x"), b"1"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&b, &call(b"x"), b"2"), cached(b"1"));
    assert_eq!(b.stats().store_hits, 1);
}

#[test]
fn the_first_level_looks_again_when_it_is_too_old_to_be_believed() {
    let world = World::new();
    let with_l1 = || {
        let mut options = world.sealed(ring(1));
        options.l1 = L1::Bytes(1 << 20);
        operation(options)
    };
    let (a, b) = (with_l1(), with_l1());
    get(&a, &call(b"x"), b"1");
    assert_eq!(get(&b, &call(b"x"), b"2"), cached(b"1"));
    block_on(a.invalidate(&call(b"x"))).expect("the store is up");
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(get(&b, &call(b"x"), b"2"), cached(b"1"), "within l1_max_age, as documented");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(get(&b, &call(b"x"), b"2"), Answer::Computed(Filled::Stored));
    let before = b.stats();
    assert_eq!(get(&b, &call(b"x"), b"3"), cached(b"2"));
    assert_eq!(b.stats().l1_hits, before.l1_hits + 1);
}

#[test]
fn invalidation_is_for_one_call_and_a_clear_for_its_operation() {
    let cache = Cache::new(CacheOptions::new(Protection::Plain)).expect("a cache");
    let (f, g) = (named(&cache, "f"), named(&cache, "g"));
    for operation in [&f, &g] {
        get(operation, &call(b"x"), b"1");
        get(operation, &call(b"y"), b"1");
    }
    block_on(f.invalidate(&call(b"x"))).expect("no store");
    assert_eq!(get(&f, &call(b"x"), b"2"), Answer::Computed(Filled::Held));
    assert_eq!(get(&f, &call(b"y"), b"2"), cached(b"1"));
    block_on(f.clear()).expect("no store");
    assert_eq!(get(&f, &call(b"y"), b"2"), Answer::Computed(Filled::Held));
    assert_eq!(get(&g, &call(b"y"), b"2"), cached(b"1"));
    block_on(cache.clear()).expect("no store");
    assert_eq!(get(&g, &call(b"y"), b"2"), Answer::Computed(Filled::Held));
}

#[test]
fn a_fill_overtaken_by_an_invalidation_is_not_held() {
    for over_store in [false, true] {
        let world = World::new();
        let mut options = world.sealed(ring(1));
        options.l1 = L1::Bytes(1 << 20);
        options.store = over_store.then(|| world.store.clone());
        let operation = operation(options);
        let entered = block_on(operation.enter(&call(b"x"), Intent::Get, Caller::blocking()));
        let Ok(Entered::Compute(ticket)) = entered else { panic!("a miss") };
        block_on(operation.invalidate(&call(b"x"))).expect("the store is up");
        let old = Encoded::Body { bytes: b"old", object: None };
        assert_eq!(block_on(ticket.fill(old)).expect("fills"), Filled::Overtaken);
        assert!(matches!(get(&operation, &call(b"x"), b"new"), Answer::Computed(_)));
    }
}

#[test]
fn a_put_is_served_and_none_is_a_value() {
    let operation = in_memory(1);
    let value = Encoded::Body { bytes: b"put", object: None };
    block_on(operation.put(&call(b"x"), value, None)).expect("puts");
    assert_eq!(get(&operation, &call(b"x"), b"other"), cached(b"put"));
    block_on(operation.put(&call(b"x"), Encoded::None, None)).expect("puts");
    assert_eq!(get(&operation, &call(b"x"), b"other"), cached(b""));
}

#[test]
fn a_store_that_lost_its_barriers_serves_nothing_from_before() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    get(&operation, &call(b"x"), b"1");
    let entry = world.stored(&operation, &call(b"x")).expect("stored");
    // What a store does that evicts, or that was restored from a backup of one entry.
    let other = named(&Cache::new(world.sealed(ring(1))).expect("a cache"), "f");
    block_on(other.clear()).expect("the store is up");
    world.plant(&operation, &call(b"x"), entry);
    assert!(matches!(get(&operation, &call(b"x"), b"2"), Answer::Computed(_)));
}

#[test]
fn the_dates_of_a_ttl_are_checked_when_the_operation_is_made() {
    let cache = Cache::new(CacheOptions::new(Protection::Plain)).expect("a cache");
    for ttl in [Duration::ZERO, Duration::from_secs(31 * 24 * 3600)] {
        let mut options = named(&cache, "g").options().clone();
        options.ttl = ttl;
        assert!(cache.operation(options).is_err());
    }
}
