//! Tells listeners which names change.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::{name::Name, space::SpaceId, tag::Tag};

/// How many changes a listener may be behind before it misses some.
const BACKLOG: usize = 1024;

/// What became of a name.
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) name: Arc<str>,
    /// `None` if nothing is there any more.
    pub(crate) tag: Option<Tag>,
}

/// One channel for each key space that anybody has listened to.
#[derive(Default)]
pub(crate) struct Hub(RwLock<HashMap<SpaceId, Sender<Changed>>>);

impl Hub {
    pub(crate) fn listen(&self, space: SpaceId) -> Receiver<Changed> {
        self.0.write().entry(space).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    pub(crate) fn tell(&self, space: SpaceId, name: &Name, tag: Option<Tag>) {
        if let Some(channel) = self.0.read().get(&space)
            && channel.receiver_count() > 0
        {
            // Nobody may be left by now; then nobody misses it.
            let _ = channel.send(Changed { name: name.as_str().into(), tag });
        }
    }
}
