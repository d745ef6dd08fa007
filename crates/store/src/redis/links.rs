//! The connection to a server that a call uses, and what is done when it breaks under the call.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Pipeline, Value};
use tokio::time::{Instant, timeout_at};

use super::{connection::Connection, server::Server};
pub(super) use crate::by_runtime::Replay;
use crate::{
    Error, ErrorKind, StoreOptions,
    by_runtime::{Age, ByRuntime, Held, Link, Unanswered},
};

/// What is sent in one go.
pub(super) enum Request {
    One(Cmd),
    Several(Pipeline),
}

/// The connections to one server.
pub(super) struct Links {
    server: Server,
    connect_timeout: Duration,
    operation_timeout: Duration,
    connections: ByRuntime<Connection>,
}

impl Links {
    pub(super) fn new(server: Server, options: &StoreOptions) -> Self {
        Self {
            connections: ByRuntime::new(Arc::clone(server.address()), "", options),
            server,
            connect_timeout: options.connect_timeout(),
            operation_timeout: options.operation_timeout(),
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
        let link = self.connections.link()?;
        let held = self.connection(&link, end).await?;
        let unanswered = match self.attempt(&link, &held, request, end).await {
            Ok(reply) => return Ok(reply),
            Err(unanswered) => unanswered,
        };
        if !unanswered.is_worth_another(replay, held.age) {
            return Err(unanswered.error);
        }
        let held = self.connection(&link, end).await?;
        self.attempt(&link, &held, request, end).await.map_err(|failed| failed.error)
    }

    async fn connection(
        &self,
        link: &Link<Connection>,
        end: Instant,
    ) -> Result<Held<Connection>, Error> {
        self.connections.connection(link, end, || self.server.dial()).await
    }

    async fn attempt(
        &self,
        link: &Link<Connection>,
        Held { connection, age }: &Held<Connection>,
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
                let error = Error::new(ErrorKind::Timeout, &**self.server.address(), seen);
                Err(Unanswered { error, sent })
            }
        }
    }
}
