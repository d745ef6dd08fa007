//! A `cachekit-server` of its own for a test.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use tempfile::TempDir;

use crate::{conformance::Outage, eventually, process::Process, redis_tls::Certificate};

/// The token of [`CachekitServer::start`].
const TOKEN: &str = "cks_of-a-test-and-nobody-elses-0123456789";

/// What kind of server a test wants.
#[derive(Clone, Debug, Default)]
pub struct CachekitServerSetup {
    store: Option<String>,
    tls: Option<Certificate>,
    base: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    own_tokens: bool,
}

impl CachekitServerSetup {
    /// An embedded store, plain HTTP, one token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Over this store, say a Redis of the test's own.
    pub fn store(mut self, url: &str) -> Self {
        self.store = Some(url.to_owned());
        self
    }

    /// With TLS, as the host that the certificate is for.
    pub fn tls(mut self, certificate: &Certificate) -> Self {
        self.tls = Some(certificate.clone());
        self
    }

    /// Below a path, say `/api`.
    pub fn base(mut self, base: &str) -> Self {
        self.base = base.to_owned();
        self
    }

    /// With another flag, and its value.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// With another variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the usual token: the test says itself who may ask.
    pub fn own_tokens(mut self) -> Self {
        self.own_tokens = true;
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    ///
    /// If it cannot be built or does not come up.
    pub fn start(self) -> CachekitServer {
        CachekitServer::with(self)
    }
}

/// A running `cachekit-server` on a free port of 127.0.0.1. It ends when this is dropped, and also
/// when the test process is killed.
#[derive(Debug)]
pub struct CachekitServer {
    setup: CachekitServerSetup,
    directory: TempDir,
    port: u16,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    server: Process,
    listening: String,
    admin: Option<String>,
    /// Kept open: who writes to a closed pipe is killed.
    _output: BufReader<ChildStdout>,
}

impl CachekitServer {
    /// A server on an embedded store of its own, with one token.
    ///
    /// # Panics
    ///
    /// If it cannot be built or does not come up.
    pub fn start() -> Self {
        Self::with(CachekitServerSetup::new())
    }

    fn with(setup: CachekitServerSetup) -> Self {
        let directory = tempfile::Builder::new().prefix("ck").tempdir().expect("a directory");
        let running = Running::start(&setup, directory.path(), 0).expect("a server that starts");
        let port = running.port();
        Self { setup, directory, port, running: Mutex::new(Some(running)) }
    }

    /// The port on 127.0.0.1. It stays the same over [`restart`](Self::restart).
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, `{base}` included: by IP address, or by `localhost` with TLS.
    pub fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The same by way of another port, a proxy's.
    pub fn url_through(&self, port: u16) -> String {
        let origin = match self.setup.tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        format!("{origin}{}", self.setup.base)
    }

    /// What it said it listens on.
    ///
    /// # Panics
    ///
    /// If it is not running.
    pub fn announced(&self) -> String {
        self.running().as_ref().expect("a running server").listening.clone()
    }

    /// The address of the operator's page.
    ///
    /// # Panics
    ///
    /// If it is not running, or has none.
    pub fn admin_url(&self) -> String {
        let running = self.running();
        running.as_ref().and_then(|running| running.admin.clone()).expect("the operator's page")
    }

    /// Its token, unless the test has chosen its own.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// The directory of its embedded store.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    /// What it has logged until now.
    pub fn log(&self) -> String {
        fs::read_to_string(log_in(self.directory.path())).unwrap_or_default()
    }

    /// The id of its process.
    ///
    /// # Panics
    ///
    /// If it is not running.
    pub fn pid(&self) -> u32 {
        self.running().as_ref().expect("a running server").server.id()
    }

    /// Kills it (SIGKILL). What it has acknowledged is in its store. Nothing happens if it is dead
    /// already.
    pub fn kill(&self) {
        drop(self.running().take());
    }

    /// Tells it to end (SIGTERM), and waits until it has.
    ///
    /// # Panics
    ///
    /// If it was not running.
    pub fn terminate(&self) -> ExitStatus {
        self.signal("TERM");
        let mut running = self.running().take().expect("a running server");
        running.server.wait()
    }

    /// Sends it a signal by name, say `HUP`.
    ///
    /// # Panics
    ///
    /// If it is not running.
    pub fn signal(&self, signal: &str) {
        self.running().as_ref().expect("a running server").server.signal(signal);
    }

