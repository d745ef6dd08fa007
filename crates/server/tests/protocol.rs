//! What `docs/http.md` promises, against a real server on each of its engines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use cachekit_testkit::{
    CachekitServer, CachekitServerSetup, MemcachedServer, RedisServer, eventually,
};
use support::{Client, found, reads, writes};

const EMPTY: &str = "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";

/// Everything that does not depend on the store below.
fn keeps_the_protocol(server: &CachekitServer) {
    let mut client = Client::of(server);
    entries_come_and_go(&mut client);
    names_are_names(&mut client);
    lifetimes_are_kept(&mut client);
    conditions_are_kept(&mut client);
    locks_are_held(&mut client);
    batches_are_one_request(&mut client);
}

fn entries_come_and_go(client: &mut Client) {
    let value = b"\0\r\n\xff any bytes";
    assert_eq!(client.get("e").status, 404);
    let put = client.put("e", value);
    assert_eq!((put.status, put.body.len()), (200, 0));
    let got = client.get("e");
    assert_eq!((got.status, &*got.body), (200, &value[..]));
    assert_eq!(got.header("content-type"), Some("application/octet-stream"));
    assert_eq!(got.header("etag"), put.header("etag"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    let head = client.entry("HEAD", "e", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("14")));
    assert_eq!(client.entry("DELETE", "e", &[], b"").status, 204);
    assert_eq!(client.entry("DELETE", "e", &[], b"").status, 404);
    assert_eq!(client.entry("HEAD", "e", &[], b"").status, 404);
    let absent = client.get("e");
    assert_eq!((absent.status, absent.code()), (404, "not_found".into()));
    assert_eq!(client.put("empty", b"").header("etag"), Some(EMPTY));
    assert_eq!(client.get("empty").status, 200);
    let large = vec![7; 3_000_000];
    assert_eq!(client.put("large", &large).status, 200);
    assert!(client.get("large").body == large);
}

fn names_are_names(client: &mut Client) {
    let longest = "k".repeat(1024);
    let literal =
        ["a%2Fb", "%252e%252e", "..a", "%C3%A4", "a+b", "~", "a;b=c", &longest, "%2E%2E%2Fx"];
    for name in literal {
        assert_eq!(client.put(name, name.as_bytes()).status, 200, "{name}");
    }
    for name in literal {
        assert_eq!(client.get(name).body, name.as_bytes(), "{name}");
    }
    assert_eq!(client.get("%61%2fb").body, b"a%2Fb");
    let longer = "k".repeat(1025);
    for name in [".", "..", "%2e%2e", "%2E", "%00", "a%0Ab", "%", "%zz", "%ff", "%68ealth", &longer]
    {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = client.entry(method, name, &[], b"");
            assert_eq!((answer.status, answer.code()), (400, "bad_name".into()), "{name}");
        }
    }
    for path in
        ["/v1/cache/", "/v1/cache//x", "/v1/cache/../x", "/v1/cache/a/b", "//v1/cache/a", "/v1"]
    {
        assert_eq!(client.ask("GET", path, &[], b"").status, 404, "{path}");
    }
    let wrong = client.ask("POST", "/v1/cache/a", &[], b"");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET,HEAD,PUT,DELETE")));
}

