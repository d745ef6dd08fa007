//! What the operator sees, and what nobody sees: names, values and tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use cachekit_testkit::{CachekitServer, CachekitServerSetup, RedisServer};
use support::{Client, reads};

fn page(server: &CachekitServer) -> Client {
    let url = server.admin_url();
    Client::to(url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap())
}

#[test]
fn the_page_is_its_own_and_nobody_elses() {
    let server = CachekitServer::start();
    let mut page = page(&server);
    for path in ["/", "/page.css", "/page.js", "/stats.json", "/metrics"] {
        let answer = page.ask("GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = answer.text();
        let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "{path}");
        assert!(!text.contains("style=\"") && !text.contains("onload="), "{path}");
    }
    assert_eq!(page.ask("GET", "/v1/cache/a", &[], b"").status, 404);
    assert_eq!(page.ask("POST", "/stats.json", &[], b"").status, 405);
    // By another name, which somebody has resolve to 127.0.0.1.
    page.send(b"GET /stats.json HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(page.answer("GET").unwrap().status, 421);
    let mut public = Client::of(&server);
    for path in ["/", "/stats.json", "/metrics", "/page.js"] {
        assert_eq!(public.ask("GET", path, &[], b"").status, 404, "{path}");
    }
}

#[test]
fn with_a_token_the_page_asks_for_it() {
    let token = "operator-0123456789-0123456789-0123456789";
    let server = CachekitServerSetup::new().variable("CACHEKIT_SERVE_ADMIN_TOKEN", token).start();
    let refused = page(&server).ask("GET", "/", &[], b"");
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_eq!(page(&server).with_token(server.token()).ask("GET", "/", &[], b"").status, 401);
    assert_eq!(page(&server).with_token(token).ask("GET", "/", &[], b"").status, 200);
    assert_eq!(Client::to(server.port()).with_token(token).get("x").status, 401);
}

#[test]
fn what_is_counted_is_true() {
    let server = CachekitServer::start();
    let mut client = Client::of(&server);
    client.entry("PUT", "a", &["X-CacheKit-TTL: 30"], &[1; 100]);
    client.entry("PUT", "b", &["X-CacheKit-TTL: 7200"], &[1; 50]);
    client.put("c", b"gone");
    client.entry("DELETE", "c", &[], b"");
    client.get("a");
    client.get("absent");
    client.ask("POST", "/v1/batch", &[], &reads(&["a", "b", "absent"]));
    let stats = |server: &CachekitServer| page(server).ask("GET", "/stats.json", &[], b"").json();
    let now = stats(&server);
    let space = &now["spaces"][0];
    let expected = serde_json::json!({
        "name": "default", "entries": 2, "bytes": 150, "hits": 3, "misses": 2, "writes": 3,
        "removals": 1, "bytes_in": 154, "bytes_out": space["bytes_out"],
    });
    assert_eq!(space, &expected);
    let ends: Vec<u64> =
        now["ends"].as_array().unwrap().iter().map(|e| e["entries"].as_u64().unwrap()).collect();
    assert_eq!(ends, [1, 0, 0, 1, 0, 0]);
    assert_eq!(now["counts"], "complete");
    let metrics = page(&server).ask("GET", "/metrics", &[], b"").text();
    for line in [
        "cachekit_entries{space=\"default\"} 2",
        "cachekit_bytes{space=\"default\"} 150",
        "cachekit_hits_total{space=\"default\"} 3",
        "cachekit_requests_total{operation=\"put\",status=\"200\"} 3",
        "cachekit_requests_total{operation=\"batch_read\",status=\"200\"} 1",
        "cachekit_refusals_total{code=\"not_found\"} 1",
        "cachekit_request_seconds_bucket{operation=\"put\",le=\"+Inf\"} 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
    server.restart();
    let again = stats(&server);
    assert_eq!(
        (&again["spaces"][0]["entries"], &again["spaces"][0]["bytes"]),
        (&2.into(), &150.into())
    );
}

#[test]
fn of_a_store_that_cannot_be_asked_it_says_so() {
    let redis = RedisServer::start();
    let server = CachekitServerSetup::new().store(&redis.url()).start();
    Client::of(&server).put("a", b"v");
    server.restart();
    let stats = page(&server).ask("GET", "/stats.json", &[], b"").json();
    assert_eq!(
        (&stats["counts"], &stats["spaces"][0]["entries"]),
        (&"since start".into(), &0.into())
    );
    assert_eq!(Client::of(&server).get("a").body, b"v");
}

#[test]
fn logs_and_numbers_hold_no_names_no_values_no_tokens() {
    let server = CachekitServerSetup::new().argument("--log=debug").start();
    let mut client = Client::of(&server);
    client.put("name-of-an-entry", b"123-45-6789");
    client.get("name-of-an-entry");
    client.entry("POST", "name-of-an-entry/lock", &[], b"");
    client.entry("DELETE", "name-of-an-entry/lock?lock_id=name-of-an-entry", &[], b"");
    client.entry("GET", "name-of-an-entry%00", &[], b"");
    client.entry("PUT", "name-of-an-entry", &["X-CacheKit-TTL: 123-45-6789"], b"");
    client.ask("GET", "/name-of-an-entry?123-45-6789", &[], b"");
    Client::to(server.port()).with_token("stranger-0123456789-0123456789-01234").get("x");
    let metrics = page(&server).ask("GET", "/metrics", &[], b"").text();
    let stats = page(&server).ask("GET", "/stats.json", &[], b"").text();
    assert_eq!(server.terminate().code(), Some(0));
    let log = server.log();
    assert!(log.lines().count() >= 8, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    for secret in ["name-of", "123-45", "stranger-", server.token()] {
        assert!(
            ![&log, &metrics, &stats].iter().any(|text| text.contains(secret)),
            "{secret}: {log}"
        );
    }
}
