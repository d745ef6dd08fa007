//! The key of this process' own session, so that sealing derives nothing.

use std::borrow::Cow;
use std::sync::OnceLock;

use cachekit_process::PerProcess;
use parking_lot::RwLock;

use crate::error::Error;
use crate::session::Session;
use crate::tenant::Root;

/// The sessions that this process seals with for one tenant.
///
/// Few processes ever have a second one, so the first is read without a lock and without counting
/// references: that is a tenth of what sealing a small value takes.
pub(crate) struct WriterSession {
    first: PerProcess<OnceLock<Session>>,
    /// The one that was sealed with last. One lock per tenant, held for a few instructions.
    later: PerProcess<RwLock<Option<Session>>>,
}

impl WriterSession {
    pub(crate) const fn new() -> Self {
        Self { first: PerProcess::new(), later: PerProcess::new() }
    }

    /// The session `sid` under the master key of `root`, derived if it is a new one.
    #[inline]
    pub(crate) fn get(&self, root: &Root, sid: &[u8; 16]) -> Result<Cow<'_, Session>, Error> {
        match self.first(root, sid) {
            Some(session) => Ok(Cow::Borrowed(session)),
            None => self.other(root, sid),
        }
    }

    /// The session that this process sealed with first, if that is `sid` under the master key of
    /// `root`.
    #[inline]
    pub(crate) fn first(&self, root: &Root, sid: &[u8; 16]) -> Option<&Session> {
        self.first.get()?.get().filter(|first| is(first, root, sid))
    }

    #[cold]
    fn other(&self, root: &Root, sid: &[u8; 16]) -> Result<Cow<'_, Session>, Error> {
        let cell = self.later.get_or_init(RwLock::default);
        let known = cell.read().as_ref().filter(|last| is(last, root, sid)).cloned();
        if let Some(session) = known {
            return Ok(Cow::Owned(session));
        }
        let session = Session::derive(&root.seal, root.kid, *sid)?;
        if self.first.get_or_init(OnceLock::new).set(session.clone()).is_err() {
            *cell.write() = Some(session.clone());
        }
        Ok(Cow::Owned(session))
    }
}

fn is(session: &Session, root: &Root, sid: &[u8; 16]) -> bool {
    session.sid() == sid && session.key_id() == root.kid
}
