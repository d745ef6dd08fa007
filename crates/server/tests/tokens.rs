//! Who may ask, for what, how often and how much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::{fs, path::PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use cachekit_testkit::{CachekitServer, CachekitServerSetup, eventually};
use support::{Client, reads, writes};
use tempfile::TempDir;

const ALICE: &str = "alice-0123456789-0123456789-0123456789";
const BOB: &str = "bob-0123456789-0123456789-0123456789-x";
const READER: &str = "reader-0123456789-0123456789-012345678";
const SLOW: &str = "slow-0123456789-0123456789-0123456789x";
const SMALL: &str = "small-0123456789-0123456789-0123456789";

fn line(name: &str, token: &str, rest: &str) -> String {
    let digest = hex::encode(digest(&SHA256, token.as_bytes()));
    format!("[[token]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{rest}\n")
}

fn all() -> String {
    [
        line("alice", ALICE, ""),
        line("bob", BOB, ""),
        line("reader", READER, "space = \"alice\"\naccess = \"read\""),
        line("slow", SLOW, "rate = 0.5\nburst = 3"),
        line("small", SMALL, "entries = 3\nbytes = \"1KiB\""),
    ]
    .concat()
}

struct Server {
    server: CachekitServer,
    tokens: PathBuf,
    _directory: TempDir,
}

fn start() -> Server {
    let directory = TempDir::new().unwrap();
    let tokens = directory.path().join("tokens.toml");
    fs::write(&tokens, all()).unwrap();
    let server = CachekitServerSetup::new()
        .own_tokens()
        .argument("--token-file")
        .argument(&tokens.display().to_string())
        .start();
    Server { server, tokens, _directory: directory }
}

fn client(server: &CachekitServer, token: &str) -> Client {
    Client::to(server.port()).with_token(token)
}

#[test]
fn tokens_do_what_they_say() {
    let Server { server, tokens, _directory } = start();
    strangers_get_nothing(&server);
    key_spaces_never_meet(&server);
    a_reader_reads(&server);
    a_rate_is_kept(&server);
    a_quota_is_kept(&server);
    tokens_are_read_again(&server, &tokens);
}

