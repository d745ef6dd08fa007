//! A clock that is wrong serves nothing too long and breaks nothing.

use std::time::Duration;

use cachekit_engine::{Filled, L1};
use cachekit_process::UnixMillis;

use crate::world::{Answer, START, World, call, get, operation, ring};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_clock_set_back_does_not_lengthen_a_life() {
    let world = World::new();
    let mut options = world.sealed(ring(1));
    options.l1 = L1::Bytes(1 << 20);
    let operation = operation(options);
    get(&operation, &call(b"x"), b"1");
    world.clock.set_wall(UnixMillis(START.0 - HOUR.as_millis() as u64));
    assert_eq!(get(&operation, &call(b"x"), b"2"), Answer::Cached(b"1".to_vec()));
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(get(&operation, &call(b"x"), b"2"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&operation, &call(b"x"), b"3"), Answer::Cached(b"2".to_vec()));
}

#[test]
fn a_clock_set_ahead_ends_lives_early_and_new_entries_are_served() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    get(&operation, &call(b"x"), b"1");
    world.clock.set_wall(UnixMillis(START.0 + HOUR.as_millis() as u64));
    assert!(matches!(get(&operation, &call(b"x"), b"2"), Answer::Computed(_)));
    assert_eq!(get(&operation, &call(b"x"), b"3"), Answer::Cached(b"2".to_vec()));
}

#[test]
fn processes_an_hour_apart_compute_but_never_serve_too_long() {
    for (ours, theirs) in [(Duration::ZERO, HOUR), (HOUR, Duration::ZERO)] {
        let (world, other) = (World::new(), World::new());
        world.clock.advance(ours);
        other.clock.advance(theirs);
        let mut options = other.sealed(ring(1));
        options.store = Some(world.store.clone());
        let (a, b) = (operation(world.sealed(ring(1))), operation(options));
        get(&a, &call(b"x"), b"a");
        let _whatever = get(&b, &call(b"x"), b"b");
        world.clock.advance(Duration::from_secs(61));
        other.clock.advance(Duration::from_secs(61));
        let answer = get(&a, &call(b"x"), b"late");
        assert!(matches!(answer, Answer::Computed(_)), "served after its ttl: {answer:?}");
        cachekit_engine::block_on(b.clear()).expect("the store is up");
        assert!(matches!(get(&a, &call(b"x"), b"anew"), Answer::Computed(_)));
    }
}
