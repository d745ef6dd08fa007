//! Which connection to a server a call uses: one for each Tokio runtime of this process, made when
//! it is first needed and replaced when it is lost.
//!
//! A connection's tasks belong to the runtime that made it and stand still when that runtime
//! does; so runtimes do not share. After `fork` the child starts without any: the inherited
//! sockets are the parent's, and two processes that read from one would each get half of the
//! other's replies.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use cachekit_process::{Clock, PerProcess};
use parking_lot::Mutex;
use tokio::{
    runtime::{Handle, Id},
    time::{Instant, timeout_at},
};

use crate::{Error, ErrorKind, StoreOptions, backoff::Backoff};

/// Whether a request may be sent again when its connection broke before the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Done twice is as good as once: reads, deletions, and comparisons (which then refuse).
    Safe,
    /// A plain write: the second could undo what somebody else wrote after the first. It is sent
    /// again only if nothing of it can have left this process.
    Unsafe,
}

/// What is kept for each runtime.
pub(crate) trait Connected {
    /// Whether it is known to be of no more use.
    fn is_lost(&self) -> bool;
}

/// The connections to one server.
pub(crate) struct ByRuntime<C> {
    address: Arc<str>,
    /// Which of the address' servers it is, for errors; empty where there is one.
    server: Box<str>,
    connect_timeout: Duration,
    clock: Arc<dyn Clock>,
    here: PerProcess<Here<C>>,
}

struct Here<C> {
    links: Mutex<HashMap<Id, Arc<Link<C>>>>,
    backoff: Backoff,
}

/// One runtime's connection.
pub(crate) struct Link<C> {
    live: Mutex<Option<Arc<C>>>,
    /// Held while a connection is made, so that a crowd of tasks makes one.
    dialling: tokio::sync::Mutex<()>,
}

/// A connection, in the hands of one call.
pub(crate) struct Held<C> {
    pub(crate) connection: Arc<C>,
    pub(crate) age: Age,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Made for this very call.
    New,
    /// Used before; it may have been lost since without anybody noticing.
    Used,
}

/// A request that got no reply, or none that could be used.
pub(crate) struct Unanswered {
    pub(crate) error: Error,
    /// Whether some of it may have reached the server.
    pub(crate) sent: bool,
}

impl Unanswered {
    /// Whether another connection could help, and could do no harm.
    pub(crate) fn is_worth_another(&self, replay: Replay, age: Age) -> bool {
        age == Age::Used
            && self.error.kind() == ErrorKind::Unavailable
            && (replay == Replay::Safe || !self.sent)
    }
}

impl<C: Connected> ByRuntime<C> {
    /// Connections to this server of this address, none yet.
    pub(crate) fn new(
        address: Arc<str>,
        server: impl Into<Box<str>>,
        options: &StoreOptions,
    ) -> Self {
        Self {
            address,
            server: server.into(),
            connect_timeout: options.connect_timeout(),
            clock: Arc::clone(options.clock()),
            here: PerProcess::new(),
        }
    }

    /// The place of this runtime's connection.
    pub(crate) fn link(&self) -> Result<Arc<Link<C>>, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            self.error(ErrorKind::Misconfigured, "called outside a Tokio runtime".to_owned())
        })?;
        let mut links = self.here().links.lock();
        if let Some(link) = links.get(&runtime.id()) {
            return Ok(Arc::clone(link));
        }
        // Runtimes end without telling, and their connections with them.
        links.retain(|_, link| Arc::strong_count(link) > 1 || link.live().is_some());
        let link = Arc::new(Link { live: Mutex::new(None), dialling: tokio::sync::Mutex::new(()) });
        links.insert(runtime.id(), Arc::clone(&link));
        Ok(link)
    }

    /// This runtime's connection; one that `dial` makes, if there is none.
    pub(crate) async fn connection<D>(
        &self,
        link: &Link<C>,
        end: Instant,
        dial: impl FnOnce() -> D,
    ) -> Result<Held<C>, Error>
    where
        D: Future<Output = Result<C, Error>>,
    {
        match link.live() {
            Some(connection) => Ok(Held { connection, age: Age::Used }),
            // Boxed: it is large, and most calls find a connection.
            None => Box::pin(self.dialled(link, end, dial)).await,
        }
    }

    async fn dialled<D>(
        &self,
        link: &Link<C>,
        end: Instant,
        dial: impl FnOnce() -> D,
    ) -> Result<Held<C>, Error>
    where
        D: Future<Output = Result<C, Error>>,
    {
        let end = end.min(Instant::now() + self.connect_timeout);
        let Ok(_turn) = timeout_at(end, link.dialling.lock()).await else {
            return Err(self.not_connected());
        };
        if let Some(connection) = link.live() {
            return Ok(Held { connection, age: Age::Used });
        }
        let backoff = &self.here().backoff;
        backoff.turn()?;
        let dialled = timeout_at(end, dial()).await;
        match dialled.unwrap_or_else(|_| Err(self.not_connected())) {
            Ok(connection) => {
                backoff.succeeded();
                let connection = Arc::new(connection);
                *link.live.lock() = Some(Arc::clone(&connection));
                Ok(Held { connection, age: Age::New })
            }
            Err(error) => {
                backoff.failed(&error);
                Err(error)
            }
        }
    }

    fn here(&self) -> &Here<C> {
        self.here.get_or_init(|| Here {
            links: Mutex::default(),
            backoff: Backoff::new(Arc::clone(&self.clock), self.connect_timeout),
        })
    }

    fn not_connected(&self) -> Error {
        let seen = format!("no connection within {:?}", self.connect_timeout);
        self.error(ErrorKind::Timeout, seen)
    }

    fn error(&self, kind: ErrorKind, seen: String) -> Error {
        let seen = if self.server.is_empty() { seen } else { format!("{}: {seen}", self.server) };
        Error::new(kind, &*self.address, seen)
    }
}

impl<C: Connected> Link<C> {
    fn live(&self) -> Option<Arc<C>> {
        self.live.lock().as_ref().filter(|connection| !connection.is_lost()).cloned()
    }

    /// Later calls make a new connection; those that wait on this one go on waiting.
    pub(crate) fn discard(&self, lost: &Arc<C>) {
        let mut live = self.live.lock();
        if live.as_ref().is_some_and(|connection| Arc::ptr_eq(connection, lost)) {
            *live = None;
        }
    }
}
