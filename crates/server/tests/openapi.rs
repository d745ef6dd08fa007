//! The description that is served is the one that is checked in, and the server is as it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use cachekit_testkit::CachekitServer;
use serde_json::Value;
use support::Client;

const DESCRIPTION: &str = include_str!("../openapi.json");
const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];

fn description() -> Value {
    serde_json::from_str(DESCRIPTION).expect("JSON")
}

#[test]
fn it_is_served() {
    let server = CachekitServer::start();
    let served = Client::to(server.port()).ask("GET", "/openapi.json", &[], b"");
    assert_eq!(served.text(), DESCRIPTION);
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[test]
fn every_method_of_every_path_is_as_described() {
    let server = CachekitServer::start();
    let description = description();
    for (path, item) in description["paths"].as_object().unwrap() {
        let filled = path.replace("{name}", "some-name");
        for method in METHODS {
            let described = item.get(method.to_lowercase()).is_some();
            let answer = Client::to(server.port()).ask(method, &filled, &[], b"");
            // HEAD goes wherever GET does, as HTTP has it.
            let goes = described || (method == "HEAD" && item.get("get").is_some());
            assert_eq!(answer.status != 405, goes, "{method} {path}: {}", answer.status);
            if described && item[method.to_lowercase()].get("security").is_none() {
                assert_eq!(answer.status, 401, "{method} {path} without a token");
            }
        }
    }
}

#[test]
fn bounds_are_the_servers() {
    let server = CachekitServer::start();
    let health = Client::of(&server).ask("GET", "/v1/cache/health", &[], b"").json();
    let parts = &description()["components"];
    assert_eq!(
        parts["parameters"]["name"]["schema"]["maxLength"],
        health["limits"]["longest_name"]
    );
    let most = &parts["parameters"]["ttlMs"]["schema"]["maximum"];
    assert_eq!(*most, 2_592_000_000_u64);
    let mut client = Client::of(&server);
    for (header, over) in
        [("X-CacheKit-TTL", "ttl"), ("X-CacheKit-TTL-Ms", "ttlMs"), ("X-TTL", "oldTtl")]
    {
        let most = parts["parameters"][over]["schema"]["maximum"].as_u64().unwrap();
        let status = |client: &mut Client, ttl: u64| {
            client.entry("PUT", "x", &[&format!("{header}: {ttl}")], b"").status
        };
        assert_eq!(
            (status(&mut client, most), status(&mut client, most + 1)),
            (200, 400),
            "{header}"
        );
    }
    let lock = parts["schemas"]["Lock"]["properties"]["timeout_ms"]["maximum"].as_u64().unwrap();
    for (timeout, status) in [(lock + 1, 400), (lock, 200)] {
        let body = format!("{{\"timeout_ms\": {timeout}}}");
        assert_eq!(client.entry("POST", "x/lock", &[], body.as_bytes()).status, status);
    }
}
