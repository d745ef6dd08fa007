//! A sealed, cached function in a minute. No service needed:
//!
//! ```sh
//! cargo run --example quickstart
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread::sleep;
use std::time::{Duration, Instant};

use cachekit::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Patient {
    id: u64,
    name: String,
    diagnosis: String,
}

/// What a database would take its time for.
#[cached(secure, ttl = "5m")]
fn patient(id: u64) -> Patient {
    sleep(Duration::from_millis(50));
    Patient { id, name: "Ada Example".into(), diagnosis: "hay fever".into() }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what:<38} {:>10.1?}", start.elapsed());
    result
}

fn main() -> Result<(), Error> {
    // In production: CACHEKIT_MASTER_KEY=$(openssl rand -hex 32) and CACHEKIT_URL=redis://…
    configure(Cache::builder().memory_only().secure("9f1c7a".repeat(11)))?;

    timed("first call, computed and sealed", || patient(7));
    timed("second call, from the cache", || patient(7));
    let found = timed("third call", || patient(7));
    println!("\n{} has {}\n", found.name, found.diagnosis);

    patient_invalidate(7)?;
    println!("after patient_invalidate(7), peek: {:?}", patient_peek(7)?);
    timed("the next call computes again", || patient(7));
    println!("and patient_peek(7) finds it: {}", patient_peek(7)?.is_some());
    Ok(())
}
