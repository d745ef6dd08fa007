//! Which connection a call uses: one of those that this Tokio runtime of this process keeps open,
//! or a new one.
//!
//! A connection's driver is a task of the runtime that made it and stands still when that
//! runtime does; so runtimes do not share. After `fork` the child starts without any: the
//! inherited sockets are the parent's.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cachekit_process::{Clock, PerProcess};
use hyper::StatusCode;
use parking_lot::Mutex;
use tokio::{
    runtime::{Handle, Id},
    sync::Semaphore,
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    connection::{Broken, Connection},
    failure,
    reply::Reply,
    request::Draft,
    server::Server,
};
pub(super) use crate::by_runtime::Replay;
use crate::{
    Error, ErrorKind, StoreOptions,
    backoff::Backoff,
    by_runtime::{Age, Unanswered},
};

/// Calls of one runtime at a time; more wait for a connection.
const MOST_CONNECTIONS: usize = 64;

/// Servers and what stands before them close what is idle, most after a minute; what has been idle
/// for so long is not trusted with a request that cannot be sent twice.
const LONGEST_IDLE: Duration = Duration::from_secs(20);

/// A connection that was idle for so long may have been closed by the server while the runtime
/// stood still: it is looked at before a request is sent that cannot be sent twice.
const STOOD_STILL: Duration = Duration::from_millis(20);

/// The connections to one server.
pub(super) struct Links {
    server: Arc<Server>,
    connect_timeout: Duration,
    operation_timeout: Duration,
    clock: Arc<dyn Clock>,
    losses: AtomicU64,
    here: PerProcess<Here>,
}

struct Here {
    by_runtime: Mutex<HashMap<Id, Arc<Pool>>>,
    /// It cannot be reached.
    unreachable: Backoff,
    /// It can, and has said that it wants to be left alone.
    overloaded: Backoff,
}

/// One runtime's connections.
struct Pool {
    /// The one used last at the end.
    idle: Mutex<Vec<Idle>>,
    turns: Semaphore,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Links {
    pub(super) fn new(server: Server, options: &StoreOptions) -> Self {
        Self {
            server: Arc::new(server),
            connect_timeout: options.connect_timeout(),
            operation_timeout: options.operation_timeout(),
            clock: Arc::clone(options.clock()),
            losses: AtomicU64::new(0),
            here: PerProcess::new(),
        }
    }

    /// Where connections go.
    pub(super) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// When a call that begins now must have ended.
    pub(super) fn end(&self) -> Instant {
        Instant::now() + self.connect_timeout + self.operation_timeout
    }

    /// How many connections were lost, or could not be made, so far.
    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// Sends a request and returns an answer that is none of the general failures, with a body of
    /// at most `largest` bytes.
    pub(super) async fn call(
        &self,
        end: Instant,
        replay: Replay,
        draft: &Draft,
        largest: usize,
    ) -> Result<Reply, Error> {
        let pool = self.pool()?;
        let Ok(Ok(_turn)) = timeout_at(end, pool.turns.acquire()).await else {
            let seen = format!("{MOST_CONNECTIONS} calls are waiting for it already");
            return Err(self.error(ErrorKind::Timeout, seen));
        };
        let overloaded = &self.here().overloaded;
        overloaded.turn()?;
        let reply = self.answer(&pool, end, replay, draft, largest).await?;
        let Some(error) = failure::of_reply(&reply, self.server.address()) else {
            overloaded.succeeded();
            return Ok(reply);
        };
        let wants_rest = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE]
            .contains(&reply.status);
        match reply.retry_after {
            Some(pause) if wants_rest => overloaded.failed_for(&error, pause),
            _ => overloaded.succeeded(),
        }
        Err(error)
    }

