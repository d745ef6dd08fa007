//! What a hostile store can put in an entry's place, and what comes of it: the function runs.

use std::time::Duration;

use cachekit_engine::{
    Call, Caller, Error, Filled, Intent, OnTamper, Operation, Refused, block_on,
};

use crate::world::{Answer, World, call, get, operation, ring};

fn refusal(world: &World, operation: &Operation, planted: Vec<u8>, expected: Refused) {
    world.plant(operation, &call(b"x"), planted);
    let before = operation.stats();
    let answer = get(operation, &call(b"x"), b"computed");
    assert!(matches!(answer, Answer::Computed(_)), "{expected:?}: {answer:?}");
    let after = operation.stats();
    assert_eq!(after.refused(expected), before.refused(expected) + 1, "{expected:?}: {after:?}");
    let all = |stats: &cachekit_engine::Stats| stats.refused.iter().sum::<u64>();
    assert_eq!(all(&after), all(&before) + 1, "only the first failure is counted");
}

#[test]
fn every_forgery_is_refused_counted_and_replaced() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    get(&operation, &call(b"x"), b"value");
    get(&operation, &call(b"y"), b"other value");
    let entry = world.stored(&operation, &call(b"x")).expect("stored");
    let flipped = |at: usize| {
        let mut bytes = entry.clone();
        let at = at % bytes.len();
        bytes[at] ^= 1;
        bytes
    };
    let swapped = world.stored(&operation, &call(b"y")).expect("stored");
    refusal(&world, &operation, swapped, Refused::Tampered);
    refusal(&world, &operation, flipped(100), Refused::Tampered);
    refusal(&world, &operation, flipped(entry.len() - 1), Refused::Tampered);
    refusal(&world, &operation, flipped(0), Refused::Tampered);
    refusal(&world, &operation, flipped(20), Refused::Tampered);
    refusal(&world, &operation, flipped(25), Refused::Tampered);
    refusal(&world, &operation, entry[..entry.len() - 1].to_vec(), Refused::Tampered);
    refusal(&world, &operation, entry[..30].to_vec(), Refused::Tampered);
    refusal(&world, &operation, Vec::new(), Refused::Tampered);
    refusal(&world, &operation, flipped(4), Refused::UnknownKey);
    refusal(&world, &operation, flipped(1), Refused::Unsupported);
    // The newest of all these was computed just now: the very first is behind it.
    refusal(&world, &operation, entry, Refused::RolledBack);
    get(&operation, &call(b"x"), b"");
}

#[test]
fn a_replayed_expired_entry_is_refused() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    get(&operation, &call(b"x"), b"value");
    let entry = world.stored(&operation, &call(b"x")).expect("stored");
    world.clock.advance(Duration::from_secs(61));
    refusal(&world, &operation, entry, Refused::Expired);
}

#[test]
fn another_tenants_entry_and_a_plain_one_are_refused() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    let of = |tenant| Call { tenant: Some(tenant), arguments: b"x" };
    assert_eq!(get(&operation, &of("a"), b"of a"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&operation, &of("b"), b"of b"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&operation, &of("a"), b""), Answer::Cached(b"of a".to_vec()));
    let foreign = world.stored(&operation, &of("a")).expect("stored");
    refusal(&world, &operation, foreign, Refused::Tampered);

    let mut options = world.sealed(ring(1));
    options.protection = cachekit_engine::Protection::Plain;
    let plain = crate::world::operation(options);
    get(&plain, &call(b"x"), b"plain");
    let entry = world.stored(&plain, &call(b"x")).expect("stored");
    refusal(&world, &operation, entry, Refused::Tampered);
}

#[test]
fn an_entry_from_an_hour_ahead_is_refused() {
    let world = World::new();
    let ahead = World::new();
    ahead.clock.advance(Duration::from_secs(3600));
    let mut options = ahead.sealed(ring(1));
    options.store = Some(world.store.clone());
    let theirs = operation(options);
    get(&theirs, &call(b"x"), b"from the future");
    let entry = world.stored(&theirs, &call(b"x")).expect("stored");
    let ours = operation(world.sealed(ring(1)));
    refusal(&world, &ours, entry, Refused::Future);
}

#[test]
fn the_changed_bytes_are_removed_even_when_the_function_fails() {
    let world = World::new();
    let operation = operation(world.sealed(ring(1)));
    world.plant(&operation, &call(b"x"), vec![0xC2; 400]);
    let entered = block_on(operation.enter(&call(b"x"), Intent::Get, Caller::blocking()));
    drop(entered);
    assert_eq!(world.stored(&operation, &call(b"x")), None);
}

#[test]
fn raise_makes_tampering_an_error_with_the_documented_words() {
    let world = World::new();
    let mut options = world.sealed(ring(1));
    options.on_tamper = OnTamper::Raise;
    let operation = operation(options);
    world.plant(&operation, &call(b"x"), vec![0xC2; 400]);
    let entered = block_on(operation.enter(&call(b"x"), Intent::Get, Caller::blocking()));
    let Err(Error::Refused(refusal)) = entered else { panic!("it raises") };
    let text = refusal.to_string();
    let sentence = "Decryption failed: authentication tag verification failed";
    assert!(text.starts_with(sentence), "{text}");
}

#[test]
fn after_it_was_raised_the_call_is_computed_and_cached_again() {
    let world = World::new();
    let mut options = world.sealed(ring(1));
    options.on_tamper = OnTamper::Raise;
    let operation = operation(options);
    world.plant(&operation, &call(b"x"), vec![0xC2; 400]);
    let asked = [call(b"x"), call(b"y")];
    assert!(matches!(block_on(operation.peek_many(&asked)), Err(Error::Refused(_))));
    assert_eq!(world.stored(&operation, &call(b"x")), None);
    assert_eq!(get(&operation, &call(b"x"), b"anew"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&operation, &call(b"x"), b""), Answer::Cached(b"anew".to_vec()));
}

#[test]
fn an_unknown_keys_entry_is_left_in_place_for_ten_minutes() {
    let world = World::new();
    let (theirs, ours) = (operation(world.sealed(ring(2))), operation(world.sealed(ring(1))));
    get(&theirs, &call(b"x"), b"theirs");
    let entry = world.stored(&theirs, &call(b"x")).expect("stored");
    get(&ours, &call(b"warm"), b"ours");
    world.plant(&ours, &call(b"x"), entry.clone());
    assert_eq!(get(&ours, &call(b"x"), b"ours"), Answer::Computed(Filled::Unwritable));
    assert_eq!(world.stored(&ours, &call(b"x")).as_deref(), Some(&entry[..]));
    world.clock.advance(Duration::from_secs(601));
    world.plant(&ours, &call(b"x"), entry);
    assert_eq!(get(&ours, &call(b"x"), b"ours"), Answer::Computed(Filled::Stored));
}
