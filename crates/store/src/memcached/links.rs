//! Which connection to a server a call uses: one for each Tokio runtime of this process, made when
//! it is first needed and replaced when it is lost.
//!
//! A connection's tasks belong to the runtime that made it and stand still when that runtime
//! does; so runtimes do not share. After `fork` the child starts without any: the inherited
//! sockets are the parent's.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cachekit_process::{Clock, PerProcess};
use parking_lot::Mutex;
use tokio::{
    runtime::{Handle, Id},
    time::{Instant, timeout_at},
};

use super::{
    command::{self, Request},
    config::Server,
    connection::{Broken, Connection},
    failure::Site,
    framing::{Bounds, Reply},
    reply,
};
use crate::{Error, ErrorKind, StoreOptions, backoff::Backoff};

/// Whether a request may be sent again when its connection broke before the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// Done twice is as good as once: reads, deletions, and comparisons (which then refuse).
    Safe,
    /// A plain write: the second could undo what somebody else wrote after the first. It is sent
    /// again only if nothing of it can have left this process.
    Unsafe,
}

/// The connections to one server.
pub(super) struct Links {
    server: Server,
    site: Site,
    bounds: Bounds,
    connect_timeout: Duration,
    operation_timeout: Duration,
    clock: Arc<dyn Clock>,
    here: PerProcess<Here>,
}

struct Here {
    by_runtime: Mutex<HashMap<Id, Arc<Link>>>,
    backoff: Backoff,
}

/// One runtime's connection.
#[derive(Default)]
struct Link {
    live: Mutex<Option<Arc<Connection>>>,
    /// Held while a connection is made, so that a crowd of tasks makes one.
    dialling: tokio::sync::Mutex<()>,
}

/// A connection, in the hands of one call.
pub(super) struct Line<'l> {
    links: &'l Links,
    link: Arc<Link>,
    connection: Arc<Connection>,
    age: Age,
    end: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Made for this very call.
    New,
    /// Used before; it may have been lost since without anybody noticing.
    Used,
}

/// A call that got no answer, or none that could be used.
pub(super) struct Unanswered {
    error: Error,
    sent: bool,
}

/// An answer that ends the call, whatever it says.
impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self { error, sent: true }
    }
}

impl Links {
    pub(super) fn new(server: Server, site: Site, bounds: Bounds, options: &StoreOptions) -> Self {
        Self {
            server,
            site,
            bounds,
            connect_timeout: options.connect_timeout(),
            operation_timeout: options.operation_timeout(),
            clock: Arc::clone(options.clock()),
            here: PerProcess::new(),
        }
    }

    /// Where errors say that they were.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Sends a request and returns its replies, which may be error replies. Takes at most the
    /// connect time-out and the operation time-out together.
    pub(super) async fn call(
        &self,
        replay: Replay,
        request: &Request,
    ) -> Result<Vec<Reply>, Error> {
        let line = self.line().await?;
        match line.ask(request).await {
            Ok(replies) => Ok(replies),
            Err(unanswered) => {
                let line = line.again(replay, unanswered).await?;
                line.ask(request).await.map_err(Unanswered::into_error)
            }
        }
    }

