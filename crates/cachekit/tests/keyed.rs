//! The verbs of `Cache`, in both colours.

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, ComputeError, Error, ManualClock, UnixMillis};
use serde::{Deserialize, Serialize};
use support::{Calls, Failure, key, memory, sealed};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
    tags: Vec<String>,
}

fn user(id: u64) -> User {
    User { id, name: "Ada".into(), tags: vec!["admin".into()] }
}

#[tokio::test]
async fn what_is_set_is_there_until_it_is_forgotten() {
    for cache in [memory(), sealed()] {
        assert_eq!(cache.get::<User>("ada").await.unwrap(), None);
        cache.set("ada", &user(1), None).await.unwrap();
        cache.set(&("ada", 2), &user(2), Duration::from_secs(9)).await.unwrap();
        assert_eq!(cache.get::<User>("ada").await.unwrap(), Some(user(1)));
        assert_eq!(cache.blocking().get::<User>(&("ada", 2)).ok(), Some(Some(user(2))));
        cache.invalidate("ada").await.unwrap();
        assert_eq!(cache.get::<User>("ada").await.unwrap(), None);
        assert_eq!(cache.get::<User>(&("ada", 2)).await.unwrap(), Some(user(2)));
        cache.clear().await.unwrap();
        assert_eq!(cache.get::<User>(&("ada", 2)).await.unwrap(), None);
    }
}

#[test]
fn json_is_json_and_no_other_codec_reads_it() {
    let cache = sealed();
    let json = cache.json().unwrap();
    json.blocking().set("ada", &user(1), None).unwrap();
    assert_eq!(cache.blocking().get::<User>("ada").unwrap(), None);
    assert_eq!(json.blocking().get::<User>("ada").unwrap(), Some(user(1)));
    assert_eq!(json.blocking().get::<Option<u8>>("nobody").unwrap(), None);
    json.blocking().set("nothing", &None::<u8>, None).unwrap();
    assert_eq!(json.blocking().get::<Option<u8>>("nothing").unwrap(), Some(None));
}

#[test]
fn a_value_of_another_type_is_an_error_for_get_and_a_miss_for_compute() {
    let cache = sealed();
    cache.blocking().set("k", &"text".to_owned(), None).unwrap();
    let error = cache.blocking().get::<u64>("k").unwrap_err();
    assert!(matches!(error, Error::Serialization(_)), "{error}");
    assert!(!error.to_string().contains("text"), "{error}");
    assert_eq!(cache.blocking().get_or_compute("k", None, || 7_u64).unwrap(), 7);
    assert_eq!(cache.blocking().get::<u64>("k").unwrap(), Some(7));
}

#[tokio::test]
async fn a_failed_computation_fails_all_who_waited_with_one_error() {
    let (cache, calls) = (sealed(), Calls::new());
    let ask = || {
        cache.get_or_try_compute::<u32, Failure, _, _>("k", None, || async {
            calls.add();
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(Failure("down"))
        })
    };
    for result in futures_util::future::join_all((0..10).map(|_| ask())).await {
        let error = result.unwrap_err();
        assert_eq!(error.computation(), Some(&Failure("down")));
    }
    assert_eq!(calls.count(), 1);
}

#[test]
fn errors_without_clone_are_taken_by_a_question_mark() {
    fn ask(cache: &Cache) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        let answer = cache.blocking().get_or_try_compute("k", None, || "x".parse::<u32>())?;
        Ok(answer)
    }
    let error = ask(&sealed()).unwrap_err();
    assert!(error.downcast_ref::<ComputeError<std::num::ParseIntError>>().is_some());
}

#[test]
fn a_time_to_live_is_the_calls_or_the_caches() {
    let clock = Arc::new(ManualClock::new(UnixMillis(1_800_000_000_000)));
    let builder = Cache::builder().memory_only().secure(key()).ttl(Duration::from_secs(100));
    let cache = builder.clock(Arc::clone(&clock) as Arc<dyn cachekit::Clock>).build().unwrap();
    let blocking = cache.blocking();
    let short = Duration::from_secs(10);
    assert_eq!(blocking.get_or_compute("short", short, || 1).unwrap(), 1);
    assert_eq!(blocking.get_or_compute("own", None, || 1).unwrap(), 1);
    clock.advance(Duration::from_secs(20));
    assert_eq!(blocking.get_or_compute("short", short, || 2).unwrap(), 2);
    assert_eq!(blocking.get_or_compute("own", None, || 2).unwrap(), 1);
    clock.advance(Duration::from_secs(90));
    assert_eq!(blocking.get_or_compute("own", None, || 3).unwrap(), 3);
}

#[test]
fn many_at_once() {
    let cache = sealed();
    let users: Vec<_> = (0..5).map(|id| (("u", id), user(id))).collect();
    cache.blocking().set_many(&users, None).unwrap();
    let keys = [("u", 3_u64), ("u", 99), ("u", 0)];
    let found = cache.blocking().get_many::<User, _>(&keys).unwrap();
    assert_eq!(found, [Some(user(3)), None, Some(user(0))]);
}

#[test]
fn tenants_do_not_meet_and_an_empty_one_is_refused() {
    let cache = sealed();
    let (acme, bell) = (cache.for_tenant("acme"), cache.for_tenant("bell"));
    acme.blocking().set("k", &1, None).unwrap();
    assert_eq!(bell.blocking().get::<i32>("k").unwrap(), None);
    assert_eq!(cache.blocking().get::<i32>("k").unwrap(), None);
    assert_ne!(acme.key("k").unwrap(), bell.key("k").unwrap());
    let error = cache.for_tenant("").blocking().get_or_compute("k", None, || 1).unwrap_err();
    assert!(matches!(error, Error::MissingTenant), "{error}");
}

#[test]
fn sealed_names_tell_nothing_and_plain_ones_the_operation() {
    let (plain, sealed) = (memory().key("ada").unwrap(), sealed().key("ada").unwrap());
    assert!(plain.contains(cachekit::KEYED_OPERATION), "{plain}");
    assert!(sealed.starts_with("ck:") && sealed.len() == 30, "{sealed}");
}

#[test]
fn caches_that_agree_share_a_store_and_all_else() {
    let make = |prefix: &str| {
        let builder = Cache::builder().url("memory://keyed-test").secure(key());
        builder.prefix(prefix).build().unwrap()
    };
    let (one, twin, other) = (make("a:"), make("a:"), make("b:"));
    one.blocking().set("k", &1, None).unwrap();
    assert_eq!(twin.blocking().get::<i32>("k").unwrap(), Some(1));
    assert_eq!(other.blocking().get::<i32>("k").unwrap(), None);
    twin.blocking().clear().unwrap();
    assert_eq!(one.blocking().get::<i32>("k").unwrap(), None);
    // Without a store each has entries of its own.
    let (a, b) = (sealed(), sealed());
    a.blocking().set("k", &1, None).unwrap();
    assert_eq!(b.blocking().get::<i32>("k").unwrap(), None);
}
