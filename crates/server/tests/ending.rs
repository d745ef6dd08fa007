//! Told to end, or killed: what was acknowledged is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use cachekit_testkit::{CachekitServer, CachekitServerSetup, eventually};
use support::{Client, found, reads, writes};

const WRITERS: u64 = 8;

/// Writers that write until their connection ends, and what they were promised is kept.
struct Load {
    acknowledged: Mutex<Vec<String>>,
    stop: AtomicBool,
    unanswered: AtomicU64,
}

impl Load {
    /// Runs beside `end`, which takes the server away.
    fn beside(server: &CachekitServer, end: impl FnOnce()) -> Self {
        let load = Self {
            acknowledged: Mutex::default(),
            stop: AtomicBool::new(false),
            unanswered: AtomicU64::new(0),
        };
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let load = &load;
                scope.spawn(move || load.write(Client::of(server), writer));
            }
            eventually("there is load", || load.acknowledged.lock().unwrap().len() > 200);
            end();
            load.stop.store(true, Relaxed);
        });
        load
    }

    fn write(&self, mut client: Client, writer: u64) {
        for i in 0.. {
            let names = [format!("{writer}-{i}-a"), format!("{writer}-{i}-b")];
            let [a, b] = [&names[0], &names[1]].map(|name| (name.as_str(), name.as_bytes()));
            let body = writes(&[a, b], 600_000);
            let token = "Authorization: Bearer cks_of-a-test-and-nobody-elses-0123456789";
            let request = if i % 4 == 0 {
                format!(
                    "POST /v1/batch HTTP/1.1\r\nHost: l\r\n{token}\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )
            } else {
                format!(
                    "PUT /v1/cache/{} HTTP/1.1\r\nHost: l\r\n{token}\r\nContent-Length: {}\r\n\r\n",
                    a.0,
                    a.1.len()
                )
            };
            client.send(request.as_bytes());
            client.send(if i % 4 == 0 { &body } else { a.1 });
            let Some(answer) = client.answer("PUT") else {
                self.unanswered.fetch_add(1, Relaxed);
                return;
            };
            assert_eq!(answer.status, 200);
            let number = if i % 4 == 0 { 2 } else { 1 };
            self.acknowledged.lock().unwrap().extend(names.into_iter().take(number));
            if answer.header("connection") == Some("close") || self.stop.load(Relaxed) {
                return;
            }
        }
    }

    fn all_is_there(&self, server: &CachekitServer) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let mut client = Client::of(server);
        for names in acknowledged.chunks(500) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let answer = client.ask("POST", "/v1/batch", &[], &reads(&names));
            for (name, value) in names.iter().zip(found(&answer.body)) {
                assert_eq!(value.as_deref(), Some(name.as_bytes()), "{name} was acknowledged");
            }
        }
    }
}

#[test]
fn killed_under_load_it_keeps_what_it_acknowledged() {
    let server = CachekitServer::start();
    for _ in 0..3 {
        let load = Load::beside(&server, || server.kill());
        server.restart();
        load.all_is_there(&server);
        assert!(load.unanswered.load(Relaxed) > 0, "it was killed in the middle of work");
    }
}

#[test]
fn told_to_end_under_load_it_finishes_what_it_began() {
    let server = CachekitServer::start();
    let load = Load::beside(&server, || {
        assert_eq!(server.terminate().code(), Some(0));
    });
    server.restart();
    load.all_is_there(&server);
}

/// A request of which the server has the head, and asks for the body.
fn begun(server: &CachekitServer, name: &str) -> Client {
    let mut client = Client::of(server);
    let token = server.token();
    client.send(
        format!(
            "PUT /v1/cache/{name} HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\
             Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        )
        .as_bytes(),
    );
    assert_eq!(client.line().as_deref(), Some("HTTP/1.1 100 Continue"));
    assert_eq!(client.line().as_deref(), Some(""));
    client
}

#[test]
fn a_request_in_flight_is_waited_for() {
    let server = CachekitServer::start();
    let mut client = begun(&server, "late");
    client.send(b"la");
    let mut listening = Client::of(&server);
    let token = server.token();
    listening.send(
        format!("GET /v1/events HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\r\n")
            .as_bytes(),
    );
    assert!(listening.line().is_some());
    let mut idle = Client::of(&server);
    assert_eq!(idle.get("x").status, 404);
    thread::scope(|scope| {
        let ended = scope.spawn(|| server.terminate());
        eventually("it is told", || server.log().contains("ending"));
        assert!(idle.is_hung_up());
        eventually("it no longer listens", || {
            std::net::TcpStream::connect(("127.0.0.1", server.port())).is_err()
        });
        client.send(b"te");
        assert_eq!(client.answer("PUT").expect("an answer").status, 200);
        drop((client, idle, listening));
        assert_eq!(ended.join().unwrap().code(), Some(0));
    });
    server.restart();
    assert_eq!(Client::of(&server).get("late").body, b"late");
}

#[test]
fn who_takes_too_long_is_cut() {
    let server = CachekitServerSetup::new().argument("--shutdown-timeout=200ms").start();
    let slow = begun(&server, "x");
    assert_eq!(server.terminate().code(), Some(1));
    drop(slow);
}

#[test]
fn a_second_signal_does_not_wait() {
    let server = CachekitServerSetup::new().argument("--shutdown-timeout=1h").start();
    let slow = begun(&server, "x");
    server.signal("TERM");
    eventually("it is told", || server.log().contains("ending"));
    assert_eq!(server.terminate().code(), Some(1));
    drop(slow);
}
