//! What goes wrong between here and memcached, and which error it becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod one_entry;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{ErrorKind, Expected, Store, Swap, Write, open};
use cachekit_testkit::{Fault, FaultProxy, MemcachedServer, eventually_async};

use one_entry::{brisk, get, is_read_though_cut, is_written_once, value, works_again};

const LONG: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(ports: &[u16]) -> Arc<dyn Store> {
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    open(&format!("memcached://{}", hosts.join(",")), &brisk()).unwrap()
}

/// A server, a proxy before it, and a store that has used its connection.
async fn connected() -> (MemcachedServer, FaultProxy, Arc<dyn Store>) {
    let server = MemcachedServer::start();
    let proxy = FaultProxy::before(server.port());
    let store = at(&[proxy.port()]);
    store.set("k", value(), LONG).await.unwrap();
    (server, proxy, store)
}

#[tokio::test]
async fn a_read_cut_in_the_middle_of_its_reply_is_asked_again() {
    let (_server, proxy, store) = connected().await;
    is_read_though_cut(&*store, &proxy, [0, 1, 5, 12]).await;
}

#[tokio::test]
async fn a_write_that_may_have_been_done_is_not_done_again() {
    let (_server, proxy, store) = connected().await;
    is_written_once(&*store, &proxy).await;
}

#[tokio::test]
async fn other_protocols_lies_about_length_and_replies_to_others_are_refused_and_forgotten() {
    let (_server, proxy, store) = connected().await;
    for (answer, kind) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ErrorKind::Protocol),
        (b"\x15\x03\x01\x00\x02\x02\r\n", ErrorKind::Protocol),
        (b"+OK\r\n", ErrorKind::Protocol),
        (b"HD O0\r\n", ErrorKind::Protocol),
        (b"VA 5 O0\r\nother\r\n", ErrorKind::Protocol),
        (b"VA 5\r\nother\r\n", ErrorKind::Protocol),
        (b"MN\r\n", ErrorKind::Protocol),
        (b"CLIENT_ERROR s3cret\r\n", ErrorKind::Protocol),
        (b"ERROR\r\n", ErrorKind::Unsupported),
        (&[b'+'; 10_000], ErrorKind::TooLarge),
    ] {
        proxy.inject(Fault::Answer(answer.to_vec()));
        let error = get(&*store, "k").await.expect_err("no answer of ours");
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(20)]);
        assert_eq!(error.kind(), kind, "{shown}: {error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        works_again(&*store).await;
    }
}

#[tokio::test]
async fn a_dead_server_is_not_asked_by_every_call() {
    let server = MemcachedServer::start();
    let proxy = FaultProxy::before(server.port());
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let options = brisk().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let store = open(&format!("memcached://127.0.0.1:{}", proxy.port()), &options).unwrap();
    proxy.inject(Fault::Refuse);
    for _ in 0..50 {
        assert_eq!(get(&*store, "k").await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(proxy.accepted(), 1, "the first call's");
    proxy.inject(Fault::None);
    assert!(get(&*store, "k").await.is_err(), "it is not time yet");
    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&*store, "k").await.unwrap(), None);
}

/// Of 200 keys those whose writes succeed, and those whose writes fail because their server is
/// down.
async fn shares(store: &dyn Store) -> (Vec<String>, Vec<String>) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for i in 0..200 {
        let key = format!("key-{i}");
        match store.set(&key, key.clone().into(), LONG).await {
            Ok(()) => up.push(key),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                down.push(key);
            }
        }
    }
    (up, down)
}

#[tokio::test]
async fn a_lost_server_takes_its_own_share_alone_and_fails_fast() {
    let servers = [MemcachedServer::start(), MemcachedServer::start(), MemcachedServer::start()];
    let ports: Vec<u16> = servers.iter().map(MemcachedServer::port).collect();
    let store = at(&ports);
    assert_eq!(shares(&*store).await.1.len(), 0);
    servers[1].kill();
    let start = Instant::now();
    let (up, down) = shares(&*store).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!((30..110).contains(&down.len()), "a third of 200, about: {}", down.len());
    let keys: Vec<&str> = up.iter().map(String::as_str).collect();
    let answers = store.get_many(&keys).await.unwrap();
    assert!(
        keys.iter().zip(&answers).all(|(key, answer)| answer.as_deref() == Some(key.as_bytes()))
    );
    // All or nothing: no answer pretends that the lost share is empty.
    let error = store.get_many(&[&up[0], &down[0]]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(&format!("127.0.0.1:{}: ", ports[1])), "{error}");
    servers[1].restart();
    eventually_async("the lost share is back, empty", || async {
        get(&*store, &down[0]).await.is_ok_and(|answer| answer.is_none())
    })
    .await;
}

