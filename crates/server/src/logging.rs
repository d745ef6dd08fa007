//! One line of JSON for each event, on standard error.
//!
//! What is logged is chosen where it happens; here is only the form. No event has a body, a token
//! or a name in it.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::LogLevel;

/// From now on. Crates beneath us speak up when something is wrong, and not otherwise.
pub(crate) fn start(level: LogLevel) {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let others = ours.min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(others)
        .with_target("cachekit_server", ours)
        .with_target("cachekit_store", ours.min(LevelFilter::INFO))
        // These complain about what clients do.
        .with_target("hyper", LevelFilter::ERROR)
        .with_target("rustls", LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_filter(targets);
    // Somebody else's, in a test: then his.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
