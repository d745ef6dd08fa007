//! A Redis of its own for a test that is replaced when it dies: a primary, two replicas, and three
//! sentinels that watch them.

use std::{collections::HashMap, thread};

use crate::{
    Authority, Clients, RedisServer, RedisSetup, Validity, conformance::Outage, eventually,
};

const SERVICE: &str = "cache";
const SERVERS: usize = 3;

/// What kind of group a test wants.
#[derive(Clone, Copy, Default)]
pub struct SentinelSetup<'a> {
    password: Option<&'a str>,
    sentinel_password: Option<&'a str>,
    authority: Option<&'a Authority>,
}

/// Six running processes. They end when this is dropped.
#[derive(Debug)]
pub struct RedisSentinel {
    /// The primary of the beginning, and its replicas.
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
    setup: Shown,
}

/// What its address says beside the places.
#[derive(Debug)]
struct Shown {
    scheme: &'static str,
    login: String,
    settings: String,
}

impl<'a> SentinelSetup<'a> {
    /// No passwords, no encryption.
    pub fn new() -> Self {
        Self::default()
    }

    /// The servers and the sentinels want passwords, two different ones.
    pub fn passwords(mut self, of_servers: &'a str, of_sentinels: &'a str) -> Self {
        self.password = Some(of_servers);
        self.sentinel_password = Some(of_sentinels);
        self
    }

    /// Everybody speaks TLS to everybody, with certificates of this authority.
    pub fn tls(mut self, authority: &'a Authority) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Starts it, and waits until all know each other.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, or the processes do not come together.
    pub fn start(self) -> RedisSentinel {
        let first = self.server().start();
        let watched = self.port_of(&first).to_string();
        let replica = || self.server().option("replicaof", &format!("127.0.0.1 {watched}"));
        let sentinel = || self.sentinel(&watched);
        let others = (1..SERVERS).map(|_| replica()).chain((0..SERVERS).map(|_| sentinel()));
        let mut servers = start_all(others.collect());
        let sentinels = servers.split_off(SERVERS - 1);
        servers.insert(0, first);
        let group = RedisSentinel { servers, sentinels, setup: self.shown() };
        group.hasten();
        group.know_each_other();
        group
    }

    fn process(self) -> RedisSetup {
        let setup = RedisSetup::new();
        let Some(authority) = self.authority else { return setup };
        let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
        setup
            .tls(&certificate, Clients::Anybody)
            .option("tls-replication", "yes")
            .option("tls-ca-cert-file", &authority.file().display().to_string())
    }

    fn server(self) -> RedisSetup {
        let setup = self.process().option("repl-diskless-sync-delay", "0");
        match self.password {
            Some(password) => setup.password(password).option("masterauth", password),
            None => setup,
        }
    }

    fn sentinel(self, watched: &str) -> RedisSetup {
        let setup = self.process().sentinel(self.lines(watched));
        match self.sentinel_password {
            Some(password) => setup.password(password),
            None => setup,
        }
    }

    fn lines(self, watched: &str) -> String {
        let mut lines = format!(
            "sentinel monitor {SERVICE} 127.0.0.1 {watched} 2\n\
             sentinel down-after-milliseconds {SERVICE} 1500\n\
             sentinel failover-timeout {SERVICE} 3000\n"
        );
        if let Some(password) = self.password {
            lines.push_str(&format!("sentinel auth-pass {SERVICE} {password}\n"));
        }
        if let Some(password) = self.sentinel_password {
            lines.push_str(&format!("sentinel sentinel-pass {password}\n"));
        }
        lines
    }

    fn port_of(self, server: &RedisServer) -> u16 {
        if self.authority.is_some() { server.tls_port() } else { server.port() }
    }

    fn shown(self) -> Shown {
        let authority =
            self.authority.map(|authority| format!("ca={}", authority.file().display()));
        let password =
            self.sentinel_password.map(|password| format!("sentinel_password={password}"));
        let settings: Vec<_> = authority.into_iter().chain(password).collect();
        let mark = if settings.is_empty() { "" } else { "?" };
        Shown {
            scheme: if self.authority.is_some() { "rediss+sentinel" } else { "redis+sentinel" },
            login: self.password.map(|password| format!(":{password}@")).unwrap_or_default(),
            settings: format!("{mark}{}", settings.join("&")),
        }
    }
}

fn start_all(setups: Vec<RedisSetup>) -> Vec<RedisServer> {
    let starting: Vec<_> =
        setups.into_iter().map(|setup| thread::spawn(|| setup.start())).collect();
    starting.into_iter().map(|thread| thread.join().expect("a server")).collect()
}

impl RedisSentinel {
    /// A group without passwords and encryption.
    ///
    /// # Panics
    ///
    /// As [`SentinelSetup::start`].
    pub fn start() -> Self {
        SentinelSetup::new().start()
    }

