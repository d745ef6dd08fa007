//! Signatures that a cached function may have, under the strictest lints.
#![deny(missing_docs, unused, unreachable_pub, clippy::all, clippy::pedantic)]

use cachekit::cached;

/// Raw identifiers, lifetimes, attributes.
#[cached(ttl = 300, namespace = "tests", version = 2)]
#[must_use]
pub fn r#type<'a>(r#match: &'a str, other: std::borrow::Cow<'a, str>) -> String {
    format!("{}{other}", r#match)
}

/// An alias of `Result`, and a constant time to live.
pub type Reply<T> = Result<T, std::fmt::Error>;

const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

/// Bounds in a `where` clause.
#[cached(ttl = HOUR, ignore(source), tenant = tenant)]
pub async fn bounded<S, const N: usize>(source: &S, tenant: &str, id: u64) -> Reply<Option<u64>>
where
    S: Fn(u64) -> u64 + Sync,
{
    Ok(Some(source(id) + N as u64))
}

/// An error that borrows from an argument.
#[cached]
pub fn borrowing(text: &str) -> Result<u32, &str> {
    text.parse().map_err(|_| text)
}

fn main() {
    let _ = (r#type_invalidate, borrowing_peek, bounded_clear::<fn(u64) -> u64, 3>);
}
