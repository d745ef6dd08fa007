//! What all requests have in common.

use std::{sync::Arc, time::Duration};

use parking_lot::RwLock;
use tokio::sync::watch;

use crate::{
    body::Budget, entries::Entries, metrics::Metrics, settings::Limits, token::Holders, ttl::Ttl,
};

/// One server.
pub(crate) struct Shared {
    pub(crate) entries: Arc<Entries>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: Limits,
    /// The largest value that may be written.
    pub(crate) largest: usize,
    pub(crate) default_ttl: Ttl,
    /// What was written before this server started is counted too.
    pub(crate) counts: Counts,
    pub(crate) ending: watch::Receiver<Stage>,
    holders: RwLock<Arc<Holders>>,
}

/// How far the end is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stage {
    Serving,
    /// Nothing new is begun.
    Ending,
    /// Nothing is waited for.
    Now,
}

impl Stage {
    /// Waits until it is this far. Whoever could say so may be gone: then it is.
    pub(crate) async fn reached(self, by: &mut watch::Receiver<Self>) {
        let _ = by.wait_for(|stage| *stage >= self).await;
    }
}

/// What the ledger began with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counts {
    /// Everything that the store held.
    Complete,
    /// Nothing: this store cannot be asked.
    SinceStart,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts { entries, holders, limits, largest, default_ttl, counts, ending } = parts;
        Arc::new(Self {
            entries: Arc::new(entries),
            metrics: Arc::new(Metrics::new()),
            budget: Budget::new(limits.in_flight),
            limits,
            largest,
            default_ttl,
            counts,
            ending,
            holders: RwLock::new(holders),
        })
    }

    /// Who may ask, now.
    pub(crate) fn holders(&self) -> Arc<Holders> {
        Arc::clone(&self.holders.read())
    }

    pub(crate) fn replace_holders(&self, holders: Arc<Holders>) {
        *self.holders.write() = holders;
    }

    /// The largest body of a batch, and the largest answer to one.
    pub(crate) fn largest_batch(&self) -> usize {
        self.largest.saturating_mul(2).saturating_add(BESIDE)
    }

    pub(crate) fn patience(&self) -> Duration {
        self.limits.transfer
    }
}

/// Names and lengths of a batch beside its values: 4096 of 1 KiB, and some.
const BESIDE: usize = 5 * 1024 * 1024;

/// What a server is made of.
pub(crate) struct Parts {
    pub(crate) entries: Entries,
    pub(crate) holders: Arc<Holders>,
    pub(crate) limits: Limits,
    pub(crate) largest: usize,
    pub(crate) default_ttl: Ttl,
    pub(crate) counts: Counts,
    pub(crate) ending: watch::Receiver<Stage>,
}
