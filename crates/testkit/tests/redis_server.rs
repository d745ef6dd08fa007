//! Servers come up, obey, and are gone with the test.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{net::TcpStream, panic::catch_unwind};

use cachekit_testkit::{Fault, FaultProxy, RedisServer, RedisSetup, eventually};

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_server_ends_with_its_handle() {
    let server = RedisServer::start();
    let (port, socket) = (server.port(), server.socket());
    assert!(listens(port) && socket.exists());
    drop(server);
    assert!(!listens(port) && !socket.exists());
}

#[test]
fn a_server_ends_when_its_test_fails() {
    let outcome = catch_unwind(|| {
        let server = RedisServer::start();
        std::panic::panic_any(server.port());
    });
    let port = *outcome.unwrap_err().downcast::<u16>().unwrap();
    assert!(!listens(port));
}

#[test]
fn a_restarted_server_has_its_port_and_no_entries() {
    let server = RedisSetup::new().password("pw").start();
    server.query::<()>(&["SET", "k", "v"]);
    assert_eq!(server.dump(), [(b"k".to_vec(), b"v".to_vec())]);
    let port = server.port();
    server.restart();
    assert_eq!((server.port(), server.dump().len()), (port, 0));
    server.kill();
    server.kill();
    assert!(!listens(port));
}

#[test]
fn a_suspended_server_goes_on_where_it_was() {
    let server = RedisServer::start();
    server.query::<()>(&["SET", "k", "v"]);
    server.stop();
    assert!(listens(server.port()), "the kernel accepts for it");
    server.cont();
    assert_eq!(server.dump().len(), 1);
}

#[test]
fn a_proxy_counts_and_ends_with_its_handle() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port());
    let port = proxy.port();
    assert!(listens(port));
    eventually("the connection is counted", || proxy.accepted() == 1);
    proxy.inject(Fault::BlackHole);
    assert_eq!(proxy.fault(), Fault::BlackHole);
    drop(proxy);
    eventually("nobody listens any more", || !listens(port));
}
