//! What no client can exceed, however hard he tries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use cachekit_testkit::{CachekitServer, CachekitServerSetup, eventually};
use support::Client;

const MANY: usize = 1_100;

fn head(server: &CachekitServer, rest: &str) -> String {
    let token = server.token();
    format!(
        "PUT /v1/cache/x HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n{rest}\r\n\r\n"
    )
}

#[test]
fn a_body_that_says_it_is_too_large_is_not_read() {
    let server = CachekitServer::start();
    let mut client = Client::of(&server);
    client.send(head(&server, "Content-Length: 99999999999").as_bytes());
    let refused = client.answer("PUT").expect("an answer without a byte of the body");
    assert_eq!((refused.status, refused.code()), (413, "too_large".into()));
    let mut client = Client::of(&server);
    client.send(head(&server, "Expect: 100-continue\r\nContent-Length: 99999999999").as_bytes());
    assert_eq!(client.answer("PUT").expect("an answer, and no 100").status, 413);
}

#[test]
fn a_body_that_does_not_say_so_is_cut() {
    let server = CachekitServerSetup::new().argument("--largest-entry").argument("64KiB").start();
    let mut client = Client::of(&server);
    assert_eq!(client.put("fits", &vec![1; 64 * 1024]).status, 200);
    // Its whole body is sent, and the answer still gets through.
    let refused = client.put("large", &vec![1; 64 * 1024 + 1]);
    assert_eq!((refused.status, refused.code()), (413, "too_large".into()));
    let mut client = Client::of(&server);
    client.send(head(&server, "Transfer-Encoding: chunked").as_bytes());
    for _ in 0..17 {
        client.send(b"1000\r\n");
        client.send(&[2; 0x1000]);
        client.send(b"\r\n");
    }
    assert_eq!(client.answer("PUT").expect("an answer").status, 413);
    assert_eq!(Client::of(&server).get("x").status, 404);
}

#[test]
fn a_whole_large_body_does_not_hide_its_refusal() {
    let server = CachekitServerSetup::new().argument("--largest-entry").argument("64KiB").start();
    for _ in 0..5 {
        let refused = Client::of(&server).put("large", &vec![1; 700_000]);
        assert_eq!((refused.status, refused.code()), (413, "too_large".into()));
    }
}

