//! Redis keeps the contract: over TCP, over a Unix socket, and signed in.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use cachekit_testkit::{AtUrl, RedisServer, RedisSetup, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_over_tcp() {
    let server = RedisServer::start();
    let url = server.url();
    conformance::run(&AtUrl::new(url).outage(&server)).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread() {
    let server = RedisServer::start();
    let url = format!("{}?", server.url());
    conformance::run(&AtUrl::new(url).outage(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_over_a_socket_as_a_user_in_another_database() {
    let server = RedisSetup::new()
        .password("unused")
        .user(
            "app",
            "p@ss:w/rd",
            "~* resetchannels -@all +mget +set +del +get +eval +evalsha +select",
        )
        .start();
    let socket = server.socket().display().to_string();
    let url = format!("unix://{socket}?db=3&user=app&password=p%40ss%3Aw%2Frd");
    conformance::run(&AtUrl::new(url).outage(&server)).await;
}
