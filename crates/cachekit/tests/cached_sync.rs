//! `#[cached]` on synchronous functions.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, LazyLock};
use std::time::Duration;

use cachekit::{Cache, cached};
use support::{Calls, Failure, memory, sealed};

static CACHE: LazyLock<Cache> = LazyLock::new(sealed);

#[test]
fn a_second_call_does_not_run_the_function() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, secure, ttl = "5m")]
    fn double(n: u64) -> u64 {
        CALLS.add();
        n * 2
    }
    assert_eq!((double(4), double(4), double(5)), (8, 8, 10));
    assert_eq!(CALLS.count(), 2);
}

#[test]
fn arguments_are_told_apart_by_type_value_and_place() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn join(a: &str, b: Option<String>, c: Vec<u8>) -> String {
        CALLS.add();
        format!("{a}{b:?}{c:?}")
    }
    let calls = [
        ("x", None, vec![]),
        ("", Some("x"), vec![]),
        ("x", Some(""), vec![]),
        ("x", None, vec![0]),
    ];
    for (a, b, c) in calls {
        let b = b.map(str::to_owned);
        let expected = format!("{a}{b:?}{c:?}");
        assert_eq!(join(a, b.clone(), c.clone()), expected);
        assert_eq!(join(a, b, c), expected);
    }
    assert_eq!(CALLS.count(), 4);
}

#[test]
fn an_ok_is_cached_and_an_error_is_not() {
    static CALLS: Calls = Calls::new();
    type Reply = Result<u32, Failure>;
    #[cached(cache = CACHE)]
    fn flaky(succeed_from: usize) -> Reply {
        if CALLS.add() < succeed_from { Err(Failure("not yet")) } else { Ok(7) }
    }
    assert_eq!(flaky(1), Err(Failure("not yet")));
    assert_eq!((flaky(1), flaky(1)), (Ok(7), Ok(7)));
    assert_eq!(CALLS.count(), 2, "an alias of Result is a Result");
}

#[test]
fn none_is_a_value() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn find(id: u32) -> Option<String> {
        CALLS.add();
        (id > 10).then(|| id.to_string())
    }
    assert_eq!((find(1), find(1)), (None, None));
    assert_eq!((find(11), find(11)), (Some("11".into()), Some("11".into())));
    assert_eq!(CALLS.count(), 2);
}

#[test]
fn question_marks_returns_and_mut_arguments_work_in_the_body() {
    #[cached(cache = CACHE)]
    fn parse(mut text: String, limit: usize) -> Result<i64, std::num::ParseIntError> {
        text.truncate(limit);
        if text == "ten" {
            return Ok(10);
        }
        let number: i64 = text.parse()?;
        Ok(number)
    }
    assert_eq!(parse("ten".into(), 9), Ok(10));
    assert_eq!(parse("1234".into(), 2), Ok(12));
    assert!(parse("x".into(), 9).is_err());
}

#[test]
fn instantiations_have_entries_of_their_own() {
    #[cached(cache = CACHE)]
    fn size<T, const N: usize>(factor: usize) -> usize {
        size_of::<T>() * N * factor
    }
    assert_eq!((size::<u8, 2>(3), size::<u64, 2>(3), size::<u8, 5>(3)), (6, 48, 15));
    assert_eq!((size::<u8, 2>(3), size::<u64, 2>(3), size::<u8, 5>(3)), (6, 48, 15));
    assert_eq!(size_peek::<u64, 2>(3).expect("peek"), Some(48));
    size_invalidate::<u64, 2>(3).expect("invalidated");
    assert_eq!(size_peek::<u64, 2>(3).expect("peek"), None);
    assert_eq!(size_peek::<u8, 2>(3).expect("peek"), Some(6));
}

