//! One connection to one server, used by many tasks at once.

use std::sync::Arc;

use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisError, Value, aio::MultiplexedConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};

use super::{
    failure,
    framing::Bounds,
    links::Request,
    wire::{Odometer, Traffic, Wire},
};
use crate::{Error, by_runtime::Connected, tls};

/// Requests of many tasks go out in one stream and their replies come back in the same order, so
/// a task that stops waiting leaves its reply to be dropped and disturbs nobody.
pub(super) struct Connection {
    requests: MultiplexedConnection,
    traffic: Arc<Traffic>,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Takes over a socket whose `traffic` is counted beneath whatever encrypts it.
    pub(super) async fn over<S>(
        socket: S,
        traffic: Arc<Traffic>,
        bounds: Bounds,
    ) -> Result<Self, RedisError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let wire = Wire::new(socket, Arc::clone(&traffic), bounds);
        // Signing in is the server's part: the library takes any error there, a full server or
        // one that is loading, for a wrong password.
        let silent = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let (requests, driver) =
            MultiplexedConnection::new_with_config(&silent, wire, config).await?;
        Ok(Self { requests, traffic, driver: tokio::spawn(driver) })
    }

    /// Sends a request and waits for its reply, without a bound on the time. An error reply is
    /// a [`Value`] too; an `Err` means that the connection is of no more use.
    pub(super) async fn send(&self, request: &Request) -> Result<Value, RedisError> {
        let mut requests = self.requests.clone();
        match request {
            Request::One(command) => requests.send_packed_command(command).await,
            Request::Several(pipeline) => {
                let sending = requests.send_packed_commands(pipeline, 0, pipeline.len());
                Ok(Value::Array(Box::pin(sending).await?))
            }
        }
    }

    /// Why [`send`](Self::send) failed.
    pub(super) fn failure(&self, error: &RedisError, address: &str) -> Error {
        match self.traffic.verdict() {
            Some(verdict) => tls::failure::of_tls(verdict, address),
            None => failure::of_connection(error, address),
        }
    }

    /// Why [`send`](Self::send) of several commands failed. The library drops the reason if it was
    /// not about the last of them; here it is told although it may be about another call's.
    pub(super) fn failure_of_several(&self, error: &RedisError, address: &str) -> Error {
        match self.traffic.violation() {
            Some(violation) => failure::of_violation(violation, address),
            None => self.failure(error, address),
        }
    }

    pub(super) fn traffic(&self) -> Odometer {
        self.traffic.read()
    }
}

impl Connected for Connection {
    /// On a runtime that stands still between calls only the next call finds out.
    fn is_lost(&self) -> bool {
        self.driver.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
