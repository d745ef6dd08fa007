//! Flags, environment and file; what is refused, and with which exit code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use cachekit_testkit::CachekitServerSetup;
use support::Client;
use tempfile::TempDir;

const TOKEN: &str = "CACHEKIT_SERVE_TOKEN";
const GOOD: &str = "0123456789-0123456789-0123456789";

fn server(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachekit-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CACHEKIT_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn refused(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(stdout.is_empty());
    said
}

#[test]
fn what_would_be_unsafe_is_refused() {
    for (arguments, says) in [
        (&[][..], "CACHEKIT_SERVE_TOKEN"),
        (&["--insecure-no-auth", "--listen", "0.0.0.0:0"], "loopback alone"),
        (&["--insecure-no-auth", "--admin", "0.0.0.0:0"], "needs TLS"),
        (&["--insecure-no-auth", "--listen", "nowhere"], "host:port"),
        (&["--insecure-no-auth", "--base", "api"], "/api"),
        (&["--insecure-no-auth", "--base", "/a/../b"], "/api"),
        (&["--insecure-no-auth", "--tls-key", "x"], "go together"),
        (&["--insecure-no-auth", "--tls-key", "/x", "--tls-certificate", "/x"], "/x"),
        (&["--insecure-no-auth", "--burst", "5"], "--rate"),
        (&["--insecure-no-auth", "--rate=0"], "a rate is"),
        (&["--insecure-no-auth", "--default-ttl", "31d"], "thirty days"),
        (&["--insecure-no-auth", "--capacity", "1GB"], "2GiB"),
        (&["--insecure-no-auth", "--config", "/nowhere"], "/nowhere"),
        (&["--liste"], "--listen"),
    ] {
        let said = refused(&mut server(arguments), 2);
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let plain = refused(server(&["--listen", "0.0.0.0:0"]).env(TOKEN, GOOD), 2);
    assert!(plain.contains("--insecure-plain-http"), "{plain}");
    let short = refused(server(&[]).env(TOKEN, "secret-word"), 2);
    assert!(short.contains("new-token") && !short.contains("secret-word"), "{short}");
    let both = refused(server(&["--insecure-no-auth"]).env(TOKEN, GOOD), 2);
    assert!(both.contains("choose one"), "{both}");
}

#[test]
fn each_failure_has_its_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = TempDir::new().unwrap();
    let store = format!("file://{}/s", directory.path().display());
    let usual = ["--insecure-no-auth", "--admin", "off", "--store", &store, "--log", "error"];
    let said = refused(server(&usual).args(["--listen", &address]), 3);
    assert!(said.contains(&address), "{said}");
    fs::set_permissions(directory.path().join("s"), fs::Permissions::from_mode(0o777)).unwrap();
    let said = refused(server(&usual).args(["--listen", "127.0.0.1:0"]), 4);
    assert!(said.contains("chmod 700"), "{said}");
    let unknown = ["--insecure-no-auth", "--admin", "off", "--store", "ftp://x"];
    refused(&mut server(&unknown), 4);
}

#[test]
fn files_are_read_strictly() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("c.toml");
    let digest = "a".repeat(64);
    let twice = format!("[[token]]\nname = \"a\"\nsha256 = \"{digest}\"\n").repeat(2);
    for (text, says) in [
        ("listenn = \"127.0.0.1:1\"", "listenn"),
        ("connections = \"many\"", "connections"),
        ("capacity = \"1GB\"", "2GiB"),
        ("[[token]]\nname = \"a\"\nsha256 = \"abc\"", "64 hexadecimal"),
        (&format!("[[token]]\nname = \"a b\"\nsha256 = \"{digest}\""), "1 to 64"),
        (&format!("[[token]]\nname = \"a\"\nsha256 = \"{digest}\"\nacces = 1"), "acces"),
        (&format!("[[token]]\nname = \"a\"\nsha256 = \"{digest}\"\naccess = \"all\""), "all"),
        (&twice, "another of this name"),
        ("admin_token_sha256 = \"x\"", "64 hexadecimal"),
    ] {
        fs::write(&path, text).unwrap();
        let said = refused(&mut server(&["--config", path.to_str().unwrap()]), 2);
        assert!(said.contains(says), "{text}: {said}");
        assert!(!said.contains(&digest), "{said}");
    }
    fs::write(&path, "insecure_no_auth = true").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let said = refused(&mut server(&["--config", path.to_str().unwrap()]), 2);
    assert!(said.contains("chmod go-w"), "{said}");
}

#[test]
fn a_flag_comes_before_a_variable_and_that_before_the_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("c.toml");
    fs::write(
        &path,
        "base = \"/file\"\ndefault_ttl = \"10s\"\nlargest_entry = \"1KiB\"\nconnections = 9\n",
    )
    .unwrap();
    let server = CachekitServerSetup::new()
        .variable("CACHEKIT_SERVE_CONFIG", path.to_str().unwrap())
        .variable("CACHEKIT_SERVE_BASE", "/variable")
        .variable("CACHEKIT_SERVE_DEFAULT_TTL", "20s")
        .argument("--base=/flag")
        .start();
    assert!(server.announced().ends_with("/flag"));
    let mut client = Client::of(&server);
    assert_eq!(client.ask("PUT", "/flag/v1/cache/a", &[], b"v").status, 200);
    let ttl = client.ask("GET", "/flag/v1/cache/a/ttl", &[], b"").json()["ttl"].as_u64();
    assert_eq!(ttl, Some(20));
    let health = client.ask("GET", "/flag/v1/cache/health", &[], b"").json();
    assert_eq!(health["limits"]["largest_entry"], 1024);
}

/// The manual's own examples.
#[test]
fn the_manual_is_right() {
    let manual = include_str!("../../../docs/server.md");
    let blocks: Vec<&str> = manual
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("the end of a block").0)
        .collect();
    let [tokens, settings] = blocks[..] else { panic!("two blocks: {blocks:?}") };
    let directory = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let tokens = write("tokens.toml", tokens);
    let server = CachekitServerSetup::new().own_tokens().argument("--token-file").argument(&tokens);
    assert_eq!(Client::to(server.start().port()).get("x").status, 401);
    // All of its settings are known; the files that it names are not here.
    let settings = write("server.toml", settings);
    let said = refused(&mut self::server(&["--config", &settings]), 2);
    assert!(said.contains("/etc/cachekit/tokens.toml"), "{said}");
}

#[test]
fn a_new_token_is_one_that_works() {
    let output = server(&["new-token", "--name", "billing", "--json"]).output().unwrap();
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = server(&["new-token", "--name", "other"]).output().unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tokens.toml");
    let (name, sha256) = (made["name"].as_str().unwrap(), made["sha256"].as_str().unwrap());
    fs::write(&path, format!("[[token]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\n{lines}"))
        .unwrap();
    let server = CachekitServerSetup::new()
        .own_tokens()
        .argument("--token-file")
        .argument(path.to_str().unwrap())
        .start();
    let printed = lines.lines().find_map(|line| line.strip_prefix("#     ")).unwrap();
    for token in [made["token"].as_str().unwrap(), printed] {
        let mut client = Client::to(server.port()).with_token(token);
        assert_eq!(client.get("x").status, 404);
    }
    refused(&mut self::server(&["new-token", "--name", "a b"]), 2);
}
