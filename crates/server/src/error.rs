//! Why the server did not start, or did not end well; each with an exit code of its own.

use std::{io, net::SocketAddr, path::PathBuf};

/// What ends the process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A flag, a variable or a line of a file that makes no sense, or that would be unsafe.
    #[error("{0}")]
    Settings(String),
    /// A file that is named in the settings and cannot be used.
    #[error("{path}: {seen}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        seen: String,
    },
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {source}; choose another with --listen or --admin")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] cachekit_store::Error),
    /// The process could not be set up: no threads, no signals.
    #[error("cannot start: {0}")]
    Process(#[from] io::Error),
    /// It was told to end, and some requests took too long to wait for.
    #[error("ended with {0} connections still at work")]
    CutShort(usize),
}

impl Error {
    /// As `--help` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::File { .. } => 2,
            Self::Listen { .. } => 3,
            Self::Store(_) => 4,
            Self::Process(_) | Self::CutShort(_) => 1,
        }
    }
}
