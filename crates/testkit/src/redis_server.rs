//! A Redis server of its own for a test.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use redis::{ConnectionLike, FromRedisValue, RedisResult};
use tempfile::TempDir;

use crate::{
    conformance::Outage,
    eventually,
    process::{Process, free_port},
    redis_tls::{Certificate, Clients},
};

/// What kind of server a test wants.
#[derive(Clone, Debug, Default)]
pub struct RedisSetup {
    password: Option<String>,
    users: Vec<String>,
    maxmemory: Option<String>,
    /// More of the server's options, with their values.
    options: Vec<(&'static str, String)>,
    /// Which of its further ports it listens on.
    speaks_tls: bool,
    is_clustered: bool,
    sentinel: Option<String>,
}

impl RedisSetup {
    /// No password, no users, no limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The user `default` has this password. No white space in it.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// An ACL user with these rules, say `~ck:* +@all -set`. No white space in name and password.
    pub fn user(mut self, name: &str, password: &str, rules: &str) -> Self {
        self.users.push(format!("user {name} on >{password} {rules}"));
        self
    }

    /// Refuses writes beyond so much memory, in Redis' notation (`2mb`); nothing is evicted.
    pub fn maxmemory(mut self, limit: &str) -> Self {
        self.maxmemory = Some(limit.to_owned());
        self
    }

    /// Listens with TLS as well, on [`RedisServer::tls_port`].
    pub fn tls(mut self, certificate: &Certificate, clients: Clients<'_>) -> Self {
        self.options.extend([
            ("tls-cert-file", certificate.chain.display().to_string()),
            ("tls-key-file", certificate.key.display().to_string()),
        ]);
        match clients {
            Clients::Anybody => self.options.push(("tls-auth-clients", "no".into())),
            Clients::CertifiedBy(authority) => {
                let authority = authority.file().display().to_string();
                self.options.push(("tls-ca-cert-file", authority));
            }
        }
        self.speaks_tls = true;
        self
    }

    /// A node of a cluster, alone as yet. It finds others dead after a second and a half.
    pub(crate) fn cluster(mut self) -> Self {
        for (name, value) in [
            ("cluster-enabled", "yes"),
            ("cluster-config-file", "nodes.conf"),
            ("cluster-node-timeout", "1500"),
        ] {
            self.options.push((name, value.into()));
        }
        self.is_clustered = true;
        self
    }

    /// One more of the server's options.
    pub(crate) fn option(mut self, name: &'static str, value: &str) -> Self {
        self.options.push((name, value.to_owned()));
        self
    }

    /// A sentinel, with these lines of configuration: it keeps no entries, and what it learns it
    /// writes beneath them.
    pub(crate) fn sentinel(mut self, lines: String) -> Self {
        self.sentinel = Some(lines);
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed or does not come up.
    pub fn start(self) -> RedisServer {
        RedisServer::with(self)
    }
}

/// A running `redis-server` on 127.0.0.1 with a Unix socket beside it, which keeps nothing on
/// disk. It ends when this is dropped, and also when the test process is killed.
#[derive(Debug)]
pub struct RedisServer {
    setup: RedisSetup,
    ports: Ports,
    directory: TempDir,
    running: Mutex<Option<Process>>,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    plain: u16,
    tls: u16,
    /// Where the nodes of a cluster speak to each other.
    bus: u16,
}

impl RedisServer {
    /// A server without password.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed or does not come up.
    pub fn start() -> Self {
        Self::with(RedisSetup::new())
    }

    fn with(setup: RedisSetup) -> Self {
        let directory = tempfile::Builder::new().prefix("ck").tempdir().expect("a directory");
        for _ in 0..20 {
            let ports = Ports { plain: free_port(), tls: free_port(), bus: free_port() };
            if let Some(running) = start(&setup, ports, directory.path()) {
                return Self { setup, ports, directory, running: Mutex::new(Some(running)) };
            }
        }
        panic!("redis-server did not come up on any of 20 ports; is it installed and executable?");
    }

    /// The TCP port on 127.0.0.1. It stays the same over [`restart`](Self::restart).
    pub fn port(&self) -> u16 {
        self.ports.plain
    }

    /// The port for TLS, if the server was [set up](RedisSetup::tls) for it.
    pub fn tls_port(&self) -> u16 {
        self.ports.tls
    }

    pub(crate) fn bus_port(&self) -> u16 {
        self.ports.bus
    }

    /// Whether it was neither killed nor dropped.
    pub fn is_running(&self) -> bool {
        self.running().is_some()
    }

    /// The Unix socket.
    pub fn socket(&self) -> PathBuf {
        socket_in(self.directory.path())
    }

    /// Its address, with the password of the user `default`.
    pub fn url(&self) -> String {
        self.url_through(self.port())
    }

    /// The same by way of another port, a proxy's.
    pub fn url_through(&self, port: u16) -> String {
        match &self.setup.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{port}/0"),
            None => format!("redis://127.0.0.1:{port}/0"),
        }
    }

