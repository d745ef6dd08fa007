//! One connection to one server: made, signed in, used by many tasks at once.

use std::{io, sync::Arc};

use redis::{
    AsyncConnectionConfig, Pipeline, RedisConnectionInfo, RedisError, Value,
    aio::MultiplexedConnection, pipe,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    task::JoinHandle,
};

use super::{
    config::{Endpoint, Login, RedisConfig},
    failure,
    framing::Bounds,
    links::Request,
    wire::{Odometer, Traffic, Wire},
};
use crate::Error;

/// Requests of many tasks go out in one stream and their replies come back in the same order, so
/// a task that stops waiting leaves its reply to be dropped and disturbs nobody.
pub(super) struct Connection {
    requests: MultiplexedConnection,
    traffic: Arc<Traffic>,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Connects and signs in. Belongs to the runtime that calls, and to this process.
    pub(super) async fn dial(
        config: &RedisConfig,
        address: &str,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let failed = |error: io::Error| failure::of_dialling(error, address);
        let connection = match &config.endpoint {
            Endpoint::Tcp { host, port } => {
                let socket = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
                // Requests are small and whole when they are written: waiting for more only
                // adds to the round trip.
                socket.set_nodelay(true).map_err(failed)?;
                Self::over(socket, bounds).await
            }
            Endpoint::Unix(path) => {
                Self::over(UnixStream::connect(path).await.map_err(failed)?, bounds).await
            }
        };
        let connection = connection.map_err(|error| failure::of_connection(&error, address))?;
        connection.greet(config, address).await?;
        Ok(connection)
    }

    async fn over<S>(socket: S, bounds: Bounds) -> Result<Self, RedisError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (wire, traffic) = Wire::new(socket, bounds);
        // Signing in is ours (`greet`): the library takes any error there, a full server or one
        // that is loading, for a wrong password.
        let silent = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let (requests, driver) =
            MultiplexedConnection::new_with_config(&silent, wire, config).await?;
        Ok(Self { requests, traffic, driver: tokio::spawn(driver) })
    }

    /// Signs in, chooses the database, says who is there (`CLIENT LIST` shows it), in one round
    /// trip: a server that does not answer is found out here.
    async fn greet(&self, config: &RedisConfig, address: &str) -> Result<(), Error> {
        let (greeting, commands) = greeting(config);
        let replies = match self.send(&Request::Several(greeting)).await {
            Ok(Value::Array(replies)) => replies,
            Ok(_) => Vec::new(),
            Err(error) => return Err(failure::of_connection(&error, address)),
        };
        for (command, reply) in commands.iter().zip(&replies) {
            let Value::ServerError(error) = reply else { continue };
            // Before 7.2 there is no `CLIENT SETINFO`, and an ACL may forbid it: neither matters.
            let ignored = *command == "CLIENT" && matches!(error.code(), "ERR" | "NOPERM");
            if !ignored || failure::is_full_house(error) {
                return Err(failure::of_greeting(command, error, address));
            }
        }
        Ok(())
    }

    /// Sends a request and waits for its reply, without a bound on the time. An error reply is
    /// a [`Value`] too; an `Err` means that the connection is of no more use.
    pub(super) async fn send(&self, request: &Request) -> Result<Value, RedisError> {
        let mut requests = self.requests.clone();
        match request {
            Request::One(command) => requests.send_packed_command(command).await,
            Request::Several(pipeline) => {
                let replies = requests.send_packed_commands(pipeline, 0, pipeline.len()).await?;
                Ok(Value::Array(replies))
            }
        }
    }

    pub(super) fn traffic(&self) -> Odometer {
        self.traffic.read()
    }

    /// Whether it is known to be of no more use. On a runtime that stands still between calls
    /// only the next call finds out.
    pub(super) fn is_lost(&self) -> bool {
        self.driver.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn greeting(config: &RedisConfig) -> (Pipeline, Vec<&'static str>) {
    let mut pipeline = pipe();
    let mut commands = Vec::with_capacity(3);
    if let Some(Login { user, password }) = &config.login {
        pipeline.cmd("AUTH");
        if let Some(user) = user {
            pipeline.arg(user);
        }
        pipeline.arg(password);
        commands.push("AUTH");
    }
    if config.database != 0 {
        pipeline.cmd("SELECT").arg(config.database);
        commands.push("SELECT");
    }
    pipeline.cmd("CLIENT").arg("SETINFO").arg("LIB-NAME").arg("cachekit");
    commands.push("CLIENT");
    (pipeline, commands)
}
