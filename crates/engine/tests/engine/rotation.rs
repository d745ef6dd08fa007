//! Changing the master key without losing the cache.

use std::time::Duration;

use cachekit_engine::{Filled, Operation};
use cachekit_seal::Keyring;

use crate::world::{Answer, World, call, get, master, master_hex, operation, ring};

fn rotating(world: &World, list: &str, master_key: Option<u8>) -> Operation {
    let ring = Keyring::from_rotation(list, master_key.map(master)).expect("a ring");
    operation(world.sealed(ring))
}

#[test]
fn old_entries_are_hits_new_ones_go_by_the_new_key_and_its_removal_is_a_miss() {
    let world = World::new();
    let old = operation(world.sealed(ring(1)));
    get(&old, &call(b"x"), b"by the old key");
    let list = format!("{},{}", master_hex(2), master_hex(1));
    let both = rotating(&world, &list, Some(1));
    assert_eq!(get(&both, &call(b"x"), b""), Answer::Cached(b"by the old key".to_vec()));
    assert_eq!(get(&both, &call(b"y"), b"by the new key"), Answer::Computed(Filled::Stored));
    let new = operation(world.sealed(ring(2)));
    assert_eq!(get(&new, &call(b"y"), b""), Answer::Cached(b"by the new key".to_vec()));
    assert!(matches!(get(&new, &call(b"x"), b"anew"), Answer::Computed(_)));
    assert_eq!(new.stats().refused.iter().sum::<u64>(), 0, "{:?}", new.stats());
}

#[test]
fn an_invalidation_under_both_keys_reaches_both_names() {
    let world = World::new();
    let list = format!("{},{}", master_hex(2), master_hex(1));
    let (old, both) = (operation(world.sealed(ring(1))), rotating(&world, &list, None));
    get(&old, &call(b"x"), b"1");
    cachekit_engine::block_on(both.invalidate(&call(b"x"))).expect("the store is up");
    assert!(matches!(get(&both, &call(b"x"), b"2"), Answer::Computed(_)));
    let stats = old.stats();
    let answer = get(&old, &call(b"x"), b"3");
    assert!(matches!(answer, Answer::Computed(_)), "{answer:?} {stats:?}");
}

#[test]
fn a_naming_key_keeps_names_in_place_through_a_rotation() {
    let world = World::new();
    let naming = || cachekit_seal::NamingKey::from_hex(&master_hex(9)).expect("a key");
    let old = operation(world.sealed(ring(1).with_naming_key(naming())));
    get(&old, &call(b"x"), b"1");
    let list = format!("{},{}", master_hex(2), master_hex(1));
    let both = Keyring::from_rotation(&list, None).expect("a ring");
    let both = operation(world.sealed(both.with_naming_key(naming())));
    assert_eq!(old.address(&call(b"x")).ok(), both.address(&call(b"x")).ok());
    assert_eq!(get(&both, &call(b"x"), b""), Answer::Cached(b"1".to_vec()));
}

/// A process that lives for one call, with these keys and a naming key.
fn briefly(world: &World, list: &str, arguments: &[u8], value: &[u8]) -> Answer {
    let naming = cachekit_seal::NamingKey::from_hex(&master_hex(9)).expect("a key");
    let ring = Keyring::from_rotation(list, None).expect("a ring");
    get(&operation(world.sealed(ring.with_naming_key(naming))), &call(arguments), value)
}

const SOME_MINUTES: Duration = Duration::from_secs(599);

#[test]
fn short_lived_processes_bring_the_barriers_along_before_the_old_key_goes() {
    let world = World::new();
    let (old, new) = (master_hex(1), master_hex(2));
    let both = format!("{new},{old}");
    briefly(&world, &old, b"x", b"1");
    assert_eq!(briefly(&world, &both, b"x", b""), Answer::Cached(b"1".to_vec()));
    // A deployment is on: what the new processes do leaves the old ones their hits.
    world.clock.advance(SOME_MINUTES);
    briefly(&world, &both, b"y", b"1");
    briefly(&world, &old, b"x", b"2");
    assert_eq!(briefly(&world, &old, b"x", b""), Answer::Cached(b"2".to_vec()));
    // Ten minutes after the first, and nobody has lived so long.
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(briefly(&world, &both, b"x", b""), Answer::Cached(b"2".to_vec()));
    assert_eq!(briefly(&world, &new, b"y", b""), Answer::Cached(b"1".to_vec()));
    assert_eq!(briefly(&world, &new, b"z", b"1"), Answer::Computed(Filled::Stored));
}

#[test]
fn short_lived_processes_write_a_barrier_anew_whose_key_is_gone() {
    let world = World::new();
    let (old, new) = (master_hex(1), master_hex(2));
    briefly(&world, &old, b"x", b"1");
    assert_eq!(briefly(&world, &new, b"y", b"1"), Answer::Computed(Filled::Unwritable));
    world.clock.advance(SOME_MINUTES);
    assert_eq!(briefly(&world, &new, b"y", b"1"), Answer::Computed(Filled::Unwritable));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(briefly(&world, &new, b"y", b"2"), Answer::Computed(Filled::Stored));
    assert_eq!(briefly(&world, &new, b"y", b""), Answer::Cached(b"2".to_vec()));
}

#[test]
fn a_clear_by_the_old_key_grants_another_ten_minutes() {
    let world = World::new();
    let naming = cachekit_seal::NamingKey::from_hex(&master_hex(9)).expect("a key");
    let new = master_hex(2);
    let theirs = operation(world.sealed(ring(1).with_naming_key(naming)));
    get(&theirs, &call(b"x"), b"1");
    briefly(&world, &new, b"y", b"1");
    world.clock.advance(SOME_MINUTES);
    cachekit_engine::block_on(theirs.clear()).expect("the store is up");
    world.clock.advance(Duration::from_secs(1));
    // The cache's barrier may be written anew by now, the operation's is another than was met.
    assert_eq!(briefly(&world, &new, b"y", b"1"), Answer::Computed(Filled::Unwritable));
}

#[test]
fn two_masters_in_one_process_never_see_each_others_values() {
    let world = World::new();
    let (a, b) = (operation(world.sealed(ring(1))), operation(world.sealed(ring(2))));
    get(&a, &call(b"x"), b"of a");
    get(&b, &call(b"x"), b"of b");
    assert_eq!(get(&a, &call(b"x"), b""), Answer::Cached(b"of a".to_vec()));
    assert_eq!(get(&b, &call(b"x"), b""), Answer::Cached(b"of b".to_vec()));
}