    /// Its address.
    pub fn url(&self) -> String {
        let Shown { scheme, login, settings } = &self.setup;
        let port = |sentinel: &RedisServer| match *scheme {
            "rediss+sentinel" => sentinel.tls_port(),
            _ => sentinel.port(),
        };
        let places: Vec<_> =
            self.sentinels.iter().map(|s| format!("127.0.0.1:{}", port(s))).collect();
        format!("{scheme}://{login}{}/{SERVICE}{settings}", places.join(","))
    }

    /// The primary of the beginning, and its replicas.
    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// The sentinels.
    pub fn sentinels(&self) -> &[RedisServer] {
        &self.sentinels
    }

    /// Which of its servers says that it takes writes, if one does.
    pub fn primary(&self) -> Option<usize> {
        let is_primary = |server: &RedisServer| {
            let info: Result<String, _> = server.try_query(&["INFO", "replication"]);
            info.is_ok_and(|info| info.contains("role:master"))
        };
        self.servers.iter().position(is_primary)
    }

    /// Waits until every replica has what the primary has.
    pub fn is_replicated(&self) {
        let sizes = || {
            let running = self.servers.iter().filter(|server| server.is_running());
            running.map(|server| server.query(&["DBSIZE"])).collect::<Vec<u64>>()
        };
        eventually("the replicas have it all", || {
            sizes().windows(2).all(|pair| pair[0] == pair[1])
        });
    }

    /// Sentinels look every ten seconds at what seldom changes, and do nothing for half a minute
    /// after the machine was too busy for them. A test has no time for that. Five times as long as
    /// between two pings they believe what a replica said of itself, which they ask once a second
    /// when its primary is down; and a server is down that has missed several.
    fn hasten(&self) {
        for sentinel in &self.sentinels {
            for (what, millis) in [
                ("INFO-PERIOD", "500"),
                ("PING-PERIOD", "400"),
                ("PUBLISH-PERIOD", "200"),
                ("ASK-PERIOD", "200"),
                ("TILT-TRIGGER", "20000"),
            ] {
                sentinel.query::<()>(&["SENTINEL", "DEBUG", what, millis]);
            }
        }
    }

    fn know_each_other(&self) {
        let others = (SERVERS - 1).to_string();
        eventually("the sentinels know the replicas and each other", || {
            self.sentinels.iter().all(|sentinel| {
                let known: HashMap<String, String> =
                    sentinel.query(&["SENTINEL", "MASTER", SERVICE]);
                ["num-slaves", "num-other-sentinels"].iter().all(|count| known[*count] == others)
            })
        });
        eventually("the replicas follow", || {
            self.servers[1..].iter().all(|replica| {
                let info: String = replica.query(&["INFO", "replication"]);
                info.contains("master_link_status:up")
            })
        });
    }
}

/// All six at once, the sentinels first and back last: they find nothing to replace.
impl Outage for RedisSentinel {
    fn kill(&self) {
        self.sentinels.iter().chain(&self.servers).for_each(RedisServer::kill);
    }

    fn restart(&self) {
        for group in [&self.servers, &self.sentinels] {
            thread::scope(|scope| {
                for process in group {
                    scope.spawn(|| process.restart());
                }
            });
        }
    }

    fn hang(&self) {
        self.sentinels.iter().chain(&self.servers).for_each(RedisServer::stop);
    }

    fn resume(&self) {
        self.servers.iter().chain(&self.sentinels).for_each(RedisServer::cont);
    }
}
