//! Waiting for something to become true.

use std::{
    future::Future,
    thread,
    time::{Duration, Instant},
};

/// Far beyond what a busy machine needs: reaching it means that it will not happen.
const PATIENCE: Duration = Duration::from_secs(20);
const PERIOD: Duration = Duration::from_millis(2);

/// Asks `is_so` again and again until it is.
///
/// # Panics
///
/// When it has not become so in twenty seconds; the message says `what` was waited for.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(PERIOD);
    }
}

/// [`eventually`] for questions that are asked asynchronously.
///
/// # Panics
///
/// As [`eventually`].
pub async fn eventually_async<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(PERIOD).await;
    }
}
