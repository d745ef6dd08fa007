//! One server: how a connection to it is made.

use std::sync::Arc;

use tokio::net::TcpStream;

use super::{
    config::{HttpConfig, Way},
    connection::Connection,
    failure,
};
use crate::{Error, ErrorKind, tls::Tls};

/// Where it is, and what may lie between.
pub(super) struct Server {
    host: String,
    port: u16,
    way: Road,
    address: Arc<str>,
}

enum Road {
    Encrypted(Tls),
    Loopback,
    Unencrypted,
}

impl Server {
    pub(super) fn new(config: &HttpConfig, address: Arc<str>) -> Self {
        let way = match &config.way {
            Way::Encrypted(files) => Road::Encrypted(Tls::new(files.clone())),
            Way::Loopback => Road::Loopback,
            Way::Unencrypted => Road::Unencrypted,
        };
        Self { host: config.host.clone(), port: config.port, way, address }
    }

    pub(super) fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// A connection that belongs to the runtime that calls, and to this process.
    pub(super) async fn dial(&self) -> Result<Connection, Error> {
        let failed = |error| failure::of_dialling(error, &self.address);
        let place = (&*self.host, self.port);
        let socket = TcpStream::connect(place).await.map_err(failed)?;
        // Requests are whole when they are written: waiting for more only adds to the round trip.
        socket.set_nodelay(true).map_err(failed)?;
        let connection = match &self.way {
            Road::Encrypted(tls) => {
                let encrypted = tls.encrypt(socket, &self.host, &self.address).await;
                let encrypted = encrypted.inspect_err(|_| tls.forget())?;
                Connection::over(encrypted).await
            }
            Road::Loopback => {
                // `localhost` is what the system's files make of it.
                if !socket.peer_addr().map_err(failed)?.ip().is_loopback() {
                    let seen = "a host that is not this machine after all: write https://";
                    return Err(Error::new(ErrorKind::Misconfigured, &*self.address, seen));
                }
                Connection::over(socket).await
            }
            Road::Unencrypted => Connection::over(socket).await,
        };
        connection.map_err(|error| failure::of_connection(&error, &self.address))
    }
}
