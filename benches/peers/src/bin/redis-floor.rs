//! The floor of the Redis rows: a bare question and answer by the client library that we use.
//!
//! `redis-floor REDIS_URL` asks on a connection that tasks share, as ours is; with `blocking` behind
//! it, on one that a thread has for itself. Speaks the protocol of `benches/process.py`.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, Commands, Connection, RedisResult};
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};

/// As long as a sealed six-field record.
const ENTRY: [u8; 308] = [b'x'; 308];
const KEY: &str = "floor";
const CASES: [&str; 2] = ["secure Redis hit", "secure Redis write"];

#[derive(Deserialize)]
struct Question {
    case: String,
    calls: u32,
    samples: u32,
}

enum Line {
    Shared(Runtime, MultiplexedConnection),
    Blocking(Connection),
}

impl Line {
    fn ask(&mut self) -> RedisResult<Vec<u8>> {
        match self {
            Self::Shared(runtime, connection) => runtime.block_on(connection.get(KEY)),
            Self::Blocking(connection) => connection.get(KEY),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let client = Client::open(arguments.next().ok_or("usage: redis-floor REDIS_URL [blocking]")?)?;
    let mut blocking = client.get_connection()?;
    let () = blocking.set(KEY, &ENTRY)?;
    let (name, mut line) = if arguments.next().is_some() {
        ("redis-rs, bare, blocking", Line::Blocking(blocking))
    } else {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(client.get_multiplexed_async_connection())?;
        ("redis-rs, bare", Line::Shared(runtime, connection))
    };
    say(&serde_json::json!({ "name": name, "cases": CASES }))?;
    for asked in stdin().lock().lines() {
        let question: Question = serde_json::from_str(&asked?)?;
        let trips = if question.case == CASES[0] { 1 } else { 2 };
        let taken = (0..question.samples).map(|_| sample(&mut line, question.calls, trips));
        say(&serde_json::to_value(taken.collect::<Result<Vec<_>, _>>()?)?)?;
    }
    Ok(())
}

/// Nanoseconds per call.
fn sample(line: &mut Line, calls: u32, trips: u32) -> RedisResult<f64> {
    let started = Instant::now();
    for _ in 0..calls * trips {
        assert_eq!(line.ask()?.len(), ENTRY.len());
    }
    Ok(started.elapsed().as_nanos() as f64 / f64::from(calls))
}

fn say(answer: &serde_json::Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}
