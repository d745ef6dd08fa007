//! The key of this process' own session, so that sealing derives nothing.

use cachekit_process::PerProcess;
use parking_lot::RwLock;

use crate::error::Error;
use crate::session::Session;
use crate::tenant::Root;

/// The session that was sealed with last. One lock per tenant, held for a few instructions.
pub(crate) struct WriterSession(PerProcess<RwLock<Option<Session>>>);

impl WriterSession {
    pub(crate) const fn new() -> Self {
        Self(PerProcess::new())
    }

    /// The session `sid` under the master key of `root`, derived if it is a new one.
    pub(crate) fn get(&self, root: &Root, sid: [u8; 16]) -> Result<Session, Error> {
        let cell = self.0.get_or_init(RwLock::default);
        let known = cell.read().as_ref().filter(|last| is(last, root, &sid)).cloned();
        match known {
            Some(session) => Ok(session),
            None => {
                let session = Session::derive(&root.seal, root.kid, sid)?;
                *cell.write() = Some(session.clone());
                Ok(session)
            }
        }
    }
}

fn is(session: &Session, root: &Root, sid: &[u8; 16]) -> bool {
    session.sid() == sid && session.key_id() == root.kid
}