    /// Starts it again on the same port, with its store as it was; a running one is killed first.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&self) {
        let mut running = self.running();
        drop(running.take());
        eventually("cachekit-server comes up again on its port", || {
            *running = Running::start(&self.setup, self.directory.path(), self.port);
            running.is_some()
        });
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage for CachekitServer {
    fn kill(&self) {
        CachekitServer::kill(self);
    }

    fn restart(&self) {
        CachekitServer::restart(self);
    }

    fn hang(&self) {
        self.running().as_ref().expect("a running server").server.suspend();
    }

    fn resume(&self) {
        self.running().as_ref().expect("a running server").server.resume();
    }
}

impl Running {
    /// `None` if it ended before it was ready; its log says why.
    fn start(setup: &CachekitServerSetup, directory: &Path, port: u16) -> Option<Self> {
        let mut server = Process::start(&mut command(setup, directory, port), "a process");
        let mut output = BufReader::new(server.output());
        let mut line = String::new();
        // The line comes when it listens; without one it has ended.
        let _ = output.read_line(&mut line);
        let said = |key: &str| {
            let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let (listening, admin) = (said("listening"), said("admin"));
        let ready = listening.is_some();
        let running =
            Self { server, listening: listening.unwrap_or_default(), admin, _output: output };
        ready.then_some(running)
    }

    fn port(&self) -> u16 {
        let after = self.listening.split("://").nth(1).unwrap_or_default();
        let authority = after.split('/').next().unwrap_or_default();
        authority.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}

/// Settings are variables, so that a test's flags come before them.
fn command(setup: &CachekitServerSetup, directory: &Path, port: u16) -> Command {
    let log = fs::File::options().create(true).append(true).open(log_in(directory));
    let store = format!("file://{}", directory.join("store").display());
    let mut command = Command::new(binary());
    for (name, _) in env::vars_os().filter(|(name, _)| is_its_own(name)) {
        command.env_remove(name);
    }
    command
        .arg("--json")
        .env("CACHEKIT_SERVE_ADMIN", "127.0.0.1:0")
        .env("CACHEKIT_SERVE_CAPACITY", "64MiB")
        .env("CACHEKIT_SERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("CACHEKIT_SERVE_STORE", setup.store.as_ref().unwrap_or(&store))
        .stdout(Stdio::piped())
        .stderr(log.expect("a log"));
    if !setup.own_tokens {
        command.env("CACHEKIT_SERVE_TOKEN", TOKEN);
    }
    if !setup.base.is_empty() {
        command.env("CACHEKIT_SERVE_BASE", &setup.base);
    }
    if let Some(certificate) = &setup.tls {
        command.env("CACHEKIT_SERVE_TLS_CERTIFICATE", &certificate.chain);
        command.env("CACHEKIT_SERVE_TLS_KEY", &certificate.key);
    }
    command.args(&setup.arguments).envs(setup.environment.iter().cloned());
    command
}

fn is_its_own(name: &OsString) -> bool {
    name.to_string_lossy().starts_with("CACHEKIT_SERVE_")
}

fn log_in(directory: &Path) -> PathBuf {
    directory.join("log")
}

/// The program: the one that `CACHEKIT_SERVER` names, or that the test runner has built, or that lies
/// beside the tests and is newer than its sources; else it is built now.
///
/// # Panics
///
/// If it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let named = ["CACHEKIT_SERVER", "NEXTEST_BIN_EXE_cachekit-server"];
        let named = named.into_iter().find_map(env::var_os).map(PathBuf::from);
        named.or_else(beside_and_fresh).unwrap_or_else(build)
    })
}

/// A test lies in `deps`, programs one directory above.
fn beside_and_fresh() -> Option<PathBuf> {
    let path = env::current_exe().ok()?.parent()?.parent()?.join("cachekit-server");
    let built = path.metadata().and_then(|metadata| metadata.modified()).ok()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    let sources = ["crates/server", "crates/store", "crates/process", "Cargo.toml", "Cargo.lock"];
    let fresh =
        sources.iter().all(|source| newest(&root.join(source)).is_some_and(|at| at <= built));
    fresh.then_some(path)
}

/// When the newest file at or below `path` was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let metadata = path.metadata().ok()?;
    if metadata.is_file() {
        return metadata.modified().ok();
    }
    let entries = fs::read_dir(path).ok()?;
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn build() -> PathBuf {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet", "--package", "cachekit-server", "--message-format", "json"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // What a test runner sets for the package under test is not for this one.
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo");
    let said = String::from_utf8_lossy(&output.stdout);
    let artifacts = said.lines().filter(|line| line.contains("compiler-artifact"));
    let mut executable = artifacts.filter_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    executable.next_back().unwrap_or_else(|| panic!("cachekit-server cannot be built: {complaint}"))
}

fn is_of_a_package(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}
