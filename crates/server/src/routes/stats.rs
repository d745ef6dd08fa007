//! The numbers, as JSON for the page and as text for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::{
    ledger::HORIZONS_MS,
    metrics::{BUCKETS_US, Exposition, Operation},
    shared::{Counts, Shared},
};

/// Everything that the server knows.
#[derive(Serialize)]
pub(crate) struct Stats {
    version: &'static str,
    uptime_ms: u64,
    store: String,
    counts: &'static str,
    connections: i64,
    most_connections: usize,
    listeners: i64,
    spaces: Vec<Space>,
    ends: Vec<Ends>,
    operations: Vec<Timed>,
    refusals: Vec<Refused>,
    turned_away: u64,
    failed_handshakes: u64,
}

#[derive(Serialize)]
struct Space {
    name: String,
    entries: u64,
    bytes: u64,
    hits: u64,
    misses: u64,
    writes: u64,
    removals: u64,
    bytes_in: u64,
    bytes_out: u64,
}

#[derive(Serialize)]
struct Ends {
    /// `None` is later than the one before.
    within_ms: Option<u64>,
    entries: u64,
}

#[derive(Serialize)]
struct Timed {
    operation: &'static str,
    requests: u64,
    /// Upper ends of the buckets in which the median and the slowest hundredth fall.
    p50_us: Option<u64>,
    p99_us: Option<u64>,
    /// Requests in each bucket of `BUCKETS_US`, and beyond.
    buckets: Vec<u64>,
}

#[derive(Serialize)]
struct Refused {
    code: &'static str,
    requests: u64,
}

impl Stats {
    pub(super) fn now(shared: &Shared) -> Self {
        let metrics = &shared.metrics;
        let ends = shared.entries.ledger.ends(shared.entries.now());
        let horizon = |ms: u64| (ms != u64::MAX).then_some(ms);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            uptime_ms: u64::try_from(metrics.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            store: shared.entries.store_address().to_owned(),
            counts: counts(shared.counts),
            connections: metrics.connections.now(),
            most_connections: shared.limits.connections,
            listeners: metrics.listeners.now(),
            spaces: spaces(shared),
            ends: HORIZONS_MS
                .into_iter()
                .zip(ends)
                .map(|(ms, entries)| Ends { within_ms: horizon(ms), entries })
                .collect(),
            operations: metrics.latencies().into_iter().map(timed).collect(),
            refusals: metrics
                .refusals()
                .into_iter()
                .map(|(code, requests)| Refused { code, requests })
                .collect(),
            turned_away: metrics.turned_away.load(Relaxed),
            failed_handshakes: metrics.failed_handshakes.load(Relaxed),
        }
    }
}

fn counts(counts: Counts) -> &'static str {
    match counts {
        Counts::Complete => "complete",
        Counts::SinceStart => "since start",
    }
}

fn spaces(shared: &Shared) -> Vec<Space> {
    let read = |counter: &AtomicU64| counter.load(Relaxed);
    let now = shared.entries.now();
    let describe = |space: &crate::space::Space| {
        let held = shared.entries.ledger.held(space.id(), now);
        let traffic = shared.metrics.traffic(space.id());
        Space {
            name: space.name().to_owned(),
            entries: held.entries,
            bytes: held.bytes,
            hits: read(&traffic.hits),
            misses: read(&traffic.misses),
            writes: read(&traffic.writes),
            removals: read(&traffic.removals),
            bytes_in: read(&traffic.bytes_in),
            bytes_out: read(&traffic.bytes_out),
        }
    };
    shared.holders().spaces().iter().map(|space| describe(space)).collect()
}

fn timed((operation, counts, _): (Operation, [u64; BUCKETS_US.len() + 1], u64)) -> Timed {
    Timed {
        operation: operation.label(),
        requests: counts.iter().sum(),
        p50_us: quantile(&counts, 0.5),
        p99_us: quantile(&counts, 0.99),
        buckets: counts.to_vec(),
    }
}

/// The upper end of the bucket that holds it; `None` in the last bucket, or without requests.
fn quantile(counts: &[u64], share: f64) -> Option<u64> {
    let all: u64 = counts.iter().sum();
    let rank = (all as f64 * share).ceil() as u64;
    let mut below = 0;
    for (count, end) in counts.iter().zip(BUCKETS_US) {
        below += count;
        if below >= rank && rank > 0 {
            return Some(end);
        }
    }
    None
}

