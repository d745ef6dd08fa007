//! What is counted: never a name, a token or an address of a client.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::RwLock;

use crate::space::SpaceId;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Operation {
    Get,
    Head,
    Put,
    Delete,
    Ttl,
    Prolong,
    Lock,
    Unlock,
    BatchRead,
    BatchWrite,
    Events,
    Health,
    Other,
}

/// Upper ends of the buckets of latency, in microseconds; one more has what is above.
pub(crate) const BUCKETS_US: [u64; 14] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000,
];

/// Everything since the start.
pub(crate) struct Metrics {
    pub(crate) started: Instant,
    pub(crate) connections: Gauge,
    pub(crate) listeners: Gauge,
    pub(crate) accepted: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    pub(crate) failed_handshakes: AtomicU64,
    requests: RwLock<BTreeMap<(Operation, u16), AtomicU64>>,
    refusals: RwLock<BTreeMap<&'static str, AtomicU64>>,
    latency: RwLock<BTreeMap<Operation, Arc<Latency>>>,
    spaces: RwLock<HashMap<SpaceId, Arc<Traffic>>>,
}

/// How long requests took, from their head to the head of the answer.
#[derive(Default)]
pub(crate) struct Latency {
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    micros: AtomicU64,
}

/// What one key space was asked.
#[derive(Default)]
pub(crate) struct Traffic {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) removals: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// How many there are now.
#[derive(Default)]
pub(crate) struct Gauge(AtomicI64);

/// One of them, as long as it is kept.
pub(crate) struct Counted<T: AsRef<Gauge>>(T);

impl Operation {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Ttl => "ttl",
            Self::Prolong => "prolong",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::BatchRead => "batch_read",
            Self::BatchWrite => "batch_write",
            Self::Events => "events",
            Self::Health => "health",
            Self::Other => "other",
        }
    }
}

impl Gauge {
    pub(crate) fn now(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

impl<T: AsRef<Gauge>> Counted<T> {
    pub(crate) fn one_more(gauge: T) -> Self {
        gauge.as_ref().0.fetch_add(1, Relaxed);
        Self(gauge)
    }
}

impl<T: AsRef<Gauge>> Drop for Counted<T> {
    fn drop(&mut self) {
        self.0.as_ref().0.fetch_sub(1, Relaxed);
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Relaxed);
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            connections: Gauge::default(),
            listeners: Gauge::default(),
            accepted: AtomicU64::default(),
            turned_away: AtomicU64::default(),
            failed_handshakes: AtomicU64::default(),
            requests: RwLock::default(),
            refusals: RwLock::default(),
            latency: RwLock::default(),
            spaces: RwLock::default(),
        }
    }

    pub(crate) fn answered(&self, operation: Operation, status: u16, took: Duration) {
        bump(&self.requests, (operation, status));
        let latency = self.latency.read().get(&operation).cloned();
        let latency = latency
            .unwrap_or_else(|| Arc::clone(self.latency.write().entry(operation).or_default()));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.iter().position(|end| micros <= *end).unwrap_or(BUCKETS_US.len());
        if let Some(bucket) = latency.buckets.get(bucket) {
            count(bucket, 1);
        }
        count(&latency.micros, micros);
    }

    pub(crate) fn refused(&self, code: &'static str) {
        bump(&self.refusals, code);
    }

    pub(crate) fn traffic(&self, space: SpaceId) -> Arc<Traffic> {
        if let Some(traffic) = self.spaces.read().get(&space) {
            return Arc::clone(traffic);
        }
        Arc::clone(self.spaces.write().entry(space).or_default())
    }

    /// Requests by operation and status.
    pub(crate) fn requests(&self) -> Vec<(Operation, u16, u64)> {
        let requests = self.requests.read();
        requests.iter().map(|((op, status), n)| (*op, *status, n.load(Relaxed))).collect()
    }

    /// Refusals by code.
    pub(crate) fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.refusals.read().iter().map(|(code, n)| (*code, n.load(Relaxed))).collect()
    }

    /// Requests by operation and bucket, and their microseconds together.
    pub(crate) fn latencies(&self) -> Vec<(Operation, [u64; BUCKETS_US.len() + 1], u64)> {
        let read = |latency: &Latency| {
            let mut counts = [0; BUCKETS_US.len() + 1];
            for (count, bucket) in counts.iter_mut().zip(&latency.buckets) {
                *count = bucket.load(Relaxed);
            }
            (counts, latency.micros.load(Relaxed))
        };
        let latency = self.latency.read();
        latency
            .iter()
            .map(|(operation, latency)| {
                let (counts, micros) = read(latency);
                (*operation, counts, micros)
            })
            .collect()
    }
}

fn bump<K: Ord + Copy>(counters: &RwLock<BTreeMap<K, AtomicU64>>, key: K) {
    if let Some(counter) = counters.read().get(&key) {
        count(counter, 1);
        return;
    }
    count(counters.write().entry(key).or_default(), 1);
}

/// The text that Prometheus reads, version 0.0.4.
#[derive(Default)]
pub(crate) struct Exposition(String);

impl Exposition {
    /// Begins a family.
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample; labels are names of ours and of key spaces, which hold nothing to escape.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_falls_into_its_bucket() {
        let metrics = Metrics::new();
        metrics.answered(Operation::Get, 200, Duration::from_micros(50));
        metrics.answered(Operation::Get, 404, Duration::from_secs(60));
        let (operation, counts, micros) = metrics.latencies().remove(0);
        assert_eq!((operation, micros), (Operation::Get, 60_000_050));
        assert_eq!((counts[0], counts[BUCKETS_US.len()]), (1, 1));
        assert_eq!(metrics.requests(), [(Operation::Get, 200, 1), (Operation::Get, 404, 1)]);
    }

    #[test]
    fn prometheus_can_read_it() {
        let mut text = Exposition::default();
        text.family("a_total", "counter", "How many.");
        text.sample("a_total", &[("space", "x"), ("op", "get")], 2.0);
        text.sample("b", &[], 0.5);
        assert_eq!(
            text.finish(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total{space=\"x\",op=\"get\"} 2\nb 0.5\n"
        );
    }
}
