//! Other writers' sessions, kept so that each is derived once and not at every open.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use cachekit_process::PerProcess;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::session::Session;

/// Sessions that are kept. One costs under a kilobyte; a fleet writes with one per process.
const CAPACITY: usize = 4096;

/// Whose session: the lineage stands for (master key, tenant, secret).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionId {
    pub(crate) lineage: [u8; 16],
    pub(crate) suite: u8,
    pub(crate) sid: [u8; 16],
}

/// The session ids in the table were drawn at random by somebody with the key: half of one is a good
/// hash already. A store that invents others can only look for what is not there.
impl Hash for SessionId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [half @ .., _, _, _, _, _, _, _, _] = self.sid;
        state.write_u64(u64::from_le_bytes(half));
    }
}

/// Passes one number through.
#[derive(Default)]
struct Drawn(u64);

impl Hasher for Drawn {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, drawn: u64) {
        self.0 = drawn;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type Sessions = Cache<SessionId, Session, UnitWeighter, BuildHasherDefault<Drawn>>;

/// Its locks are the process' own: a child starts with an empty table.
static SESSIONS: PerProcess<Sessions> = PerProcess::new();

fn sessions() -> &'static Sessions {
    SESSIONS.get_or_init(|| {
        let hasher = BuildHasherDefault::default();
        Cache::with(CAPACITY, CAPACITY as u64, UnitWeighter, hasher, DefaultLifecycle::default())
    })
}

pub(crate) fn find(id: &SessionId) -> Option<Session> {
    sessions().get(id)
}

/// Keeps a session **under which a tag was verified**. Others could be invented by a store, to
/// push out the ones that are in use.
pub(crate) fn keep(id: SessionId, session: Session) {
    sessions().insert(id, session);
}

/// Drops every session of these lineages.
pub(crate) fn forget(lineages: &[[u8; 16]]) {
    if let Some(sessions) = SESSIONS.get() {
        sessions.retain(|id, _| !lineages.contains(&id.lineage));
    }
}
