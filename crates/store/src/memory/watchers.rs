//! Who is told of changes.

use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use crate::{Change, OnChange, Watch};

/// One store value, told apart from the others of its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(pub(super) u64);

/// The watches of one name.
#[derive(Default)]
pub(super) struct Watchers {
    all: RwLock<Vec<(Handle, Weak<OnChange>)>>,
}

impl Watchers {
    /// Tells `changed` of what is changed through other handles than this.
    pub(super) fn add(&self, handle: Handle, changed: OnChange) -> Watch {
        let kept = Arc::new(changed);
        let mut all = self.all.write();
        all.retain(|(_, watcher)| watcher.strong_count() > 0);
        all.push((handle, Arc::downgrade(&kept)));
        Watch::new(kept)
    }

    /// Tells everybody but who watches through the handle that changed it.
    pub(super) fn tell(&self, by: Handle, key: &str) {
        let others: Vec<_> = {
            let all = self.all.read();
            all.iter()
                .filter(|(handle, _)| *handle != by)
                .filter_map(|(_, w)| w.upgrade())
                .collect()
        };
        for changed in others {
            changed(Change::Key(key));
        }
    }
}
