//! What goes wrong between here and Redis, and which error it becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod one_entry;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{Deleted, ErrorKind, Expected, Store, Swap, open};
use cachekit_testkit::{Fault, FaultProxy, RedisServer, RedisSetup};
use futures_util::FutureExt;

use one_entry::{brisk, get, is_read_though_cut, is_written_once, value, works_again};

const LONG: Duration = Duration::from_secs(60);

/// A server, a proxy before it, and a store that has used its connection.
async fn connected() -> (RedisServer, FaultProxy, Arc<dyn Store>) {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port());
    let store = open(&server.url_through(proxy.port()), &brisk()).unwrap();
    store.set("k", value(), LONG).await.unwrap();
    (server, proxy, store)
}

#[tokio::test]
async fn a_read_cut_in_the_middle_of_its_reply_is_asked_again() {
    let (_server, proxy, store) = connected().await;
    is_read_though_cut(&*store, &proxy, [0, 1, 5, 9]).await;
}

#[tokio::test]
async fn a_write_that_may_have_been_done_is_not_done_again() {
    let (_server, proxy, store) = connected().await;
    is_written_once(&*store, &proxy).await;
}

#[tokio::test]
async fn a_swap_whose_reply_was_lost_is_refused_though_done() {
    let (_server, proxy, store) = connected().await;
    proxy.inject(Fault::ResetAfter(0));
    let swap = store.compare_and_set("new", Expected::Absent, value(), LONG).await.unwrap();
    assert_eq!(swap, Swap::Refused);
    proxy.inject(Fault::ResetAfter(0));
    assert_eq!(store.delete("k").await.unwrap(), Deleted::Absent);
    assert_eq!(get(&*store, "k").await.unwrap(), None);
}

#[tokio::test]
async fn a_cut_connection_is_replaced() {
    let (_server, proxy, store) = connected().await;
    proxy.cut();
    assert_eq!(get(&*store, "k").await.unwrap(), Some(value()));
    assert_eq!(proxy.accepted(), 2);
}

#[tokio::test]
async fn other_protocols_and_lies_about_length_are_refused_and_forgotten() {
    let (_server, proxy, store) = connected().await;
    for (answer, kind) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ErrorKind::Protocol),
        (b"\x15\x03\x01\x00\x02\x02", ErrorKind::Protocol),
        (b"+OK\r\n", ErrorKind::Protocol),
        (b":1\r\n", ErrorKind::Protocol),
        (b"*2\r\n$-1\r\n$-1\r\n", ErrorKind::Protocol),
        (b"*1\r\n:1\r\n", ErrorKind::Protocol),
        (b"*1\r\n*1\r\n*1\r\n", ErrorKind::Protocol),
        (b"$9223372036854775807\r\n", ErrorKind::TooLarge),
        (b"*1\r\n$99999999999\r\nand so on", ErrorKind::TooLarge),
        (b"*2147483647\r\n", ErrorKind::TooLarge),
        (&[b'+'; 10_000], ErrorKind::TooLarge),
    ] {
        proxy.inject(Fault::Answer(answer.to_vec()));
        let error = get(&*store, "k").await.expect_err("no answer of ours");
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(20)]);
        assert_eq!(error.kind(), kind, "{shown}: {error}");
        assert!(!error.retryable());
        works_again(&*store).await;
    }
}

#[tokio::test]
async fn the_culprit_alone_is_too_large() {
    let (server, _proxy, generous) = connected().await;
    let store = open(&server.url(), &brisk().with_largest_entry(1000)).unwrap();
    generous.set("large", Bytes::from(vec![0; 1001]), LONG).await.unwrap();
    let (before, large, after) =
        tokio::join!(get(&*store, "k"), get(&*store, "large"), get(&*store, "k"));
    assert_eq!(before.unwrap(), Some(value()));
    assert_eq!(large.unwrap_err().kind(), ErrorKind::TooLarge);
    // It shared the connection, and is asked again only if that was not new.
    assert!(after.map_or_else(|error| error.retryable(), |answer| answer == Some(value())));
    works_again(&*store).await;
}

#[tokio::test]
async fn no_error_repeats_what_the_server_says_of_our_arguments() {
    let (_server, proxy, store) = connected().await;
    for answer in [
        "-ERR unknown command 'SET', with args beginning with: 's3cret' \r\n",
        "-s3cret\r\n",
        "-S3CRET s3cret\r\n",
        "-WRONGTYPE s3cret\r\n",
        "s3cret\r\n",
        "+s3cret\r\n",
        "$s3cret\r\n",
    ] {
        proxy.inject(Fault::Answer(answer.into()));
        let error = store.set("k", value(), LONG).await.unwrap_err();
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(!shown.contains("s3cret"), "{answer:?}: {shown}");
        works_again(&*store).await;
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_the_connection_is_replaced() {
    let (_server, proxy, store) = connected().await;
    proxy.inject(Fault::BlackHole);
    assert_eq!(get(&*store, "k").await.unwrap_err().kind(), ErrorKind::Timeout);
    // The next one tries a new connection, over which nobody answers either.
    assert_eq!(get(&*store, "k").await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(proxy.accepted(), 2);
    proxy.inject(Fault::None);
    works_again(&*store).await;
}

#[tokio::test]
async fn slowness_within_the_timeout_is_no_fault() {
    let (_server, proxy, store) = connected().await;
    proxy.inject(Fault::Delay(Duration::from_millis(30)));
    let calls = (0..8).map(|_| get(&*store, "k"));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.unwrap(), Some(value()));
    }
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_dead_server_is_not_asked_by_every_call() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port());
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let options = brisk().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let store = open(&server.url_through(proxy.port()), &options).unwrap();
    proxy.inject(Fault::Refuse);
    for _ in 0..50 {
        assert_eq!(get(&*store, "k").await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(proxy.accepted(), 1, "the first call's");
    clock.advance(Duration::from_secs(1));
    for _ in 0..50 {
        assert!(get(&*store, "k").await.is_err());
    }
    assert_eq!(proxy.accepted(), 2);
    proxy.inject(Fault::None);
    assert!(get(&*store, "k").await.is_err(), "it is not time yet");
    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&*store, "k").await.unwrap(), None);
}

