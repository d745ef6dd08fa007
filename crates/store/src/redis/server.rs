//! One server: how a connection to it is made and signed in.

use std::{io, sync::Arc};

use redis::{Pipeline, Value, pipe};
use tokio::net::{TcpStream, UnixStream};

use super::{
    config::{Endpoint, Login, RedisConfig},
    connection::Connection,
    failure,
    framing::Bounds,
    links::Request,
    wire::{Counted, Traffic},
};
use crate::{Error, ErrorKind, tls::Tls};

/// Where it is, who we are to it, and how much it may answer.
pub(super) struct Server {
    config: RedisConfig,
    tls: Option<Tls>,
    address: Arc<str>,
    bounds: Bounds,
    role: Role,
}

/// What a server must say that it is before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Whatever it is.
    Any,
    /// The one of its replicas that takes writes.
    Primary,
}

impl Server {
    /// `address` is what errors say; of a node it is the cluster's.
    pub(super) fn new(config: RedisConfig, address: Arc<str>, bounds: Bounds, role: Role) -> Self {
        let tls = match &config.endpoint {
            Endpoint::Tls { files, .. } => Some(Tls::new(files.clone())),
            Endpoint::Tcp { .. } | Endpoint::Unix(_) => None,
        };
        Self { config, tls, address, bounds, role }
    }

    pub(super) fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// Connects and signs in. The connection belongs to the runtime that calls, and to this
    /// process.
    pub(super) async fn dial(&self) -> Result<Connection, Error> {
        let dialled = self.try_dial().await;
        if let (Err(_), Some(tls)) = (&dialled, &self.tls) {
            tls.forget();
        }
        dialled
    }

    async fn try_dial(&self) -> Result<Connection, Error> {
        let connection = self.connect().await?;
        self.greet(&connection).await?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let traffic = Arc::<Traffic>::default();
        let shared = Arc::clone(&traffic);
        let connection = match (&self.config.endpoint, &self.tls) {
            (Endpoint::Tls { host, port, .. }, Some(tls)) => {
                let socket = self.tcp(host, *port).await?;
                let socket = Counted::new(socket, shared);
                let socket = tls.encrypt(socket, host, &self.address).await?;
                Connection::over(socket, traffic, self.bounds).await
            }
            (Endpoint::Tcp { host, port } | Endpoint::Tls { host, port, .. }, _) => {
                let socket = Counted::new(self.tcp(host, *port).await?, shared);
                Connection::over(socket, traffic, self.bounds).await
            }
            (Endpoint::Unix(path), _) => {
                let socket = UnixStream::connect(path).await.map_err(|error| self.failed(error))?;
                Connection::over(Counted::new(socket, shared), traffic, self.bounds).await
            }
        };
        connection.map_err(|error| failure::of_connection(&error, &self.address))
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, Error> {
        let failed = |error| self.failed(error);
        let socket = TcpStream::connect((host, port)).await.map_err(failed)?;
        // Requests are small and whole when they are written: waiting for more only adds to the
        // round trip.
        socket.set_nodelay(true).map_err(failed)?;
        Ok(socket)
    }

    fn failed(&self, error: io::Error) -> Error {
        failure::of_dialling(error, &self.address)
    }

    /// Signs in, chooses the database, says who is there (`CLIENT LIST` shows it), in one round
    /// trip: a server that does not answer is found out here.
    async fn greet(&self, connection: &Connection) -> Result<(), Error> {
        let (greeting, commands) = greeting(&self.config, self.role);
        let replies = match connection.send(&Request::Several(greeting)).await {
            Ok(Value::Array(replies)) => replies,
            Ok(_) => Vec::new(),
            Err(error) => return Err(connection.failure(&error, &self.address)),
        };
        for (command, reply) in commands.iter().zip(&replies) {
            if *command == "INFO" && !says_primary(reply) && !is_error(reply) {
                let seen = "the sentinels name a server that is a replica, as yet or by now";
                return Err(Error::new(ErrorKind::Unavailable, &*self.address, seen));
            }
            let Value::ServerError(error) = reply else { continue };
            // Before 7.2 there is no `CLIENT SETINFO`, and an ACL may forbid it: neither matters.
            let ignored = *command == "CLIENT" && matches!(error.code(), "ERR" | "NOPERM");
            if !ignored || failure::is_full_house(error) {
                return Err(failure::of_greeting(command, error, &self.address));
            }
        }
        Ok(())
    }
}

fn is_error(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(_))
}

/// `INFO` is asked, not `ROLE`: its answer is one string, which is bounded like any other.
fn says_primary(reply: &Value) -> bool {
    let Value::BulkString(info) = reply else { return false };
    info.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end() == b"role:master")
}

fn greeting(config: &RedisConfig, role: Role) -> (Pipeline, Vec<&'static str>) {
    let mut pipeline = pipe();
    let mut commands = Vec::with_capacity(4);
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
    if role == Role::Primary {
        pipeline.cmd("INFO").arg("replication");
        commands.push("INFO");
    }
    pipeline.cmd("CLIENT").arg("SETINFO").arg("LIB-NAME").arg("cachekit");
    commands.push("CLIENT");
    (pipeline, commands)
}
