//! Servers that fail, lie or say no, and networks that break.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{Deleted, ErrorKind, Expected, Store, StoreOptions, Write, open};
use cachekit_testkit::{CachekitServer, Fault, FaultProxy};

const LONG: Duration = Duration::from_secs(600);
const BRISK: Duration = Duration::from_millis(300);

fn brisk() -> StoreOptions {
    StoreOptions::default().with_connect_timeout(BRISK).with_operation_timeout(BRISK)
}

fn value() -> Bytes {
    Bytes::from_static(b"value")
}

/// A server that answers as the test says, and remembers what it was asked.
struct Scripted {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// An empty answer closes the connection.
    fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(client, &seen, &*answer));
            }
        });
        Self { port, asked }
    }

    fn always(answer: &'static str) -> Self {
        Self::start(move |_| answer.as_bytes().to_vec())
    }

    fn store(&self, options: &StoreOptions) -> Arc<dyn Store> {
        open(&format!("http://127.0.0.1:{}?server=plain", self.port), options).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(client: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Vec<u8>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut client = client;
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            head.push_str(&line);
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        reader.read_exact(&mut vec![0; length]).unwrap();
        let answer = answer(&head);
        seen.lock().unwrap().push(head);
        if answer.is_empty() || client.write_all(&answer).is_err() {
            return;
        }
    }
}

async fn get(store: &dyn Store) -> Result<Option<Bytes>, cachekit_store::Error> {
    store.get_many(&["k"]).await.map(|mut answers| answers.remove(0))
}

#[tokio::test]
async fn a_read_survives_a_lost_connection_and_a_write_says_that_it_may_not_have() {
    let server = CachekitServer::start();
    let proxy = FaultProxy::before(server.port());
    let store =
        open(&server.url_through(proxy.port()), &brisk().with_token(server.token())).unwrap();
    store.set("k", value(), LONG).await.unwrap();
    for bytes in [0, 1, 20] {
        proxy.inject(Fault::ResetAfter(bytes));
        assert_eq!(get(&*store).await.unwrap(), Some(value()), "{bytes}");
        proxy.inject(Fault::ResetAfter(bytes));
        let error = store.set("k", value(), LONG).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(get(&*store).await.unwrap(), Some(value()), "{bytes}");
    }
    proxy.cut();
    assert_eq!(store.delete("k").await.unwrap(), Deleted::Removed);
}

/// Between the calls of an application that blocks, its runtime stands still.
#[test]
fn a_write_after_a_restart_that_nobody_has_noticed_is_done() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = CachekitServer::start();
    let store = open(&server.url(), &brisk().with_token(server.token())).unwrap();
    for _ in 0..5 {
        runtime.block_on(store.set("k", value(), LONG)).unwrap();
        server.restart();
        thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let server = CachekitServer::start();
    let proxy = FaultProxy::before(server.port());
    let store =
        open(&server.url_through(proxy.port()), &brisk().with_token(server.token())).unwrap();
    store.set("k", value(), LONG).await.unwrap();
    for garbage in
        ["garbage\r\n\r\n", "\0\0\0\0\0\0\0\0\0\0\0\0", "HTTP/1.1 2000 OK\r\n\r\n", "-ERR\r\n"]
    {
        proxy.inject(Fault::Answer(garbage.as_bytes().to_vec()));
        let error = get(&*store).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{garbage:?}: {error}");
        assert_eq!(get(&*store).await.unwrap(), Some(value()));
    }
}

#[tokio::test]
async fn silence_ends_in_time_and_slowness_is_waited_for() {
    let server = CachekitServer::start();
    let proxy = FaultProxy::before(server.port());
    let store =
        open(&server.url_through(proxy.port()), &brisk().with_token(server.token())).unwrap();
    store.set("k", value(), LONG).await.unwrap();
    proxy.inject(Fault::BlackHole);
    let start = Instant::now();
    let error = get(&*store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    proxy.inject(Fault::Delay(BRISK / 6));
    assert_eq!(get(&*store).await.unwrap(), Some(value()));
    proxy.inject(Fault::None);
    assert_eq!(get(&*store).await.unwrap(), Some(value()));
}

#[tokio::test]
async fn what_is_too_long_is_not_read() {
    let options = brisk().with_largest_entry(1000);
    for (answer, read) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n".to_owned(),
            ErrorKind::TooLarge,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_owned(), ErrorKind::TooLarge),
        (
            format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{}",
                "x".repeat(1001)
            ),
            ErrorKind::TooLarge,
        ),
        (format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001)), ErrorKind::TooLarge),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999999\r\n\r\n".to_owned(),
            ErrorKind::Protocol,
        ),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(20_000)), ErrorKind::Protocol),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(100)), ErrorKind::Protocol),
    ] {
        let start = answer.chars().take(60).collect::<String>();
        let server = Scripted::start(move |_| answer.as_bytes().to_vec());
        let error = get(&*server.store(&options)).await.unwrap_err();
        assert_eq!(error.kind(), read, "{start}: {error}");
    }
}