    /// This runtime's connection, made if there is none.
    pub(super) async fn line(&self) -> Result<Line<'_>, Error> {
        let link = self.link()?;
        let end = Instant::now() + self.connect_timeout + self.operation_timeout;
        self.line_until(link, end).await
    }

    async fn line_until(&self, link: Arc<Link>, end: Instant) -> Result<Line<'_>, Error> {
        let (connection, age) = self.connection(&link, end).await?;
        Ok(Line { links: self, link, connection, age, end })
    }

    async fn connection(&self, link: &Link, end: Instant) -> Result<(Arc<Connection>, Age), Error> {
        if let Some(connection) = link.live() {
            return Ok((connection, Age::Used));
        }
        let end = end.min(Instant::now() + self.connect_timeout);
        let Ok(_turn) = timeout_at(end, link.dialling.lock()).await else {
            return Err(self.not_connected());
        };
        if let Some(connection) = link.live() {
            return Ok((connection, Age::Used));
        }
        let backoff = &self.here().backoff;
        backoff.turn()?;
        let dialled = timeout_at(end, self.dial()).await;
        match dialled.unwrap_or_else(|_| Err(self.not_connected())) {
            Ok(connection) => {
                backoff.succeeded();
                let connection = Arc::new(connection);
                *link.live.lock() = Some(Arc::clone(&connection));
                Ok((connection, Age::New))
            }
            Err(error) => {
                backoff.failed(&error);
                Err(error)
            }
        }
    }

    /// Connects, and asks whether a memcached is there: one that does not answer is found out
    /// here.
    async fn dial(&self) -> Result<Connection, Error> {
        let dialled = Connection::dial(&self.server, self.bounds).await;
        let connection = dialled.map_err(|error| self.site.not_dialled(error))?;
        let replies = connection.send(&command::greeting()).await;
        let replies = replies.map_err(|broken| self.unanswered(&broken).error)?;
        reply::greeted(replies.first().unwrap_or(&Reply::Miss), &self.site)?;
        Ok(connection)
    }

    fn link(&self) -> Result<Arc<Link>, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            let seen = "called outside a Tokio runtime";
            Error::new(ErrorKind::Misconfigured, &*self.site.address, seen)
        })?;
        let mut links = self.here().by_runtime.lock();
        if let Some(link) = links.get(&runtime.id()) {
            return Ok(Arc::clone(link));
        }
        // Runtimes end without telling, and their connections with them.
        links.retain(|_, link| Arc::strong_count(link) > 1 || link.live().is_some());
        let link = Arc::<Link>::default();
        links.insert(runtime.id(), Arc::clone(&link));
        Ok(link)
    }

    fn here(&self) -> &Here {
        self.here.get_or_init(|| Here {
            by_runtime: Mutex::default(),
            backoff: Backoff::new(Arc::clone(&self.clock), self.connect_timeout),
        })
    }

    fn unanswered(&self, broken: &Broken) -> Unanswered {
        match *broken {
            Broken::Lost { sent } => Unanswered { error: self.site.lost(), sent },
            Broken::Garbled(violation) => self.site.garbled(violation).into(),
        }
    }

    fn not_connected(&self) -> Error {
        let seen = format!("no connection within {:?}", self.connect_timeout);
        self.site.error(ErrorKind::Timeout, &seen)
    }
}

impl<'l> Line<'l> {
    /// Where errors say that they were.
    pub(super) fn site(&self) -> &'l Site {
        &self.links.site
    }

    /// Sends a request on this very connection and returns its replies.
    pub(super) async fn ask(&self, request: &Request) -> Result<Vec<Reply>, Unanswered> {
        let Self { links, link, connection, .. } = self;
        let before = connection.received();
        let deadline = self.end.min(Instant::now() + links.operation_timeout);
        match timeout_at(deadline, connection.send(request)).await {
            Ok(Ok(replies)) => {
                if replies.iter().any(reply::out_of_step) {
                    link.discard(connection);
                }
                Ok(replies)
            }
            Ok(Err(broken)) => {
                link.discard(connection);
                Err(links.unanswered(&broken))
            }
            Err(_) => {
                // Slow is not silent: while replies to others come in, the connection is good.
                if connection.received() == before {
                    link.discard(connection);
                }
                let seen = format!("no reply within {:?}", links.operation_timeout);
                Err(links.site.error(ErrorKind::Timeout, &seen).into())
            }
        }
    }

    /// Another connection for the same call, in what is left of its time.
    ///
    /// # Errors
    ///
    /// That of the first attempt, if a second could not help or could do harm.
    pub(super) async fn again(
        self,
        replay: Replay,
        unanswered: Unanswered,
    ) -> Result<Line<'l>, Error> {
        let helps = self.age == Age::Used && unanswered.error.kind() == ErrorKind::Unavailable;
        if helps && (replay == Replay::Safe || !unanswered.sent) {
            return self.links.line_until(self.link, self.end).await;
        }
        Err(unanswered.error)
    }
}

impl Unanswered {
    pub(super) fn into_error(self) -> Error {
        self.error
    }
}

impl Link {
    fn live(&self) -> Option<Arc<Connection>> {
        self.live.lock().as_ref().filter(|connection| !connection.is_lost()).cloned()
    }

    /// Later calls make a new connection; those that wait on this one go on waiting.
    fn discard(&self, lost: &Arc<Connection>) {
        let mut live = self.live.lock();
        if live.as_ref().is_some_and(|connection| Arc::ptr_eq(connection, lost)) {
            *live = None;
        }
    }
}
