//! The stores at the other end of a connection, and what is done to each.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use cachekit_store::StoreOptions;
use cachekit_testkit::{
    Authority, CachekitServer, Clients, Fault as OnTheLine, FaultProxy, MemcachedServer,
    RedisCluster, RedisSentinel, RedisServer, RedisSetup, Validity, conformance::Outage,
    eventually,
};

use crate::{Play, Scene, fault::Fault};

/// Neither of the protocols.
const GARBAGE: &[u8] = b"220 mail.example ESMTP\r\n\r\n";
const SLOW: OnTheLine = OnTheLine::Delay(Duration::from_millis(500));

pub(crate) fn redis(play: Play<'_>) {
    let server = RedisServer::start();
    let proxies = [FaultProxy::before(server.port())];
    let url = server.url_through(proxies[0].port());
    play(Scene {
        name: "redis",
        url,
        options: StoreOptions::default(),
        faults: faults(&server, &proxies, 3),
    });
}

pub(crate) fn tls(play: Play<'_>) {
    let authority = Authority::new();
    let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
    let server = RedisSetup::new().tls(&certificate, Clients::Anybody).start();
    let proxies = [FaultProxy::before(server.tls_port())];
    let port = proxies[0].port();
    let url = format!("rediss://127.0.0.1:{port}/0?ca={}", authority.file().display());
    play(Scene {
        name: "redis+tls",
        url,
        options: StoreOptions::default(),
        faults: faults(&server, &proxies, 40),
    });
}

pub(crate) fn memcached(play: Play<'_>) {
    let servers = [MemcachedServer::start(), MemcachedServer::start()];
    let proxies = servers.each_ref().map(|server| FaultProxy::before(server.port()));
    let [one, other] = proxies.each_ref().map(FaultProxy::port);
    let url = format!("memcached://127.0.0.1:{one},127.0.0.1:{other}");
    let mut all = faults(&servers[0], &proxies, 9);
    all.push(Fault::new(
        "both killed",
        || servers.iter().for_each(MemcachedServer::kill),
        || servers.iter().for_each(MemcachedServer::restart),
    ));
    play(Scene { name: "memcached x2", url, options: StoreOptions::default(), faults: all });
}

pub(crate) fn http(play: Play<'_>) {
    let server = CachekitServer::start();
    let proxies = [FaultProxy::before(server.port())];
    let url = server.url_through(proxies[0].port());
    let options = StoreOptions::default().with_token(server.token());
    play(Scene { name: "http", url, options, faults: faults(&server, &proxies, 30) });
}

/// What can go wrong with one server, and on the line to it.
fn faults<'a>(
    server: &'a (impl Outage + 'a),
    proxies: &'a [FaultProxy],
    cut_after: usize,
) -> Vec<Fault<'a>> {
    let garbage = OnTheLine::Answer(GARBAGE.to_vec());
    vec![
        Fault::new("killed", || server.kill(), || server.restart()),
        Fault::at_once("restarted", || server.restart()),
        Fault::new("hung", || server.hang(), || server.resume()),
        Fault::on_the_line("slow (500 ms)", proxies, SLOW),
        Fault::on_the_line("reset mid-reply", proxies, OnTheLine::ResetAfter(cut_after)),
        Fault::on_the_line("garbage", proxies, garbage),
    ]
}

pub(crate) fn sentinel(play: Play<'_>) {
    let group = RedisSentinel::start();
    let server = |index: usize| &group.servers()[index];
    let (primary, lost) = (|| group.primary().expect("a primary"), AtomicUsize::new(0));
    let back_as_a_replica = || {
        server(lost.load(Relaxed)).restart();
        eventually("it follows its successor", || group.primary() != Some(lost.load(Relaxed)));
    };
    let faults = vec![
        // First: as they are started, they are what they were at the beginning.
        Fault::at_once("all restarted", || group.restart()),
        Fault::new(
            "primary lost",
            || {
                lost.store(primary(), Relaxed);
                server(lost.load(Relaxed)).kill();
            },
            back_as_a_replica,
        ),
        Fault::new(
            "primary hung",
            || server(primary()).hang(),
            || group.servers().iter().for_each(RedisServer::cont),
        ),
    ];
    play(Scene { name: "sentinel", url: group.url(), options: StoreOptions::default(), faults });
}

pub(crate) fn cluster(play: Play<'_>) {
    let cluster = RedisCluster::start();
    let nodes = cluster.nodes();
    let faults = vec![
        Fault::new(
            "primary lost",
            || nodes[0].kill(),
            || {
                nodes[0].restart();
                cluster.is_whole();
            },
        ),
        Fault::new(
            "primary hung",
            || nodes[1].hang(),
            || {
                nodes[1].resume();
                cluster.is_whole();
            },
        ),
        Fault::at_once("all restarted", || Outage::restart(&cluster)),
        Fault::new("all hung", || Outage::hang(&cluster), || Outage::resume(&cluster)),
    ];
    play(Scene { name: "cluster", url: cluster.url(), options: StoreOptions::default(), faults });
}
