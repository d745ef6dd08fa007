//! The floor of the Redis rows: a bare question and answer by the client library that we use, on a
//! connection that blocks. Speaks the protocol of `benches/process.py`.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use redis::{Commands, Connection};
use serde::Deserialize;

/// As long as a sealed six-field record.
const ENTRY: [u8; 308] = [b'x'; 308];
const KEY: &str = "floor";

#[derive(Deserialize)]
struct Question {
    case: String,
    calls: u32,
    samples: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: redis-floor REDIS_URL")?;
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let () = connection.set(KEY, &ENTRY)?;
    let cases = ["secure Redis hit", "secure Redis write"];
    say(&serde_json::json!({ "name": "redis-rs, bare", "cases": cases }))?;
    for line in stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let trips = if question.case == cases[0] { 1 } else { 2 };
        let taken = (0..question.samples).map(|_| sample(&mut connection, question.calls, trips));
        say(&serde_json::to_value(taken.collect::<Result<Vec<_>, _>>()?)?)?;
    }
    Ok(())
}

/// Nanoseconds per call.
fn sample(connection: &mut Connection, calls: u32, trips: u32) -> Result<f64, redis::RedisError> {
    let started = Instant::now();
    for _ in 0..calls * trips {
        let found: Vec<u8> = connection.get(KEY)?;
        assert_eq!(found.len(), ENTRY.len());
    }
    Ok(started.elapsed().as_nanos() as f64 / f64::from(calls))
}

fn say(answer: &serde_json::Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}
