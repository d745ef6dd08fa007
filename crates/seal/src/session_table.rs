//! Other writers' sessions, kept so that each is derived once and not at every open.

use cachekit_process::PerProcess;
use quick_cache::sync::Cache;

use crate::session::Session;

/// Sessions that are kept. One costs under a kilobyte; a fleet writes with one per process.
const CAPACITY: usize = 4096;

/// Whose session: the lineage stands for (master key, tenant, secret).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId {
    pub(crate) lineage: [u8; 16],
    pub(crate) suite: u8,
    pub(crate) sid: [u8; 16],
}

/// Its locks are the process' own: a child starts with an empty table.
static SESSIONS: PerProcess<Cache<SessionId, Session>> = PerProcess::new();

fn sessions() -> &'static Cache<SessionId, Session> {
    SESSIONS.get_or_init(|| Cache::new(CAPACITY))
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
