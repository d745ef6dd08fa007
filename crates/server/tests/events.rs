//! Names, as they change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use cachekit_testkit::{CachekitServer, eventually};
use serde_json::{Value, json};
use support::{Client, writes};

struct Listener(Client);

impl Listener {
    fn of(server: &CachekitServer) -> Self {
        let mut client = Client::of(server);
        let token = server.token();
        client.send(
            format!("GET /v1/events HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\r\n")
                .as_bytes(),
        );
        let head: Vec<String> =
            std::iter::from_fn(|| client.line().filter(|l| !l.is_empty())).collect();
        assert!(head[0].contains("200"), "{head:?}");
        assert!(head.contains(&"content-type: text/event-stream".to_owned()), "{head:?}");
        let mut listener = Self(client);
        assert_eq!(listener.next(), ("ready".into(), json!({})));
        listener
    }

    /// The next event: its name and its data. The lengths of chunks are overlooked.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.0.line().expect("a stream that goes on");
            if let Some(found) = line.strip_prefix("event: ") {
                name = found.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).expect("JSON"));
            }
        }
    }

    fn changed(&mut self) -> (String, Value) {
        let (event, data) = self.next();
        assert_eq!(event, "changed");
        (data["name"].as_str().unwrap().to_owned(), data["etag"].clone())
    }
}

#[test]
fn changes_are_told() {
    let server = CachekitServer::start();
    let mut client = Client::of(&server);
    client.put("before", b"v");
    let (mut listener, mut other) = (Listener::of(&server), Listener::of(&server));
    let tag = client.put("a%2Fb", b"v").header("etag").unwrap().to_owned();
    assert_eq!(listener.changed(), ("a/b".into(), json!(tag)));
    assert_eq!(other.changed(), ("a/b".into(), json!(tag)));
    client.get("a%2Fb");
    client.entry("PATCH", "a%2Fb/ttl", &[], br#"{"ttl": 9}"#);
    client.entry("PUT", "a%2Fb", &["If-None-Match: *"], b"refused");
    client.ask("POST", "/v1/batch", &[], &writes(&[("x", b"1"), ("y", b"2")], 1000));
    assert_eq!((listener.changed().0, listener.changed().0), ("x".into(), "y".into()));
    client.entry("DELETE", "a%2Fb", &[], b"");
    assert_eq!(listener.changed(), ("a/b".into(), Value::Null));
}

#[test]
fn who_falls_behind_is_told_so() {
    let server = CachekitServer::start();
    let mut listener = Listener::of(&server);
    let mut client = Client::of(&server);
    // More than the sockets' buffers and the backlog hold, while nobody reads.
    let name = "n".repeat(1000);
    let names: Vec<String> = (0..4000).map(|i| format!("{i}-{name}")).collect();
    let batch: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    for _ in 0..2 {
        assert_eq!(client.ask("POST", "/v1/batch", &[], &writes(&batch, 60_000)).status, 200);
    }
    let mut missed = false;
    eventually("it is told that it missed some", || {
        missed = missed || listener.next().0 == "missed";
        missed
    });
    client.put("after", b"v");
    eventually("and hears the next", || listener.next().1["name"] == "after");
}
