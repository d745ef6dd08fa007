//! The Rust half of entries that a Python program shares: see `docs/rust.md`.
//!
//! ```sh
//! CACHEKIT_URL=redis://localhost CACHEKIT_MASTER_KEY=… cargo run --example shared_entries secure 7
//! ```
//! prints the patient, and whether Rust had to compute it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cachekit::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Visit {
    day: String,
    price: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Patient {
    id: u64,
    name: String,
    ward: Option<String>,
    temperature: f64,
    tags: Vec<String>,
    visits: Vec<Visit>,
}

static COMPUTED: AtomicBool = AtomicBool::new(false);

fn slowly(number: u64) -> Patient {
    COMPUTED.store(true, Relaxed);
    Patient {
        id: number,
        name: "Ada of Rust".into(),
        ward: None,
        temperature: 36.5,
        tags: vec!["new".into()],
        visits: vec![Visit { day: "2026-02-28".into(), price: "12.50".into() }],
    }
}

#[cached(name = "clinic.plain_patient")]
fn plain_patient(number: u64) -> Patient {
    slowly(number)
}

#[cached(secure, name = "clinic.patient")]
fn patient(number: u64) -> Patient {
    slowly(number)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.get(1).and_then(|number| number.parse().ok()).unwrap_or(7);
    let found = match arguments.first().map(String::as_str) {
        Some("plain") => plain_patient(number),
        _ => patient(number),
    };
    println!("computed={} {found:?}", COMPUTED.load(Relaxed));
}
