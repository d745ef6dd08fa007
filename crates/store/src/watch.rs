//! Hearing of what others change.

use std::{any::Any, fmt, sync::Arc};

/// What a store that watches calls.
pub type OnChange = Arc<dyn Fn(Change<'_>) + Send + Sync>;

/// What somebody changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The entry under this key was written, replaced or removed.
    Key(&'a str),
    /// Anything may have changed: changes were lost, or the store does not know which.
    Anything,
}

/// A watch under way, which ends when this is dropped.
///
/// After that the store may still make calls that it had begun.
#[must_use = "a watch ends when it is dropped"]
pub struct Watch {
    _kept: Box<dyn Any + Send + Sync>,
}

impl Watch {
    /// Keeps something whose drop ends the watch.
    pub fn new(kept: impl Any + Send + Sync) -> Self {
        Self { _kept: Box::new(kept) }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
