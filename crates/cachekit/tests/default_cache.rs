//! The process-wide default cache. One test: the process has but one.

mod support;

use cachekit::{Cache, Error, cached, configure};
use support::{Calls, key};

static CALLS: Calls = Calls::new();

#[cached(secure)]
fn secret(id: u32) -> Result<u32, Error> {
    CALLS.add();
    Ok(id)
}

#[cached]
fn public(id: u32) -> u32 {
    CALLS.add();
    id
}

#[cached(secure)]
fn mute(id: u32) -> u32 {
    CALLS.add();
    id
}

#[test]
fn the_default_cache_from_no_key_to_use() {
    // The test must not depend on what the machine has set.
    let set = |name| std::env::var_os(name).is_some();
    if cachekit::env::ALL.iter().any(|variable| set(variable.name)) {
        return;
    }
    let message = secret(1).expect_err("no key").to_string();
    assert!(message.contains("CACHEKIT_MASTER_KEY"), "{message}");
    let panic = std::panic::catch_unwind(|| mute(1)).expect_err("no key");
    let panic = panic.downcast_ref::<String>().expect("a message");
    assert!(panic.contains("`mute` cannot be cached: cache.secure requires"), "{panic}");
    assert_eq!(CALLS.count(), 0, "the functions must not have run");

    // A refused call leaves nothing behind: the key may still come.
    configure(Cache::builder().memory_only().secure(key())).expect("in time");
    assert_eq!(
        (secret(1).expect("value"), secret(1).expect("value"), mute(2), mute(2)),
        (1, 1, 2, 2)
    );
    assert_eq!((public(3), public(3)), (3, 3));
    assert_eq!(CALLS.count(), 3);

    let late = configure(Cache::builder().memory_only()).expect_err("too late").to_string();
    assert!(late.contains("too late"), "{late}");
}
