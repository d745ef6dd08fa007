//! The connection to a server that a call uses, and what is done when it breaks under the call.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    command::{self, Request},
    config::Server,
    connection::{Broken, Connection},
    failure::Site,
    framing::{Bounds, Reply},
    reply,
};
pub(super) use crate::by_runtime::{Replay, Unanswered};
use crate::{
    Error, ErrorKind, StoreOptions,
    by_runtime::{ByRuntime, Held, Link},
};

/// The connections to one server.
pub(super) struct Links {
    server: Server,
    site: Site,
    bounds: Bounds,
    connect_timeout: Duration,
    operation_timeout: Duration,
    connections: ByRuntime<Connection>,
}

/// A connection, in the hands of one call.
pub(super) struct Line<'l> {
    links: &'l Links,
    link: Arc<Link<Connection>>,
    held: Held<Connection>,
    end: Instant,
}

/// An answer that ends the call, whatever it says.
impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self { error, sent: true }
    }
}

impl Links {
    pub(super) fn new(server: Server, site: Site, bounds: Bounds, options: &StoreOptions) -> Self {
        let address = Arc::clone(&site.address);
        Self {
            connections: ByRuntime::new(address, site.server.clone(), options),
            server,
            site,
            bounds,
            connect_timeout: options.connect_timeout(),
            operation_timeout: options.operation_timeout(),
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
                line.ask(request).await.map_err(|unanswered| unanswered.error)
            }
        }
    }

    /// This runtime's connection, made if there is none.
    pub(super) async fn line(&self) -> Result<Line<'_>, Error> {
        let link = self.connections.link()?;
        let end = Instant::now() + self.connect_timeout + self.operation_timeout;
        self.line_until(link, end).await
    }

    async fn line_until(
        &self,
        link: Arc<Link<Connection>>,
        end: Instant,
    ) -> Result<Line<'_>, Error> {
        let held = self.connections.connection(&link, end, || self.dial()).await?;
        Ok(Line { links: self, link, held, end })
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

    fn unanswered(&self, broken: &Broken) -> Unanswered {
        match *broken {
            Broken::Lost { sent } => Unanswered { error: self.site.lost(), sent },
            Broken::Garbled(violation) => self.site.garbled(violation).into(),
        }
    }
}

impl<'l> Line<'l> {
    /// Where errors say that they were.
    pub(super) fn site(&self) -> &'l Site {
        &self.links.site
    }

    /// Sends a request on this very connection and returns its replies.
    pub(super) async fn ask(&self, request: &Request) -> Result<Vec<Reply>, Unanswered> {
        let Self { links, link, held: Held { connection, .. }, .. } = self;
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
        if unanswered.is_worth_another(replay, self.held.age) {
            return self.links.line_until(self.link, self.end).await;
        }
        Err(unanswered.error)
    }
}
