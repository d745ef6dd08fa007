//! What a server says that it can do.

use std::time::Duration;

use serde::Deserialize;

use crate::asking::{Known, Questions};

const MIB: usize = 1024 * 1024;

/// What may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) compare: bool,
    pub(super) batch: bool,
    /// The bytes of a batch's body.
    pub(super) largest_batch: usize,
    /// The names of a batch.
    pub(super) most_names: usize,
}

/// The answer of `health`. What is not known is overlooked.
#[derive(Deserialize)]
struct Health {
    #[serde(rename = "version")]
    _version: String,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    limits: Limits,
}

#[derive(Default, Deserialize)]
struct Limits {
    largest_batch: Option<usize>,
    most_names: Option<usize>,
}

impl Features {
    /// `None` for what is no such answer.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Health { features, limits, .. } = serde_json::from_slice(body).ok()?;
        let has = |wanted: &str| features.iter().any(|feature| feature == wanted);
        Some(Self {
            compare: has("compare"),
            batch: has("batch"),
            largest_batch: limits.largest_batch.unwrap_or(16 * MIB),
            most_names: limits.most_names.unwrap_or(4096).clamp(1, 4096),
        })
    }
}

/// What was said last, and whether it may still be so.
#[derive(Default)]
pub(super) struct Announced {
    features: Option<Features>,
    questions: Questions,
    /// How many connections had been lost at the time.
    losses: u64,
}

impl Known for Announced {
    const TRUSTED: Duration = Duration::from_secs(60);

    fn is_known(&self) -> bool {
        self.features.is_some()
    }

    fn questions(&mut self) -> &mut Questions {
        &mut self.questions
    }
}

impl Announced {
    pub(super) fn features(&self) -> Option<Features> {
        self.features
    }

    /// A server that lost its connections may have been started anew, as another release.
    pub(super) fn noted(&mut self, losses: u64) {
        if losses != self.losses {
            self.losses = losses;
            self.questions.doubt();
        }
    }

    pub(super) fn learn(&mut self, features: Features, now: u64) {
        let news = self.features.replace(features) != Some(features);
        self.questions.answered(news, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::Due;

    #[test]
    fn what_is_not_known_is_overlooked_and_what_is_absent_is_not_there() {
        let plain = Features::read(br#"{"version": "1.0"}"#).unwrap();
        assert!(!plain.compare && !plain.batch);
        let ours = br#"{"version": "2", "features": ["compare", "batch", "time-travel"],
            "limits": {"most_names": 7, "largest_batch": 9, "moons": null}, "more": [1]}"#;
        let expected = Features { compare: true, batch: true, largest_batch: 9, most_names: 7 };
        assert_eq!(Features::read(ours), Some(expected));
        for none in
            [&b""[..], b"[]", b"{}", br#"{"version": 1}"#, b"<html>", br#"{"version":"1"}x"#]
        {
            assert_eq!(Features::read(none), None);
        }
    }

    #[test]
    fn a_lost_connection_and_time_raise_doubts() {
        let features = Features::read(br#"{"version": "1"}"#).unwrap();
        let second = 1_000_000_000;
        let mut announced = Announced::default();
        assert_eq!(announced.due(0), Due::Now);
        announced.learn(features, 0);
        announced.noted(0);
        assert_eq!(announced.due(59 * second), Due::No);
        assert_eq!(announced.due(60 * second), Due::Soon);
        announced.learn(features, 60 * second);
        announced.noted(1);
        assert_eq!(announced.due(62 * second), Due::Soon);
    }
}