fn lifetimes_are_kept(client: &mut Client) {
    let ttl =
        |client: &mut Client| client.entry("GET", "t/ttl", &[], b"").json()["ttl_ms"].as_u64();
    client.entry("PUT", "t", &["X-CacheKit-TTL: 60"], b"v");
    assert!((59_000..=60_000).contains(&ttl(client).unwrap()));
    client.entry("PUT", "t", &["X-TTL: 2592000"], b"v");
    assert!((2_591_999_000..=2_592_000_000).contains(&ttl(client).unwrap()));
    client.entry("PUT", "t", &["X-CacheKit-TTL: 60", "X-CacheKit-TTL-Ms: 7000"], b"v");
    assert!((6_000..=7_000).contains(&ttl(client).unwrap()));
    client.put("t", b"v");
    assert!((3_599_000..=3_600_000).contains(&ttl(client).unwrap()));
    let patched = client.entry("PATCH", "t/ttl", &[], br#"{"ttl": 7200}"#);
    assert_eq!((patched.status, patched.json()["ttl"].as_u64()), (200, Some(7200)));
    assert_eq!(client.get("t").body, b"v");
    client.entry("PATCH", "t/ttl", &[], br#"{"ttl_ms": 20, "ttl": 9}"#);
    eventually("the entry ends", || client.get("t").status == 404);
    for body in
        [r#"{"ttl": 0}"#, r#"{"ttl": -1}"#, r#"{"ttl": 1.5}"#, r#"{"ttl": 2592001}"#, "{}", "x"]
    {
        let answer = client.entry("PATCH", "t/ttl", &[], body.as_bytes());
        assert_eq!((answer.status, answer.code()), (400, "bad_ttl".into()), "{body}");
    }
    assert_eq!(client.entry("PATCH", "t/ttl", &[], br#"{"ttl": 1}"#).status, 404);
    assert_eq!(client.entry("GET", "t/ttl", &[], b"").status, 404);
    for header in ["X-CacheKit-TTL: 0", "X-CacheKit-TTL: 1.5", "X-TTL: +1", "X-CacheKit-TTL-Ms: 0"]
    {
        let answer = client.entry("PUT", "t", &[header], b"v");
        assert_eq!((answer.status, answer.code()), (400, "bad_ttl".into()), "{header}");
    }
}

fn conditions_are_kept(client: &mut Client) {
    let first = client.entry("PUT", "c", &["If-None-Match: *"], b"one");
    assert_eq!(first.status, 201);
    let tag = first.header("etag").unwrap().to_owned();
    let refused = client.entry("PUT", "c", &["If-None-Match: *"], b"two");
    assert_eq!((refused.status, refused.code()), (412, "changed".into()));
    let matching = format!("If-Match: {tag}");
    assert_eq!(client.entry("PUT", "c", &[&format!("If-Match: {EMPTY}")], b"two").status, 412);
    assert_eq!(client.entry("PUT", "c", &[&format!("If-Match: W/{tag}")], b"two").status, 412);
    assert_eq!(client.entry("PUT", "c", &[&matching], b"two").status, 200);
    assert_eq!(client.entry("PUT", "c", &[&matching], b"three").status, 412);
    assert_eq!(client.get("c").body, b"two");
    assert_eq!(client.entry("DELETE", "c", &[&matching], b"").status, 412);
    let tag = client.get("c").header("etag").unwrap().to_owned();
    assert_eq!(client.entry("DELETE", "c", &[&format!("If-Match: {tag}")], b"").status, 204);
    assert_eq!(client.entry("DELETE", "c", &[&format!("If-Match: {tag}")], b"").status, 412);
    for header in ["If-Match: *", "If-Match: \"a\", \"b\"", "If-None-Match: \"a\"", "If-Match: x"] {
        let answer = client.entry("PUT", "c", &[header], b"v");
        assert_eq!((answer.status, answer.code()), (400, "bad_condition".into()), "{header}");
    }
    let two = ["If-None-Match: *", "If-Match: \"a\""];
    assert_eq!(client.entry("PUT", "c", &two, b"v").status, 400);
    assert_eq!(client.entry("GET", "c", &["If-None-Match: *"], b"").status, 400);
    assert_eq!(client.entry("DELETE", "c", &["If-None-Match: *"], b"").status, 400);
}

fn locks_are_held(client: &mut Client) {
    let taken = client.entry("POST", "l/lock", &[], br#"{"timeout_ms": 60000}"#);
    assert_eq!(taken.status, 200);
    let id = taken.json()["lock_id"].as_str().unwrap().to_owned();
    assert_eq!(client.entry("POST", "l/lock", &[], b"").status, 409);
    assert_eq!(client.get("l").status, 404);
    let nobodys = "0".repeat(32);
    let release = |client: &mut Client, id: &str| {
        client.entry("DELETE", &format!("l/lock?lock_id={id}"), &[], b"").status
    };
    assert_eq!(release(client, &nobodys), 404);
    assert_eq!(release(client, "x"), 400);
    assert_eq!(release(client, &id), 200);
    assert_eq!(release(client, &id), 404);
    assert_eq!(client.entry("POST", "l/lock", &[], br#"{"timeout_ms": 20}"#).status, 200);
    eventually("the lock ends", || {
        client.entry("POST", "l/lock", &[], br#"{"timeout_ms": 20}"#).status == 200
    });
    for body in [r#"{"timeout_ms": 0}"#, r#"{"timeout_ms": 300001}"#, "{}", "[]"] {
        assert_eq!(client.entry("POST", "l/lock", &[], body.as_bytes()).status, 400, "{body}");
    }
}

fn batches_are_one_request(client: &mut Client) {
    let large = vec![b'x'; 100_000];
    let body = writes(&[("b/1", b"one"), ("b 2", &large), ("b/1", b"later")], 60_000);
    let written = client.ask("POST", "/v1/batch", &[], &body);
    assert_eq!((written.status, &*written.body), (200, &b"CKB1\x82\0\0\0\x03"[..]));
    let asked = reads(&["b 2", "absent", "b/1", "b 2"]);
    let answer =
        client.ask("POST", "/v1/batch", &["Content-Type: application/octet-stream"], &asked);
    assert_eq!(answer.status, 200);
    let expected = [Some(large.clone()), None, Some(b"later".to_vec()), Some(large)];
    assert_eq!(found(&answer.body), expected);
    assert_eq!(client.get("b%2F1").body, b"later");
    for body in [
        &b""[..],
        b"CKB1",
        b"CKB2\x01\0\0\0\x01\0\x01a",
        &reads(&[]),
        &reads(&["."]),
        &[&asked[..], b"x"].concat(),
    ] {
        assert_eq!(client.ask("POST", "/v1/batch", &[], body).status, 400, "{body:?}");
    }
    let many: Vec<String> = (0..4097).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(client.ask("POST", "/v1/batch", &[], &reads(&many)).status, 400);
    assert_eq!(client.ask("POST", "/v1/batch", &[], &reads(&many[1..])).status, 200);
    let json = ["Content-Type: application/json"];
    assert_eq!(client.ask("POST", "/v1/batch", &json, &asked).status, 415);
}

#[test]
fn over_an_embedded_store() {
    let server = CachekitServer::start();
    keeps_the_protocol(&server);
    let health = Client::of(&server).ask("GET", "/v1/cache/health", &[], b"").json();
    let features = serde_json::json!(["ttl-ms", "batch", "events", "compare", "snapshot"]);
    assert_eq!(health["features"], features);
    assert_eq!(health["limits"]["largest_entry"], 8 * 1024 * 1024 - 18);
}

#[test]
fn over_redis() {
    let redis = RedisServer::start();
    let server = CachekitServerSetup::new().store(&redis.url()).start();
    keeps_the_protocol(&server);
    redis.kill();
    let mut client = Client::of(&server);
    let down = client.get("e");
    assert_eq!((down.status, down.code()), (503, "unavailable".into()));
    assert_eq!(down.header("retry-after"), Some("1"));
    assert_eq!(client.ask("GET", "/v1/cache/health", &[], b"").status, 503);
    assert_eq!(client.ask("GET", "/livez", &[], b"").status, 200);
    redis.restart();
    eventually("the server finds Redis again", || client.get("e").status == 404);
}

#[test]
fn over_memcached() {
    let memcached = MemcachedServer::with(&["-I", "8m"]);
    let url = format!("{}?item_size=8m", memcached.url());
    let server = CachekitServerSetup::new().store(&url).start();
    keeps_the_protocol(&server);
    let health = Client::of(&server).ask("GET", "/v1/cache/health", &[], b"").json();
    let features = health["features"].as_array().unwrap();
    assert!(!features.contains(&"snapshot".into()) && features.contains(&"compare".into()));
}

#[test]
fn below_a_base() {
    let server = CachekitServerSetup::new().base("/api/cache").start();
    let mut client = Client::of(&server);
    assert_eq!(client.ask("PUT", "/api/cache/v1/cache/a%2Fb", &[], b"v").status, 200);
    assert_eq!(client.ask("GET", "/api/cache/v1/cache/a%2fb", &[], b"").body, b"v");
    assert_eq!(client.get("a%2Fb").status, 404);
    assert!(server.announced().ends_with("/api/cache"));
}