#[test]
fn ignored_arguments_do_not_count_and_need_no_serialize() {
    struct Database(u32);
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, ignore(db))]
    fn load(db: &Database, id: u32) -> u32 {
        CALLS.add();
        db.0 + id
    }
    assert_eq!((load(&Database(100), 1), load(&Database(200), 1)), (101, 101));
    assert_eq!(CALLS.count(), 1);
    load_invalidate(1).expect("invalidated");
    assert_eq!(load(&Database(200), 1), 201);
}

#[test]
fn a_key_says_what_counts() {
    struct User {
        id: u32,
    }
    #[cached(cache = CACHE, key = "user:{user.id}:{day}")]
    fn template(user: &User, day: &str, noise: u64) -> u64 {
        u64::from(user.id) + day.len() as u64 + noise
    }
    #[cached(cache = CACHE, key = (user.id, day.to_lowercase()))]
    fn expression(user: &User, day: &str, noise: u64) -> u64 {
        u64::from(user.id) + day.len() as u64 + noise
    }
    let user = User { id: 5 };
    assert_eq!((template(&user, "mon", 0), template(&user, "mon", 9)), (8, 8));
    assert_eq!((expression(&user, "MON", 0), expression(&user, "mon", 9)), (8, 8));
    assert_ne!(template(&user, "monday", 9), 8);
    template_invalidate(&user, "mon").expect("invalidated");
    assert_eq!(template(&user, "mon", 9), 17);
}

#[test]
fn companions() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    #[cached(cache = CACHE)]
    fn count(_of: u32) -> usize {
        CALLS.fetch_add(1, SeqCst)
    }
    assert_eq!(count_peek(1).expect("peek"), None);
    assert_eq!((count(1), count(2)), (0, 1));
    assert_eq!(count_refresh(1), 2);
    assert_eq!((count(1), count_peek(1).expect("peek")), (2, Some(2)));
    assert_eq!(count_uncached(1), 3);
    count_invalidate(1).expect("invalidated");
    assert_eq!((count_peek(1).expect("peek"), count(2)), (None, 1));
    count_clear().expect("cleared");
    assert_eq!((count_peek(1).expect("peek"), count_peek(2).expect("peek")), (None, None));
}

#[test]
fn a_function_may_call_itself_with_other_arguments_and_with_its_own() {
    #[cached(cache = CACHE)]
    fn fibonacci(n: u64) -> u64 {
        if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
    }
    assert_eq!(fibonacci(80), 23_416_728_348_467_685);

    static DEPTH: AtomicUsize = AtomicUsize::new(0);
    #[cached(cache = CACHE)]
    fn same(n: u64) -> u64 {
        if DEPTH.fetch_add(1, SeqCst) < 3 { same(n) + 1 } else { n }
    }
    assert_eq!(same(10), 13);
}

#[test]
fn a_tenant_has_entries_of_his_own() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, tenant = tenant, ignore(tenant))]
    fn plan(tenant: &str, id: u32) -> String {
        CALLS.add();
        format!("{tenant}/{id}")
    }
    assert_eq!((plan("acme", 1), plan("bell", 1)), ("acme/1".into(), "bell/1".into()));
    assert_eq!((plan("acme", 1), plan("bell", 1)), ("acme/1".into(), "bell/1".into()));
    assert_eq!(CALLS.count(), 2);
    plan_invalidate("acme", 1).expect("invalidated");
    assert_eq!(plan_peek("acme", 1).expect("peek"), None);
    assert_eq!(plan_peek("bell", 1).expect("peek"), Some("bell/1".into()));
}

#[test]
fn without_its_tenant_the_function_does_not_run() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, tenant = tenant)]
    fn reported(tenant: Option<&str>) -> Result<u32, cachekit::Error> {
        Ok(CALLS.add() as u32)
    }
    #[cached(cache = CACHE, tenant = tenant)]
    fn silent(tenant: String) -> u32 {
        CALLS.add() as u32
    }
    for missing in [None, Some("")] {
        let error = reported(missing).expect_err("refused");
        assert!(matches!(error, cachekit::Error::MissingTenant), "{error}");
    }
    assert!(std::panic::catch_unwind(|| silent(String::new())).is_err());
    assert_eq!(CALLS.count(), 0);
}