#[tokio::test]
async fn a_crowd_makes_one_connection() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port());
    let store = open(&server.url_through(proxy.port()), &brisk()).unwrap();
    assert_eq!(proxy.accepted(), 0, "none before it is needed");
    let calls = (0..64).map(|_| get(&*store, "k"));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.unwrap(), None);
    }
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn nobody_there() {
    let port = {
        let server = RedisServer::start();
        server.port()
    };
    for url in [format!("redis://127.0.0.1:{port}"), "unix:///nowhere/redis.sock".into()] {
        let store = open(&url, &brisk()).unwrap();
        let error = get(&*store, "k").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.retryable() && error.to_string().contains(store.address()));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn who_may_not_in_is_told_so_and_not_told_to_try_again() {
    let server = RedisSetup::new()
        .password("right")
        .user("reader", "pw", "~* +@all -set")
        .user("elsewhere", "pw", "~other:* +@all")
        .start();
    let at = |login: &str| format!("redis://{login}127.0.0.1:{}/0", server.port());
    for login in ["", ":wr0ngpw@", "nobody:wr0ngpw@", "reader:pw@", "elsewhere:pw@"] {
        let store = open(&at(login), &brisk()).unwrap();
        let error = store.set("k", value(), LONG).await.expect_err(login);
        assert_eq!(error.kind(), ErrorKind::Refused, "{login}: {error}");
        assert!(!error.retryable());
        assert!(!format!("{error} {error:?}").contains("wr0ngpw"), "{error:?}");
    }
    for login in [":right@", "default:right@"] {
        open(&at(login), &brisk()).unwrap().set("k", value(), LONG).await.expect(login);
    }
    let reader = open(&at("reader:pw@"), &brisk()).unwrap();
    assert_eq!(get(&*reader, "k").await.unwrap(), Some(value()));
}

#[tokio::test]
async fn a_password_for_a_server_without_one_is_refused() {
    let server = RedisServer::start();
    let url = format!("redis://someone:pw@127.0.0.1:{}", server.port());
    let error = get(&*open(&url, &brisk()).unwrap(), "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let server = RedisServer::start();
    let url = format!("redis://127.0.0.1:{}/9999", server.port());
    let error = get(&*open(&url, &brisk()).unwrap(), "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
}

#[tokio::test]
async fn databases_are_told_apart() {
    let server = RedisServer::start();
    let at = |database| format!("redis://127.0.0.1:{}/{database}", server.port());
    let (zero, five) = (open(&at(0), &brisk()).unwrap(), open(&at(5), &brisk()).unwrap());
    five.set("k", value(), LONG).await.unwrap();
    assert_eq!(get(&*zero, "k").await.unwrap(), None);
    assert_eq!(get(&*five, "k").await.unwrap(), Some(value()));
}

#[tokio::test]
async fn a_full_server_refuses_writes_and_still_answers() {
    let server = RedisServer::start();
    let store = open(&server.url(), &brisk()).unwrap();
    store.set("k", value(), LONG).await.unwrap();
    server.query::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.query::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.set("other", value(), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
    let swap = store.compare_and_set("k", Expected::Exactly(b"value"), value(), LONG).await;
    assert_eq!(swap.unwrap_err().kind(), ErrorKind::Full);
    assert_eq!(get(&*store, "k").await.unwrap(), Some(value()));
}

#[tokio::test]
async fn a_replica_is_left_for_the_master() {
    let (server, proxy, store) = connected().await;
    server.query::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = store.set("k", value(), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    server.query::<()>(&["REPLICAOF", "NO", "ONE"]);
    store.set("k", value(), LONG).await.unwrap();
    assert_eq!(proxy.accepted(), 2, "the name was looked up anew");
}

#[tokio::test]
async fn somebody_elses_list_is_no_entry() {
    let server = RedisServer::start();
    let store = open(&server.url(), &brisk()).unwrap();
    server.query::<()>(&["RPUSH", "list", "a"]);
    assert_eq!(get(&*store, "list").await.unwrap(), None);
    let swap = store.compare_and_set("list", Expected::Exactly(b"a"), value(), LONG).await;
    assert_eq!(swap.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_them() {
    let server = RedisServer::start();
    let store = open(&server.url(), &brisk()).unwrap();
    for _ in 0..3 {
        store.set("k", value(), LONG).await.unwrap();
        let seen = Expected::Exactly(b"value");
        assert_eq!(store.compare_and_set("k", seen, value(), LONG).await.unwrap(), Swap::Done);
        assert_eq!(store.compare_and_delete("k", b"value").await.unwrap(), Swap::Done);
        server.query::<()>(&["SCRIPT", "FLUSH"]);
    }
}

#[test]
fn outside_a_runtime_it_says_so() {
    let store = open("redis://127.0.0.1:1", &brisk()).unwrap();
    let error = get(&*store, "k").now_or_never().expect("at once").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("Tokio runtime"), "{error}");
}