fn strangers_get_nothing(server: &CachekitServer) {
    let prefix = &ALICE[..ALICE.len() - 1];
    let wrong = [prefix, "x", "", &ALICE.to_uppercase(), &format!("{ALICE}x"), &"x".repeat(600)];
    for token in wrong {
        let answer = client(server, token).get("a");
        assert_eq!((answer.status, answer.code()), (401, "unauthorized".into()), "{token}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let mut bare = Client::to(server.port());
    let twice = format!("Authorization: Bearer {ALICE}");
    for headers in
        [&[][..], &["Authorization: Basic abc"], &["Authorization: Bearer"], &[&twice, &twice]]
    {
        for (method, path) in [
            ("GET", "/v1/cache/a"),
            ("PUT", "/v1/cache/a"),
            ("DELETE", "/v1/cache/a"),
            ("GET", "/v1/cache/a/ttl"),
            ("PATCH", "/v1/cache/a/ttl"),
            ("POST", "/v1/cache/a/lock"),
            ("DELETE", "/v1/cache/a/lock?lock_id=1"),
            ("POST", "/v1/batch"),
            ("GET", "/v1/events"),
            ("GET", "/v1/cache/health"),
        ] {
            assert_eq!(bare.ask(method, path, headers, b"").status, 401, "{method} {path}");
        }
    }
}

fn key_spaces_never_meet(server: &CachekitServer) {
    let (mut alice, mut bob) = (client(server, ALICE), client(server, BOB));
    alice.put("shared", b"alice's");
    assert_eq!(bob.get("shared").status, 404);
    assert_eq!(bob.entry("PUT", "shared", &["If-None-Match: *"], b"bob's").status, 201);
    assert_eq!(
        bob.ask("POST", "/v1/batch", &[], &writes(&[("also", b"bob's")], 9_000)).status,
        200
    );
    assert_eq!(alice.get("also").status, 404);
    assert_eq!(bob.entry("POST", "shared/lock", &[], b"").status, 200);
    assert_eq!(alice.entry("POST", "shared/lock", &[], b"").status, 200);
    assert_eq!(bob.entry("DELETE", "shared", &[], b"").status, 204);
    assert_eq!(alice.get("shared").body, b"alice's");
    for name in ["..%2Falice%2Fe%2Fshared", "alice%2Fe%2Fshared", "e%2Fshared"] {
        assert_eq!(bob.get(name).status, 404, "{name}");
    }
}

fn a_reader_reads(server: &CachekitServer) {
    client(server, ALICE).put("read", b"me");
    let mut reader = client(server, READER);
    assert_eq!(reader.get("read").body, b"me");
    assert_eq!(reader.entry("GET", "read/ttl", &[], b"").status, 200);
    assert_eq!(reader.ask("POST", "/v1/batch", &[], &reads(&["read"])).status, 200);
    let batch = writes(&[("read", b"not")], 1000);
    for (method, path, body) in [
        ("PUT", "/v1/cache/read", &b"not"[..]),
        ("DELETE", "/v1/cache/read", b""),
        ("PATCH", "/v1/cache/read/ttl", br#"{"ttl": 1}"#),
        ("POST", "/v1/cache/read/lock", b""),
        ("POST", "/v1/batch", &batch),
    ] {
        let answer = reader.ask(method, path, &[], body);
        assert_eq!((answer.status, answer.code()), (403, "read_only".into()), "{method} {path}");
    }
    assert_eq!(reader.get("read").body, b"me");
}

fn a_rate_is_kept(server: &CachekitServer) {
    let mut slow = client(server, SLOW);
    assert!((0..3).all(|_| slow.get("x").status == 404));
    let refused = slow.get("x");
    assert_eq!((refused.status, refused.code()), (429, "rate_limited".into()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait));
    eventually("the bucket fills", || slow.get("x").status == 404);
    assert_eq!(slow.ask("POST", "/v1/batch", &[], &reads(&["a", "b", "c"])).status, 429);
    assert_eq!(client(server, ALICE).get("x").status, 404);
}

fn a_quota_is_kept(server: &CachekitServer) {
    let mut small = client(server, SMALL);
    let status =
        |small: &mut Client, name: &str, bytes: usize| small.put(name, &vec![1; bytes]).status;
    assert_eq!(status(&mut small, "a", 400), 200);
    assert_eq!(status(&mut small, "b", 400), 200);
    let refused = small.put("c", &[1; 400]);
    assert_eq!((refused.status, refused.code()), (507, "quota_exceeded".into()));
    assert_eq!(status(&mut small, "a", 600), 200);
    assert_eq!(status(&mut small, "c", 10), 200);
    assert_eq!(status(&mut small, "d", 1), 507);
    assert_eq!(small.ask("POST", "/v1/batch", &[], &writes(&[("d", b"")], 1000)).status, 507);
    assert_eq!(small.get("a").status, 200);
    server.restart();
    let mut small = client(server, SMALL);
    assert_eq!(status(&mut small, "d", 1), 507);
    assert_eq!(small.entry("DELETE", "c", &[], b"").status, 204);
    assert_eq!(status(&mut small, "d", 1), 200);
}

fn tokens_are_read_again(server: &CachekitServer, tokens: &PathBuf) {
    client(server, ALICE).put("kept", b"v");
    fs::write(tokens, line("alice-2", SLOW, "space = \"alice\"")).unwrap();
    server.signal("HUP");
    let mut renewed = client(server, SLOW);
    eventually("the new token is known", || renewed.get("kept").body == b"v");
    assert_eq!(client(server, ALICE).get("kept").status, 401);
    fs::write(tokens, "nonsense").unwrap();
    server.signal("HUP");
    eventually("the log says so", || server.log().contains("tokens stay as they were"));
    assert_eq!(renewed.get("kept").status, 200);
}

#[test]
fn nobody_needs_a_token_on_loopback_if_asked_for() {
    let server = CachekitServerSetup::new().own_tokens().argument("--insecure-no-auth").start();
    let mut anybody = Client::to(server.port());
    assert_eq!(anybody.put("a", b"v").status, 200);
    assert_eq!(anybody.get("a").body, b"v");
}