    /// Kills it: connections are reset, entries are lost. Nothing happens if it is dead already.
    pub fn kill(&self) {
        drop(self.running().take());
    }

    /// Starts it again on the same port, empty; a running one is killed first.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&self) {
        let mut running = self.running();
        drop(running.take());
        eventually("redis-server comes up again on its port", || {
            *running = start(&self.setup, self.ports, self.directory.path());
            running.is_some()
        });
    }

    /// Suspends it (SIGSTOP): it accepts connections and answers nothing.
    pub fn stop(&self) {
        self.running().as_ref().expect("a running server").suspend();
    }

    /// Lets a suspended server go on (SIGCONT).
    pub fn cont(&self) {
        self.running().as_ref().expect("a running server").resume();
    }

    /// Runs a command beside the code under test, and waits for its reply.
    ///
    /// # Panics
    ///
    /// If it fails, or the reply is of another type.
    pub fn query<T: FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_query(command).expect("an answer of the asked type")
    }

    /// The same of a server that may be dead, drop its clients or refuse.
    ///
    /// # Errors
    ///
    /// Whatever the server or the line to it had against it.
    pub fn try_query<T: FromRedisValue>(&self, command: &[&str]) -> RedisResult<T> {
        let mut connection = redis::Client::open(self.url())?.get_connection()?;
        let mut packed = redis::Cmd::new();
        for part in command {
            packed.arg(*part);
        }
        Ok(T::from_redis_value(connection.req_command(&packed)?)?)
    }

    /// Everything that a thief of the database would see: all keys of database 0 with their values.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn dump(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let client = redis::Client::open(self.url()).expect("our own address");
        let mut connection = client.get_connection().expect("a running server");
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut connection).expect("keys");
        let value = |key: Vec<u8>| {
            let value: Option<Vec<u8>> =
                redis::cmd("GET").arg(&key).query(&mut connection).expect("a value");
            value.map(|value| (key, value))
        };
        keys.into_iter().filter_map(value).collect()
    }

    fn running(&self) -> MutexGuard<'_, Option<Process>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage for RedisServer {
    fn kill(&self) {
        RedisServer::kill(self);
    }

    fn restart(&self) {
        RedisServer::restart(self);
    }

    fn hang(&self) {
        self.stop();
    }

    fn resume(&self) {
        self.cont();
    }
}

/// `None` if it ended before it was ready: the port was taken in the meantime.
fn start(setup: &RedisSetup, ports: Ports, directory: &Path) -> Option<Process> {
    let mut command = Command::new("redis-server");
    command.args(arguments(setup, ports, directory)).stdout(Stdio::piped()).stderr(Stdio::null());
    let install = "redis-server is not installed: apt-get install redis-server";
    let mut process = Process::start(&mut command, install);
    let log = process.output();
    let mark = match setup.sentinel {
        None => "eady to accept connections",
        Some(_) => "Sentinel ID is",
    };
    let (ready, is_ready) = mpsc::channel();
    // Reads on to the end, so that the server never blocks on a full pipe.
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains(mark) {
                let _ = ready.send(());
            }
        }
    });
    is_ready.recv_timeout(Duration::from_secs(20)).ok().map(|()| process)
}

fn arguments(setup: &RedisSetup, ports: Ports, directory: &Path) -> Vec<String> {
    let directory = directory.display().to_string();
    let port = ports.plain.to_string();
    let file = Path::new(&directory).join("sentinel.conf");
    let mut arguments = Vec::new();
    if let Some(lines) = &setup.sentinel {
        if !file.exists() {
            fs::write(&file, lines).expect("a file");
        }
        arguments.extend([file.to_str().expect("a path in UTF-8"), "--sentinel"]);
    }
    arguments.extend(["--port", &port, "--bind", "127.0.0.1", "--dir", &directory]);
    arguments.extend(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    let mut arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    let mut option = |name: &str, values: &[&str]| {
        arguments.push(format!("--{name}"));
        arguments.extend(values.iter().map(|value| (*value).to_owned()));
    };
    option("unixsocket", &[&socket_in(Path::new(&directory)).display().to_string()]);
    if let Some(password) = &setup.password {
        option("requirepass", &[password]);
    }
    if let Some(limit) = &setup.maxmemory {
        option("maxmemory", &[limit]);
        option("maxmemory-policy", &["noeviction"]);
    }
    if setup.speaks_tls {
        option("tls-port", &[&ports.tls.to_string()]);
    }
    if setup.is_clustered {
        option("cluster-port", &[&ports.bus.to_string()]);
    }
    for (name, value) in &setup.options {
        option(name, &[value]);
    }
    for user in &setup.users {
        let (_, rest) = user.split_once(' ').expect("a user line");
        option("user", &rest.split(' ').collect::<Vec<_>>());
    }
    arguments
}

fn socket_in(directory: &Path) -> PathBuf {
    directory.join("redis.sock")
}
