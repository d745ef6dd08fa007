//! What a store that watches has told: which entries others changed, and when.
//!
//! No list of entries is kept: addresses fall into groups, and a group has the time of its last
//! change. Whatever the process holds of a group, and looked at no later than that, is looked at
//! again. So a neighbour's change costs a look, and a hint that is late or lost costs nothing more
//! than what [`l1_max_age`](crate::CacheOptions::l1_max_age) allows.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};

use cachekit_process::BootMillis;
use cachekit_store::{Change, Store, Watch, Watching};
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

use crate::cache_state::CacheState;
use crate::protect::Address;

const GROUPS: u64 = 4096;

/// A group of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Group(u16);

/// The groups of an entry and of the barriers that it is held against.
pub(crate) type Groups = SmallVec<[Group; 4]>;

/// What one process was told.
pub(crate) struct Changes {
    groups: Box<[AtomicU64]>,
    begun: AtomicBool,
    /// Kept for its drop.
    watch: OnceLock<Watch>,
}

impl Group {
    pub(crate) fn of(address: &Address) -> Self {
        Self::of_key(address.key())
    }

    /// Without a secret: who aims at a group gains a look at the store.
    fn of_key(key: &str) -> Self {
        let hash = SipHasher13::new_with_key(&[0; 16]).hash(key.as_bytes());
        Self((hash % GROUPS) as u16)
    }
}

impl Changes {
    /// A place for what `store` will tell; none where it tells nothing.
    pub(crate) fn of(store: Option<&dyn Store>) -> Option<Self> {
        let told = store.is_some_and(|store| store.capabilities().watch == Watching::Told);
        told.then(|| Self {
            groups: (0..GROUPS).map(|_| AtomicU64::new(0)).collect(),
            begun: AtomicBool::new(false),
            watch: OnceLock::new(),
        })
    }

    /// Whether something of these groups changed at or after this time.
    #[inline]
    pub(crate) fn since(&self, looked: BootMillis, groups: &[Group]) -> bool {
        let changed = |group: &Group| self.groups.get(usize::from(group.0));
        groups.iter().filter_map(changed).any(|at| at.load(SeqCst) >= looked.0)
    }

    fn tell(&self, change: Change<'_>, now: BootMillis) {
        match change {
            Change::Key(key) => {
                if let Some(group) = self.groups.get(usize::from(Group::of_key(key).0)) {
                    group.fetch_max(now.0, SeqCst);
                }
            }
            Change::Anything => self.groups.iter().for_each(|group| {
                group.fetch_max(now.0, SeqCst);
            }),
        }
    }
}

/// Begins to watch, once in each process, before the first look at the store.
///
/// Not where the process's state is made: a store may be a face's own, which waits for a lock that
/// somebody holds who waits for that state.
pub(crate) fn begin(cache: &Arc<CacheState>, store: &dyn Store) {
    let Some(changes) = &cache.process().changes else { return };
    if changes.begun.swap(true, SeqCst) {
        return;
    }
    let cache = Arc::downgrade(cache);
    match store.watch(Arc::new(move |change| tell(&cache, change))) {
        Ok(watch) => {
            let _ = changes.watch.set(watch);
        }
        Err(error) => log::warn!("others' changes are seen by looking again alone: {error}"),
    }
}

fn tell(cache: &Weak<CacheState>, change: Change<'_>) {
    let Some(cache) = cache.upgrade() else { return };
    if let Some(changes) = &cache.process().changes {
        changes.tell(change, cache.timeline.boot());
    }
}