/// What Prometheus is told.
pub(super) fn exposition(shared: &Shared) -> String {
    let mut text = Exposition::default();
    requests(&mut text, shared);
    latency(&mut text, shared);
    held(&mut text, shared);
    server(&mut text, shared);
    text.finish()
}

fn requests(text: &mut Exposition, shared: &Shared) {
    text.family("cachekit_requests_total", "counter", "Requests answered.");
    for (operation, status, requests) in shared.metrics.requests() {
        let labels = [("operation", operation.label()), ("status", &status.to_string())];
        text.sample("cachekit_requests_total", &labels, requests as f64);
    }
    text.family("cachekit_refusals_total", "counter", "Requests refused, by code.");
    for (code, requests) in shared.metrics.refusals() {
        text.sample("cachekit_refusals_total", &[("code", code)], requests as f64);
    }
}

fn latency(text: &mut Exposition, shared: &Shared) {
    const NAME: &str = "cachekit_request_seconds";
    text.family(NAME, "histogram", "From a request's head to the head of its answer.");
    for (operation, counts, micros) in shared.metrics.latencies() {
        let operation = operation.label();
        let mut below = 0;
        for (count, end) in counts.iter().zip(BUCKETS_US) {
            below += count;
            let end = (end as f64 / 1e6).to_string();
            let labels = [("operation", operation), ("le", &end)];
            text.sample(&format!("{NAME}_bucket"), &labels, below as f64);
        }
        let all: u64 = counts.iter().sum();
        let labels = [("operation", operation), ("le", "+Inf")];
        text.sample(&format!("{NAME}_bucket"), &labels, all as f64);
        let labels = [("operation", operation)];
        text.sample(&format!("{NAME}_sum"), &labels, micros as f64 / 1e6);
        text.sample(&format!("{NAME}_count"), &labels, all as f64);
    }
}

fn held(text: &mut Exposition, shared: &Shared) {
    type Column = (&'static str, &'static str, &'static str, fn(&Space) -> u64);
    const COLUMNS: [Column; 8] = [
        ("cachekit_entries", "gauge", "Entries held, as far as is known.", |s| s.entries),
        ("cachekit_bytes", "gauge", "Bytes of their values.", |s| s.bytes),
        ("cachekit_hits_total", "counter", "Names asked for and found.", |s| s.hits),
        ("cachekit_misses_total", "counter", "Names asked for and not found.", |s| s.misses),
        ("cachekit_writes_total", "counter", "Entries written.", |s| s.writes),
        ("cachekit_removals_total", "counter", "Entries removed.", |s| s.removals),
        ("cachekit_received_bytes_total", "counter", "Bytes of values received.", |s| s.bytes_in),
        ("cachekit_sent_bytes_total", "counter", "Bytes of values sent.", |s| s.bytes_out),
    ];
    let spaces = spaces(shared);
    for (name, kind, help, value) in COLUMNS {
        text.family(name, kind, help);
        for space in &spaces {
            text.sample(name, &[("space", &space.name)], value(space) as f64);
        }
    }
}

fn server(text: &mut Exposition, shared: &Shared) {
    let metrics = &shared.metrics;
    let read = |counter: &AtomicU64| counter.load(Relaxed) as f64;
    for (name, kind, help, value) in [
        ("cachekit_connections", "gauge", "Open now.", metrics.connections.now() as f64),
        ("cachekit_listeners", "gauge", "Listening to events.", metrics.listeners.now() as f64),
        ("cachekit_accepted_total", "counter", "Connections.", read(&metrics.accepted)),
        (
            "cachekit_turned_away_total",
            "counter",
            "Connections beyond the limit.",
            read(&metrics.turned_away),
        ),
        (
            "cachekit_failed_handshakes_total",
            "counter",
            "TLS handshakes that came to nothing.",
            read(&metrics.failed_handshakes),
        ),
        (
            "cachekit_uptime_seconds",
            "gauge",
            "Since it began.",
            metrics.started.elapsed().as_secs_f64(),
        ),
    ] {
        text.family(name, kind, help);
        text.sample(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_end_of_its_bucket() {
        let mut counts = [0; BUCKETS_US.len() + 1];
        assert_eq!(quantile(&counts, 0.5), None);
        (counts[0], counts[3]) = (98, 2);
        assert_eq!(quantile(&counts, 0.5), Some(50));
        assert_eq!(quantile(&counts, 0.99), Some(500));
        counts[BUCKETS_US.len()] = 1000;
        assert_eq!(quantile(&counts, 0.5), None);
    }
}
