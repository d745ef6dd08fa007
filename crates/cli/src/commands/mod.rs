//! One file for each command, and why one can fail.

pub(crate) mod serve;

use std::{io, path::PathBuf};

/// What ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program of ours is not installed.
    #[error(
        "{program} is neither beside this program nor on PATH; install it with `cargo install \
         --path crates/server`"
    )]
    Missing { program: &'static str },
    /// It is there and does not start.
    #[error("{path} cannot be started: {source}")]
    NotStarted { path: PathBuf, source: io::Error },
}

impl Error {
    /// The shell's own: 127 for what is not there, 126 for what cannot be run.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. } => 127,
            Self::NotStarted { .. } => 126,
        }
    }
}
