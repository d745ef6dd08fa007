//! What this process knows of a cluster: its primaries, their slots, and when to ask again.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{config::Place, links::Links, slot::SLOTS, topology::Primary};
use crate::asking::{Known, Questions};

/// A primary, and this process' connections to it.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) links: Links,
}

/// Never larger than a cluster: nodes come from its answers, which are bounded, and one at a time
/// from redirections, which every answer replaces.
#[derive(Default)]
pub(super) struct Nodes {
    by_place: HashMap<Place, Arc<Node>>,
    /// By slot; empty until the first answer.
    owners: Vec<Option<Arc<Node>>>,
    questions: Questions,
}

/// Redirections between two answers that may name nodes not heard of.
const MOST_STRANGERS: usize = 2000;

impl Known for Nodes {
    /// A slot that has moved says so itself.
    const TRUSTED: Duration = Duration::MAX;

    fn is_known(&self) -> bool {
        !self.owners.is_empty()
    }

    fn questions(&mut self) -> &mut Questions {
        &mut self.questions
    }
}

impl Nodes {
    /// Something did not fit what is known.
    pub(super) fn doubt(&mut self) {
        self.questions.doubt();
    }

    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        self.owners.get(usize::from(slot))?.clone()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.by_place.keys()
    }

    /// The node at a place that a redirection named.
    pub(super) fn at(
        &mut self,
        place: &Place,
        make: impl FnOnce(&Place) -> Node,
    ) -> Option<Arc<Node>> {
        if let Some(node) = self.by_place.get(place) {
            return Some(Arc::clone(node));
        }
        if self.by_place.len() >= MOST_STRANGERS {
            return None;
        }
        let node = Arc::new(make(place));
        self.by_place.insert(place.clone(), Arc::clone(&node));
        Some(node)
    }

    pub(super) fn moved(&mut self, slot: u16, to: &Arc<Node>) {
        self.questions.doubt();
        if let Some(owner) = self.owners.get_mut(usize::from(slot)) {
            *owner = Some(Arc::clone(to));
        }
    }

    /// Replaces what is known. Connections to nodes that stay are kept.
    pub(super) fn learn(&mut self, primaries: &[Primary], make: impl Fn(&Place) -> Node, now: u64) {
        let mut by_place = HashMap::with_capacity(primaries.len());
        let mut owners = vec![None; usize::from(SLOTS)];
        for Primary { place, slots } in primaries {
            let node = self.by_place.get(place).cloned().unwrap_or_else(|| Arc::new(make(place)));
            for range in slots {
                for owner in owners.get_mut(span(range)).into_iter().flatten() {
                    *owner = Some(Arc::clone(&node));
                }
            }
            by_place.insert(place.clone(), node);
        }
        let same = |a: &Option<Arc<Node>>, b: &Option<Arc<Node>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let news = self.owners.len() != owners.len()
            || !self.owners.iter().zip(&owners).all(|(a, b)| same(a, b));
        (self.by_place, self.owners) = (by_place, owners);
        self.questions.answered(news, now);
    }
}

fn span(range: &std::ops::RangeInclusive<u16>) -> std::ops::RangeInclusive<usize> {
    usize::from(*range.start())..=usize::from(*range.end())
}

/// Numbers that differ from call to call, to begin somewhere else each time.
pub(super) fn turn() -> usize {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    usize::try_from(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(0)
}
