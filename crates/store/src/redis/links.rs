//! Which connection a call uses: one for each Tokio runtime of this process, made when it is
//! first needed and replaced when it is lost.
//!
//! A connection's driver is a task of the runtime that made it and stands still when that
//! runtime does; so runtimes do not share. After `fork` the child starts without any: the
//! inherited sockets are the parent's, and two processes that read from one would each get
//! half of the other's replies.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cachekit_process::{Clock, PerProcess};
use parking_lot::Mutex;
use redis::{Cmd, Pipeline, Value};
use tokio::{
    runtime::{Handle, Id},
    time::{Instant, timeout_at},
};

use super::{connection::Connection, server::Server};
use crate::{Error, ErrorKind, StoreOptions, backoff::Backoff};

/// What is sent in one go.
pub(super) enum Request {
    One(Cmd),
    Several(Pipeline),
}

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

struct Held {
    connection: Arc<Connection>,
    age: Age,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Made for this very call.
    New,
    /// Used before; it may have been lost since without anybody noticing.
    Used,
}

/// A request that got no reply.
struct Unanswered {
    error: Error,
    /// Whether some of it may have reached the server.
    sent: bool,
}

impl Links {
    pub(super) fn new(server: Server, options: &StoreOptions) -> Self {
        Self {
            server,
            connect_timeout: options.connect_timeout(),
            operation_timeout: options.operation_timeout(),
            clock: Arc::clone(options.clock()),
            here: PerProcess::new(),
        }
    }

    /// Sends a request and returns its reply, which may be an error reply. Takes at most the
    /// connect time-out and the operation time-out together.
    pub(super) async fn call(&self, replay: Replay, request: &Request) -> Result<Value, Error> {
        let end = Instant::now() + self.connect_timeout + self.operation_timeout;
        self.call_until(end, replay, request).await
    }

    /// The same, as a part of something that ends earlier.
    pub(super) async fn call_until(
        &self,
        end: Instant,
        replay: Replay,
        request: &Request,
    ) -> Result<Value, Error> {
        let link = self.link()?;
        let held = self.connection(&link, end).await?;
        let unanswered = match self.attempt(&link, &held, request, end).await {
            Ok(reply) => return Ok(reply),
            Err(unanswered) => unanswered,
        };
        let again = held.age == Age::Used
            && unanswered.error.kind() == ErrorKind::Unavailable
            && (replay == Replay::Safe || !unanswered.sent);
        if !again {
            return Err(unanswered.error);
        }
        let held = self.connection(&link, end).await?;
        self.attempt(&link, &held, request, end).await.map_err(|failed| failed.error)
    }

    async fn attempt(
        &self,
        link: &Link,
        Held { connection, age }: &Held,
        request: &Request,
        end: Instant,
    ) -> Result<Value, Unanswered> {
        let before = connection.traffic();
        let deadline = end.min(Instant::now() + self.operation_timeout);
        let outcome = timeout_at(deadline, connection.send(request)).await;
        let after = connection.traffic();
        let sent = after.sent != before.sent;
        match outcome {
            Ok(Ok(reply)) => {
                if matches!(&reply, Value::ServerError(error) if error.code() == "READONLY") {
                    // After a failover the name may lead to the new master.
                    link.discard(connection);
                }
                Ok(reply)
            }
            Ok(Err(error)) => {
                link.discard(connection);
                let address = self.server.address();
                let error = match (request, age) {
                    // On a new connection there are few others whose fault it could be.
                    (Request::Several(_), Age::New) => {
                        connection.failure_of_several(&error, address)
                    }
                    _ => connection.failure(&error, address),
                };
                Err(Unanswered { error, sent })
            }
            Err(_) => {
                // Slow is not silent: while replies to others come in, the connection is good.
                if after.received == before.received {
                    link.discard(connection);
                }
                let seen = format!("no reply within {:?}", self.operation_timeout);
                Err(Unanswered { error: self.error(ErrorKind::Timeout, seen), sent })
            }
        }
    }

    /// This runtime's connection, made if there is none.
    async fn connection(&self, link: &Link, end: Instant) -> Result<Held, Error> {
        if let Some(connection) = link.live() {
            return Ok(Held { connection, age: Age::Used });
        }
        let end = end.min(Instant::now() + self.connect_timeout);
        let Ok(_turn) = timeout_at(end, link.dialling.lock()).await else {
            return Err(self.not_connected());
        };
        if let Some(connection) = link.live() {
            return Ok(Held { connection, age: Age::Used });
        }
        let backoff = &self.here().backoff;
        backoff.turn()?;
        let dialled = timeout_at(end, self.server.dial()).await;
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

    fn link(&self) -> Result<Arc<Link>, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            self.error(ErrorKind::Misconfigured, "called outside a Tokio runtime".into())
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

    fn not_connected(&self) -> Error {
        let seen = format!("no connection within {:?}", self.connect_timeout);
        self.error(ErrorKind::Timeout, seen)
    }

    fn error(&self, kind: ErrorKind, seen: String) -> Error {
        Error::new(kind, &**self.server.address(), seen)
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
