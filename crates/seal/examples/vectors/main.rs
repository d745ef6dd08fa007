//! Writes the known-answer vectors of `docs/format.md` into `tests/vectors/`:
//! `cargo run -p cachekit-seal --example vectors`
//!
//! Nothing in them is random or depends on the time, so running it again changes nothing. They are
//! checked by `crates/seal/tests/vectors.rs`, and by `tests/vectors/check.py`, which shares no code
//! with this crate.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a generator that cannot go on has nothing better to do than to stop"
)]

mod entries;
mod forge;
mod keys;
mod names;
mod plain;
mod refusals;
mod rotation;
mod scene;

use std::path::Path;

use serde_json::{Value, json};

fn main() {
    write("keys.json", "Keys", keys::vectors());
    write("names.json", "Names", names::vectors());
    write("entries.json", "Entry", entries::vectors());
    write("plain.json", "Entry", plain::vectors());
    write("refusals.json", "Opening", refusals::vectors());
    write("rotation.json", "Rotation", rotation::vectors());
}

fn write(file: &str, section: &str, vectors: Vec<Value>) {
    let count = vectors.len();
    let document = json!({
        "origin": "Made for this project from the inputs shown; the keys protect nothing.",
        "generated_by": "cargo run -p cachekit-seal --example vectors",
        "checked_by": ["crates/seal/tests/vectors.rs", "tests/vectors/check.py"],
        "specification": format!("docs/format.md, section \"{section}\""),
        "encoding": "bytes are lower-case hexadecimal; times are Unix milliseconds",
        "vectors": vectors,
    });
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    std::fs::write(root.join(file), text).unwrap();
    println!("{count:>4} vectors in tests/vectors/{file}");
}
