//! A key is changed without a miss. No service needed:
//!
//! ```sh
//! cargo run --example rotation
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use cachekit::prelude::*;

const STORE: &str = "memory://rotation";
const HOUR: Duration = Duration::from_secs(3600);

/// A process of its own, as far as the cache can tell: nothing in it but what the store has.
fn process(keys: &str) -> Result<Cache, Error> {
    Cache::builder()
        .url(STORE)
        .l1(cachekit::L1::Off)
        .secure_from_environment()
        .rotation(keys)
        .build()
}

fn show(when: &str, cache: &Cache) -> Result<(), Error> {
    let look = |key: &str| -> Result<String, Error> {
        Ok(cache.blocking().get::<String>(key)?.unwrap_or_else(|| "(a miss)".into()))
    };
    println!("{when:<44} january: {:<14} february: {}", look("january")?, look("february")?);
    Ok(())
}

fn main() -> Result<(), Error> {
    let (old, new) = ("51c0a9".repeat(11), "e7724d".repeat(11));

    let before = process(&old)?;
    before.blocking().set("january", &"sealed by old".to_owned(), HOUR)?;
    show("1. the old key alone", &before)?;

    // The first of the list seals, all of it opens: nothing is lost, and the new key takes over.
    let during = process(&format!("{new},{old}"))?;
    show("2. list new,old: old entries are hits", &during)?;
    during.blocking().set("february", &"sealed by new".to_owned(), HOUR)?;
    show("3. what is written now is the new key's", &during)?;

    // Once the old entries have run out, the old key goes. Nothing raises: they are misses.
    let after = process(&new)?;
    show("4. the new key alone", &after)?;
    Ok(())
}
