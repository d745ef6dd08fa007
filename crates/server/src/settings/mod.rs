//! What the operator wants: flags, then environment, then file, then defaults.

mod args;
mod file;
mod quantity;
mod resolve;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

pub use args::Args;
pub(crate) use args::{Command, LogLevel};

use crate::token::{Digest, Holders};

/// Checked, and nothing left open.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) admin_token: Option<Digest>,
    /// Empty, or with a leading slash and no trailing one.
    pub(crate) base: String,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) store: String,
    pub(crate) capacity: usize,
    pub(crate) largest_entry: usize,
    pub(crate) default_ttl: Duration,
    pub(crate) limits: Limits,
    pub(crate) holders: Arc<Holders>,
    pub(crate) announce: Announce,
    pub(crate) log: LogLevel,
}

/// A certificate with its chain, and its private key, in PEM.
#[derive(Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What no client can exceed.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    /// Without a complete head of a request; between two requests, too.
    pub(crate) idle: Duration,
    /// For a whole body, and for the client to take some of an answer.
    pub(crate) transfer: Duration,
    /// For requests in flight once the server was told to end.
    pub(crate) shutdown: Duration,
    /// Bytes of bodies and answers in memory at once.
    pub(crate) in_flight: usize,
}

/// How the addresses are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announce {
    Text,
    Json,
}