#[tokio::test]
async fn many_keys_of_many_servers_are_asked_for_in_one_round_trip_each() {
    let servers = [MemcachedServer::start(), MemcachedServer::start()];
    let proxies = servers.each_ref().map(|server| FaultProxy::before(server.port()));
    let store = at(&proxies.each_ref().map(FaultProxy::port));
    let keys: Vec<String> = (0..100).map(|i| format!("key-{i}")).collect();
    let write = |key| Write { key, value: value(), ttl: LONG };
    let writes: Vec<_> = keys.iter().map(|key| write(key.as_str())).collect();
    store.set_many(&writes).await.unwrap();
    proxies.iter().for_each(|proxy| proxy.inject(Fault::Delay(Duration::from_millis(50))));
    let start = Instant::now();
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let answers = store.get_many(&asked).await.unwrap();
    assert!(answers.iter().all(|answer| answer.as_deref() == Some(b"value")));
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    assert_eq!(proxies.each_ref().map(FaultProxy::accepted), [1, 1]);
}

#[tokio::test]
async fn the_largest_entry_fits_beside_the_longest_key_and_no_larger() {
    let server = MemcachedServer::start();
    let large = MemcachedServer::with(&["-I", "4m"]);
    let own = open(&format!("{}?item_size=4m", large.url()), &brisk()).unwrap();
    let key = "k".repeat(250);
    for store in [at(&[server.port()]), own] {
        let most = store.capabilities().largest_entry;
        store.set(&key, Bytes::from(vec![7; most]), LONG).await.unwrap();
        assert!(get(&*store, &key).await.unwrap().is_some_and(|back| back.len() == most));
        let error = store.set(&key, Bytes::from(vec![7; most + 1]), LONG).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("item_size"), "{error}");
    }
}

#[tokio::test]
async fn a_server_with_a_smaller_limit_says_so_and_goes_on() {
    let server = MemcachedServer::with(&["-I", "512k"]);
    let store = at(&[server.port()]);
    let error = store.set("k", Bytes::from(vec![0; 700_000]), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("-I"), "{error}");
    store.set("k", value(), LONG).await.unwrap();
    assert_eq!(get(&*store, "k").await.unwrap(), Some(value()));
}

#[tokio::test]
async fn a_full_server_that_does_not_evict_is_full() {
    let server = MemcachedServer::with(&["-M", "-m", "8"]);
    let store = at(&[server.port()]);
    let mut refused = None;
    for i in 0..200 {
        let written = store.set(&format!("k{i}"), Bytes::from(vec![0; 500_000]), LONG).await;
        refused = refused.or(written.err());
    }
    let error = refused.expect("100 MB into eight");
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
}

#[tokio::test]
async fn without_numbers_nothing_is_compared() {
    let server = MemcachedServer::with(&["-C"]);
    let store = at(&[server.port()]);
    store.set("k", value(), LONG).await.unwrap();
    let seen = Expected::Exactly(b"value");
    let error = store.compare_and_set("k", seen, Bytes::new(), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(get(&*store, "k").await.unwrap(), Some(value()));
}

#[tokio::test]
async fn a_swap_does_not_trust_a_number_from_before_a_restart() {
    let (server, proxy, store) = connected().await;
    // The read of the swap is answered late; by then the server has been replaced by one that
    // gives the same number to another value.
    proxy.inject(Fault::Delay(Duration::from_millis(150)));
    let swap = store.compare_and_set("k", Expected::Exactly(b"value"), Bytes::new(), LONG);
    let replaced = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.restart();
        proxy.inject(Fault::None);
        at(&[server.port()]).set("k", Bytes::from_static(b"other"), LONG).await.unwrap();
    };
    let (swap, ()) = tokio::join!(swap, replaced);
    assert!(!matches!(swap, Ok(Swap::Done)), "{swap:?}");
    assert_eq!(get(&*at(&[server.port()]), "k").await.unwrap().as_deref(), Some(&b"other"[..]));
}

#[tokio::test]
async fn times_to_live_beyond_thirty_days_are_kept() {
    let server = MemcachedServer::start();
    let store = at(&[server.port()]);
    for days in [1, 29, 30, 31, 400] {
        store.set("k", value(), DAY * days).await.unwrap();
        let answer = server.query("mg k t\r\nmn", "MN");
        let left: u64 = answer[0].strip_prefix("HD t").unwrap().parse().unwrap();
        let asked = u64::from(days) * DAY.as_secs();
        assert!(left.abs_diff(asked) <= 3, "{days} days: {left} of {asked} s");
    }
}
