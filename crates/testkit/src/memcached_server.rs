//! A memcached server of its own for a test.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    conformance::Outage,
    eventually,
    process::{Process, free_port},
};

/// A running `memcached` on 127.0.0.1. It ends when this is dropped, and also when the test
/// process is killed.
#[derive(Debug)]
pub struct MemcachedServer {
    options: Vec<String>,
    port: u16,
    running: Mutex<Option<Process>>,
}

impl MemcachedServer {
    /// A server as it comes.
    ///
    /// # Panics
    ///
    /// If `memcached` is not installed or does not come up.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// A server with more command-line options, say `-I 2m`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn with(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        for _ in 0..20 {
            let port = free_port();
            if let Some(running) = start(&options, port) {
                return Self { options, port, running: Mutex::new(Some(running)) };
            }
        }
        panic!("memcached did not come up on any of 20 ports");
    }

    /// The port on 127.0.0.1. It stays the same over [`restart`](Self::restart).
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("memcached://127.0.0.1:{}", self.port)
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
        eventually("memcached comes up again on its port", || {
            *running = start(&self.options, self.port);
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

    /// Sends a line beside the code under test, and returns the reply up to and without the line
    /// that ends it.
    ///
    /// # Panics
    ///
    /// If there is no such reply within five seconds.
    pub fn query(&self, line: &str, last: &str) -> Vec<String> {
        query(self.port, line, last).expect("an answer")
    }

    fn running(&self) -> MutexGuard<'_, Option<Process>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage for MemcachedServer {
    fn kill(&self) {
        MemcachedServer::kill(self);
    }

    fn restart(&self) {
        MemcachedServer::restart(self);
    }

    fn hang(&self) {
        self.stop();
    }

    fn resume(&self) {
        self.cont();
    }
}

/// `None` if it ended before it was ready: the port was taken in the meantime.
fn start(options: &[String], port: u16) -> Option<Process> {
    // As root it insists on a user to become, and as anybody else ignores the wish.
    let mut command = Command::new("memcached");
    command
        .args(["-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", &port.to_string()])
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let install = "memcached is not installed: apt-get install memcached";
    let mut process = Process::start(&mut command, install);
    let own = format!("STAT pid {}", process.id());
    let (mut ended, mut ready) = (false, false);
    eventually("memcached is ready", || {
        // Somebody else's on the same port has another process id.
        ready = query(port, "stats", "END").is_some_and(|stats| stats.contains(&own));
        ended = process.has_ended();
        ready || ended
    });
    ready.then_some(process)
}

fn query(port: u16, line: &str, last: &str) -> Option<Vec<String>> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    socket.write_all(format!("{line}\r\n").as_bytes()).ok()?;
    let mut lines = Vec::new();
    for line in BufReader::new(socket).lines() {
        let line = line.ok()?;
        if line == last {
            return Some(lines);
        }
        lines.push(line);
    }
    None
}