#[tokio::test]
async fn a_length_that_lies_reaches_no_other_call() {
    // Too much: the rest is no answer to the next request.
    let server = Scripted::start(|head| match head.contains("/first ") {
        true => {
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\ncontent-length: \
                  3\r\n\r\nbad"
                .to_vec()
        }
        false => b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond".to_vec(),
    });
    let store = server.store(&brisk());
    for _ in 0..10 {
        let first = store.get_many(&["first"]).await.unwrap();
        assert_eq!(first, [Some(Bytes::from_static(b"first"))]);
        let second = store.get_many(&["second"]).await.unwrap();
        assert_eq!(second, [Some(Bytes::from_static(b"second"))]);
    }
    // Too little, and then the end.
    let server = Scripted::start(|_| {
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nshort".to_vec()
    });
    let error = get(&*server.store(&brisk())).await.unwrap_err();
    assert!(error.retryable(), "{error}");
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Scripted::always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    for status in [301, 302, 303, 307, 308] {
        let port = elsewhere.port;
        let server = Scripted::start(move |_| {
            let place = format!("location: http://127.0.0.1:{port}/v1/cache/k");
            format!("HTTP/1.1 {status} Moved\r\n{place}\r\ncontent-length: 0\r\n\r\n").into()
        });
        let store = server.store(&brisk().with_token("secret"));
        for error in
            [get(&*store).await.unwrap_err(), store.set("k", value(), LONG).await.unwrap_err()]
        {
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
            assert!(error.to_string().contains("redirect"), "{error}");
        }
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind) in [
        ("400", ErrorKind::Protocol),
        ("401", ErrorKind::Refused),
        ("403", ErrorKind::Refused),
        ("405", ErrorKind::Protocol),
        ("408", ErrorKind::Unavailable),
        ("413", ErrorKind::TooLarge),
        ("429", ErrorKind::Unavailable),
        ("500", ErrorKind::Unavailable),
        ("501", ErrorKind::Unsupported),
        ("502", ErrorKind::Unavailable),
        ("503", ErrorKind::Unavailable),
        ("504", ErrorKind::Timeout),
        ("507", ErrorKind::Full),
        ("599", ErrorKind::Unavailable),
        ("206", ErrorKind::Protocol),
    ] {
        let body = r#"{"error": {"code": "some_code", "message": "quoted \r\n secret"}}"#;
        let server = Scripted::start(move |_| {
            let length = body.len();
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").into()
        });
        let store = server.store(&brisk());
        for error in
            [get(&*store).await.unwrap_err(), store.set("k", value(), LONG).await.unwrap_err()]
        {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(status), "{error}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc";
    let error = get(&*Scripted::always(packed).store(&brisk())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_for_as_long_as_is_reasonable() {
    let server =
        Scripted::always("HTTP/1.1 429 X\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n");
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let store = server.store(&brisk().with_clock(Arc::clone(&clock) as Arc<dyn Clock>));
    for asked in 1..4 {
        for _ in 0..10 {
            assert_eq!(get(&*store).await.unwrap_err().kind(), ErrorKind::Unavailable);
        }
        assert_eq!(server.asked().len(), asked);
        clock.advance(Duration::from_secs(2));
        assert!(get(&*store).await.is_err());
        assert_eq!(server.asked().len(), asked, "it said later");
        clock.advance(Duration::from_secs(1));
    }
}

fn plain_health(features: &str) -> String {
    let body = format!(r#"{{"version": "1", "features": [{features}]}}"#);
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_server_that_cannot_compare_is_not_used_by_accident() {
    let server = Scripted::start(|head| match head.contains("/health ") {
        true => plain_health(r#""batch", "ttl-ms""#).into(),
        false => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(),
    });
    let store = open(&format!("http://127.0.0.1:{}", server.port), &brisk()).unwrap();
    let write = Write { key: "k", value: value(), ttl: LONG };
    for error in [
        store.compare_and_set("k", Expected::Absent, value(), LONG).await.unwrap_err(),
        store.compare_and_delete("k", b"value").await.unwrap_err(),
        store.get_many(&["k", "l"]).await.unwrap_err(),
        store.set_many(&[write]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("?server=plain"), "{error}");
    }
    assert_eq!(server.asked().len(), 1, "and it is asked once");
}

#[tokio::test]
async fn an_answer_to_a_batch_is_read_to_the_letter() {
    for answer in ["", "CKB1", "CKB1\u{1}\0\0\0\u{2}\0\0", "{}"] {
        let server = Scripted::start(move |head| match head.contains("/health ") {
            true => plain_health(r#""batch", "compare""#).into(),
            false => {
                let length = answer.len();
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}").into()
            }
        });
        let store = open(&format!("http://127.0.0.1:{}", server.port), &brisk()).unwrap();
        let error = store.get_many(&["k", "l"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn a_request_says_what_it_must_and_nothing_about_its_user() {
    let server = Scripted::always("HTTP/1.1 201 X\r\ncontent-length: 0\r\n\r\n");
    let store = server.store(&brisk().with_token("t0ken"));
    store.set("a b/../%2F", value(), Duration::from_millis(1500)).await.unwrap();
    let host = format!("host: 127.0.0.1:{}", server.port);
    let mut said: Vec<String> = server.asked()[0].lines().map(str::to_ascii_lowercase).collect();
    said.sort();
    let mut expected = vec![
        "",
        "authorization: bearer t0ken",
        "content-length: 5",
        "content-type: application/octet-stream",
        &host,
        "put /v1/cache/a%20b%2f..%2f%252f http/1.1",
        "x-cachekit-ttl-ms: 1500",
        "x-cachekit-ttl: 2",
    ];
    expected.sort_unstable();
    assert_eq!(said, expected);
}