#[test]
fn many_threads_compute_once() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn slow(id: u32) -> u32 {
        CALLS.add();
        std::thread::sleep(Duration::from_millis(100));
        id + 1
    }
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(slow(1), 2);
            });
        }
    });
    assert_eq!(CALLS.count(), 1);
}

#[test]
fn an_error_that_can_be_cloned_reaches_everybody() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn fails(_id: u32) -> Result<u32, Failure> {
        CALLS.add();
        std::thread::sleep(Duration::from_millis(100));
        Err(Failure("down"))
    }
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(fails(1), Err(Failure("down")));
            });
        }
    });
    // A thread that was late by the whole computation asks again: never all eight.
    assert!(CALLS.count() < 8, "{} computations", CALLS.count());
}

#[test]
fn an_error_that_cannot_be_cloned_gives_the_turn_to_the_next() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn third_time(_id: u32) -> Result<u32, std::io::Error> {
        let earlier = CALLS.add();
        std::thread::sleep(Duration::from_millis(20));
        if earlier < 2 { Err(std::io::Error::other("not yet")) } else { Ok(3) }
    }
    let start = Barrier::new(6);
    let good: usize = std::thread::scope(|scope| {
        let threads = (0..6).map(|_| {
            scope.spawn(|| {
                start.wait();
                usize::from(third_time(1).is_ok())
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("thread")).sum()
    });
    assert_eq!((good, CALLS.count()), (4, 3));
}

#[test]
fn a_panic_gives_the_turn_to_the_next() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    fn once_bitten(id: u32) -> u32 {
        assert!(CALLS.add() > 0, "on purpose");
        id
    }
    assert!(std::panic::catch_unwind(|| once_bitten(5)).is_err());
    assert_eq!(once_bitten(5), 5);
}

mod first {
    #[cachekit::cached(cache = super::CACHE, name = "shared.name")]
    pub(super) fn load(id: u32) -> Result<u32, cachekit::Error> {
        Ok(id)
    }
}

mod second {
    #[cachekit::cached(cache = super::CACHE, name = "shared.name")]
    pub(super) fn load(id: u32) -> Result<u32, cachekit::Error> {
        Ok(id + 1)
    }
}

#[test]
fn two_functions_of_one_name_are_refused_with_both_places() {
    assert_eq!(first::load(1).expect("value"), 1);
    let message = second::load(1).expect_err("refused").to_string();
    assert_eq!(message.matches("cached_sync.rs:").count(), 2, "{message}");
    assert!(message.contains("first::load") && message.contains("second::load"), "{message}");
}

#[test]
fn an_explicit_name_and_version_make_the_entry() {
    static PLAIN: LazyLock<Cache> = LazyLock::new(memory);
    #[cached(cache = PLAIN, name = "v", version = 1)]
    fn one(id: u32) -> u32 {
        id
    }
    #[cached(cache = PLAIN, name = "v", version = "2", namespace = "n")]
    fn two(id: u32) -> u32 {
        id + 1
    }
    assert_eq!((one(1), two(1), one(1), two(1)), (1, 2, 1, 2));
}

#[test]
fn a_plain_cache_is_refused_where_sealing_was_asked_for() {
    static PLAIN: LazyLock<Cache> = LazyLock::new(memory);
    static CALLS: Calls = Calls::new();
    #[cached(cache = PLAIN, secure)]
    fn secret(_id: u32) -> Result<usize, cachekit::Error> {
        Ok(CALLS.add())
    }
    let error = secret(1).expect_err("refused");
    assert!(matches!(error, cachekit::Error::Configuration { .. }), "{error}");
    assert_eq!(CALLS.count(), 0);
}