    async fn answer(
        &self,
        pool: &Pool,
        end: Instant,
        replay: Replay,
        draft: &Draft,
        largest: usize,
    ) -> Result<Reply, Error> {
        let (connection, age) = match pool.take().await {
            Some(connection) => (connection, Age::Used),
            None => (self.dial(end).await?, Age::New),
        };
        let unanswered = match self.attempt(pool, connection, draft, largest, end).await {
            Ok(reply) => return Ok(reply),
            Err(unanswered) => unanswered,
        };
        let lost = unanswered.error.kind() == ErrorKind::Unavailable;
        if lost {
            // The others that were idle have most likely met the same.
            pool.forget();
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        if !unanswered.is_worth_another(replay, age) {
            return Err(unanswered.error);
        }
        let connection = self.dial(end).await?;
        let attempt = self.attempt(pool, connection, draft, largest, end).await;
        attempt.map_err(|unanswered| unanswered.error)
    }

    async fn attempt(
        &self,
        pool: &Pool,
        mut connection: Connection,
        draft: &Draft,
        largest: usize,
        end: Instant,
    ) -> Result<Reply, Unanswered> {
        let address = self.server.address();
        let deadline = end.min(Instant::now() + self.operation_timeout);
        match timeout_at(deadline, connection.send(draft, largest)).await {
            Ok(Ok(reply)) => {
                pool.keep(connection);
                Ok(reply)
            }
            Ok(Err(Broken::Lost { error, sent })) => {
                Err(Unanswered { error: failure::of_connection(&*error, address), sent })
            }
            Ok(Err(Broken::TooLarge { bytes, limit })) => {
                Err(Unanswered { error: failure::too_large(bytes, limit, address), sent: true })
            }
            Err(_) => {
                let seen = format!("no answer within {:?}", self.operation_timeout);
                Err(Unanswered { error: self.error(ErrorKind::Timeout, seen), sent: true })
            }
        }
    }

    async fn dial(&self, end: Instant) -> Result<Connection, Error> {
        let unreachable = &self.here().unreachable;
        unreachable.turn()?;
        let end = end.min(Instant::now() + self.connect_timeout);
        let dialled = timeout_at(end, self.server.dial()).await.unwrap_or_else(|_| {
            let seen = format!("no connection within {:?}", self.connect_timeout);
            Err(self.error(ErrorKind::Timeout, seen))
        });
        match &dialled {
            Ok(_) => unreachable.succeeded(),
            Err(error) => {
                self.losses.fetch_add(1, Ordering::Relaxed);
                unreachable.failed(error);
            }
        }
        dialled
    }

    fn pool(&self) -> Result<Arc<Pool>, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            self.error(ErrorKind::Misconfigured, "called outside a Tokio runtime".into())
        })?;
        let mut pools = self.here().by_runtime.lock();
        if let Some(pool) = pools.get(&runtime.id()) {
            return Ok(Arc::clone(pool));
        }
        // Runtimes end without telling, and their connections with them.
        pools.retain(|_, pool| Arc::strong_count(pool) > 1 || pool.is_in_use());
        let pool =
            Arc::new(Pool { idle: Mutex::default(), turns: Semaphore::new(MOST_CONNECTIONS) });
        pools.insert(runtime.id(), Arc::clone(&pool));
        Ok(pool)
    }

    fn here(&self) -> &Here {
        let backoff = || Backoff::new(Arc::clone(&self.clock), self.connect_timeout);
        self.here.get_or_init(|| Here {
            by_runtime: Mutex::default(),
            unreachable: backoff(),
            overloaded: backoff(),
        })
    }

    fn error(&self, kind: ErrorKind, seen: String) -> Error {
        Error::new(kind, &**self.server.address(), seen)
    }
}

impl Pool {
    /// The connection that was used last, if it may still be good.
    async fn take(&self) -> Option<Connection> {
        while let Some(Idle { connection, since }) = self.last() {
            let idle = since.elapsed();
            if idle >= STOOD_STILL {
                // A runtime without anything to do looks at its sockets, and then the driver runs.
                yield_now().await;
                yield_now().await;
            }
            if connection.is_open() && idle < LONGEST_IDLE {
                return Some(connection);
            }
        }
        None
    }

    fn last(&self) -> Option<Idle> {
        self.idle.lock().pop()
    }

    fn keep(&self, connection: Connection) {
        if connection.is_open() {
            self.idle.lock().push(Idle { connection, since: Instant::now() });
        }
    }

    fn forget(&self) {
        let lost = std::mem::take(&mut *self.idle.lock());
        drop(lost);
    }

    fn is_in_use(&self) -> bool {
        self.idle.lock().iter().any(|idle| idle.connection.is_open())
    }
}