#[test]
fn heads_are_bounded() {
    let server = CachekitServer::start();
    let many: Vec<String> = (0..100).map(|i| format!("X-{i}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(status(&server, &many), 431);
    assert_eq!(status(&server, &[&format!("X-Long: {}", "y".repeat(100_000))]), 431);
    let mut client = Client::of(&server);
    client.send(b"GET / HTTP/9.9\r\n\r\n");
    assert!(client.answer("GET").is_none_or(|answer| answer.status == 400));
    let mut client = Client::of(&server);
    client.send(&[0xff; 512]);
    assert!(client.answer("GET").is_none_or(|answer| answer.status == 400));
    assert_eq!(Client::of(&server).get("x").status, 404);
}

fn status(server: &CachekitServer, headers: &[&str]) -> u16 {
    Client::of(server).entry("GET", "x", headers, b"").status
}

#[test]
fn smuggled_requests_are_refused() {
    let server = CachekitServer::start();
    for framing in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: +1",
        "Transfer-Encoding: chunked, identity",
    ] {
        let mut client = Client::of(&server);
        client.send(head(&server, framing).as_bytes());
        let answer = client.answer("PUT");
        assert!(answer.is_none_or(|answer| answer.status == 400), "{framing}");
    }
}

/// One byte now and then, of a head or of a body, is not enough.
#[test]
fn who_is_slow_is_hung_up_on() {
    let server = CachekitServerSetup::new()
        .argument("--idle-timeout=300ms")
        .argument("--transfer-timeout=300ms")
        .start();
    let begun = Instant::now();
    let mut slow_head = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    slow_head.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut hung_up = false;
    for byte in b"GET /v1/cache/x HTTP/1.1\r\nX-Slow: ".iter().chain([b'y'; 1000].iter()) {
        let sent = slow_head.write_all(&[*byte]);
        // A pause, and a look at whether the other side has closed.
        let closed = matches!(slow_head.read(&mut [0; 64]), Ok(0));
        if sent.is_err() || closed {
            hung_up = true;
            break;
        }
    }
    assert!(hung_up && begun.elapsed() < Duration::from_secs(10));

    let mut slow_body = Client::of(&server);
    slow_body.send(head(&server, "Content-Length: 100").as_bytes());
    slow_body.send(b"a");
    let refused = slow_body.answer("PUT").expect("an answer");
    assert_eq!((refused.status, refused.code()), (408, "timeout".into()));

    let mut silent = Client::to(server.port());
    assert!(silent.is_hung_up());
}

#[test]
fn who_takes_nothing_of_his_answer_is_hung_up_on() {
    let server = CachekitServerSetup::new().argument("--transfer-timeout=300ms").start();
    let mut client = Client::of(&server);
    assert_eq!(client.put("large", &vec![1; 8_000_000]).status, 200);
    // Asks for far more than the sockets' buffers hold, and reads none of it.
    for _ in 0..20 {
        let token = server.token();
        client.send(
            format!(
                "GET /v1/cache/large HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            .as_bytes(),
        );
    }
    eventually("the connection is given up", || connections(&server) == 0);
}

fn connections(server: &CachekitServer) -> i64 {
    let port = server.admin_url();
    let port = port.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    let stats = Client::to(port).ask("GET", "/stats.json", &[], b"").json();
    stats["connections"].as_i64().unwrap()
}

#[test]
fn a_thousand_connections_are_held() {
    let server = CachekitServer::start();
    raise_descriptor_limit();
    let mut clients: Vec<Client> = (0..MANY).map(|_| Client::of(&server)).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.put(&format!("n{i}"), b"v").status, 200, "{i}");
    }
    assert_eq!(connections(&server), MANY as i64);
    // All of them at once, from a few threads.
    thread::scope(|scope| {
        for (part, clients) in clients.chunks_mut(MANY / 4).enumerate() {
            scope.spawn(move || {
                for (i, client) in clients.iter_mut().enumerate() {
                    assert_eq!(client.get(&format!("n{}", part * (MANY / 4) + i)).status, 200);
                }
            });
        }
    });
    drop(clients);
    eventually("they are forgotten", || connections(&server) == 0);
}

fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

#[test]
fn beyond_the_limit_they_are_told_so() {
    let server = CachekitServerSetup::new().argument("--connections=3").start();
    let mut held: Vec<Client> = (0..3).map(|_| Client::of(&server)).collect();
    assert!(held.iter_mut().all(|client| client.get("x").status == 404));
    let mut fourth = Client::of(&server);
    let refused = fourth.get("x");
    assert_eq!((refused.status, refused.code()), (503, "unavailable".into()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(fourth.is_hung_up());
    held.pop();
    eventually("there is a place again", || Client::of(&server).get("x").status == 404);
}

#[test]
fn bodies_together_are_bounded_too() {
    let server = CachekitServerSetup::new().argument("--in-flight=1MiB").start();
    let mut first = None;
    let mut pause = Duration::from_millis(10);
    // Whichever comes too late finds no room: the first, if it is not read by then, is sent again,
    // and given more time.
    eventually("the second finds no room", || {
        let mut sent = Client::of(&server);
        sent.send(head(&server, "Content-Length: 800000").as_bytes());
        sent.send(&vec![1; 799_999]);
        thread::sleep(pause);
        pause *= 2;
        let answer = Client::of(&server).put("y", &vec![2; 400_000]);
        let refused = answer.status == 503 && answer.code() == "unavailable";
        first = refused.then_some(sent);
        refused
    });
    let mut first = first.expect("the one that found room");
    first.send(b"1");
    assert_eq!(first.answer("PUT").expect("an answer").status, 200);
    assert_eq!(Client::of(&server).put("y", &vec![2; 400_000]).status, 200);
}
