//! What one look at the store showed: what a fill builds on.

use std::sync::Arc;

use bytes::Bytes;
use cachekit_process::BootMillis;
use smallvec::SmallVec;

use crate::barrier::{Stamp, View};
use crate::changes::{Group, Groups};
use crate::l1::Slot;
use crate::protect::Address;

/// What a look at the store showed.
pub(crate) enum Look {
    /// A servable value, and what it was seen with.
    Found(Arc<Slot>, Seen),
    /// None; a fill may follow on what was seen.
    Missing(Seen),
    /// The store did not answer: the function runs, and nothing is written.
    Blind,
}

/// The state of the store that a fill builds on.
pub(crate) struct Seen {
    /// `None` while the barriers belong to keys that this process does not have.
    pub(crate) view: Option<View>,
    /// One generation for each of the target's addresses.
    pub(crate) generations: SmallVec<[[u8; 8]; 1]>,
    pub(crate) places: SmallVec<[Place; 1]>,
    /// When the request was sent.
    pub(crate) sent: BootMillis,
    /// Those of the barriers, where the store tells of changes.
    pub(crate) barrier_groups: Groups,
}

/// What a computation is begun upon. Two callers who saw the same may share it: an invalidation or
/// a clear between their looks would show.
#[derive(PartialEq, Eq)]
pub(crate) struct Sighting {
    stamp: Stamp,
    observed: SmallVec<[Observed; 1]>,
}

/// One address, and what was there.
pub(crate) struct Place {
    pub(crate) address: Address,
    pub(crate) observed: Observed,
}

/// What was at an address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Observed {
    Absent,
    Bytes(Bytes),
    /// An entry of a key or release that this process does not know, not to be overwritten yet.
    LeftInPlace,
}

impl Look {
    pub(crate) fn into_seen(self) -> Option<Seen> {
        match self {
            Self::Found(_, seen) | Self::Missing(seen) => Some(seen),
            Self::Blind => None,
        }
    }
}

impl Seen {
    pub(crate) fn stamp(&self) -> Stamp {
        self.view.map_or(Stamp::NEVER, |view| view.stamp)
    }

    pub(crate) fn sighting(&self) -> Sighting {
        let observed = self.places.iter().map(|place| place.observed.clone()).collect();
        Sighting { stamp: self.stamp(), observed }
    }

    /// What an entry at this address depends on.
    pub(crate) fn groups(&self, address: Option<&Address>) -> Groups {
        let mut groups = self.barrier_groups.clone();
        if !groups.is_empty() {
            groups.extend(address.map(Group::of));
        }
        groups
    }

    pub(crate) fn generation(&self, index: usize) -> [u8; 8] {
        self.generations.get(index).copied().unwrap_or_default()
    }
}

impl Place {
    pub(crate) fn absent(address: Address) -> Self {
        Self { address, observed: Observed::Absent }
    }
}
