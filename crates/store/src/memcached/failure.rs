//! Which class a failure belongs to.

use std::{io, sync::Arc};

use super::framing::{Refusal, Violation};
use crate::{Error, ErrorKind};

/// Where a failure was: the store, and which of its servers.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) address: Arc<str>,
    pub(super) server: Box<str>,
}

impl Site {
    pub(super) fn error(&self, kind: ErrorKind, seen: &str) -> Error {
        Error::new(kind, &*self.address, format!("{}: {seen}", self.server))
    }

    /// An error reply.
    pub(super) fn refused(&self, refusal: Refusal) -> Error {
        let (kind, seen) = match refusal {
            Refusal::UnknownCommand => {
                (ErrorKind::Unsupported, "it does not know the meta commands of memcached 1.6")
            }
            Refusal::TooManyConnections => {
                (ErrorKind::Unavailable, "it has as many clients as it may (-c)")
            }
            Refusal::TooLarge => (
                ErrorKind::TooLarge,
                "the entry is over its largest item (-I); give the address the server's own \
                 bound with ?item_size=",
            ),
            Refusal::OutOfMemory => (ErrorKind::Full, "out of memory (-m), and nothing is evicted"),
            Refusal::Unauthenticated => {
                (ErrorKind::Refused, "it wants user and password (-Y), which are not supported")
            }
            Refusal::Misread => (ErrorKind::Protocol, "it could not read the command"),
            Refusal::Failed => (ErrorKind::Unavailable, "it failed to do what was asked"),
        };
        self.error(kind, seen)
    }

    /// A stream that is not read any further.
    pub(super) fn garbled(&self, violation: Violation) -> Error {
        match violation {
            Violation::TooLarge { bytes, limit } => self.error(
                ErrorKind::TooLarge,
                &format!("an answer of {bytes} bytes or more; the limit is {limit}"),
            ),
            Violation::NotMemcached => {
                self.error(ErrorKind::Protocol, "bytes that are not the reply of a memcached")
            }
        }
    }

    /// A reply that the protocol knows, and the command does not.
    pub(super) fn unexpected(&self) -> Error {
        self.error(ErrorKind::Protocol, "a reply of another type than the command's")
    }

    pub(super) fn lost(&self) -> Error {
        self.error(ErrorKind::Unavailable, "the connection was lost")
    }

    /// The connection could not be made at all.
    pub(super) fn not_dialled(&self, error: io::Error) -> Error {
        let seen = match error.kind() {
            io::ErrorKind::ConnectionRefused => "the connection was refused",
            _ => "no connection could be made",
        };
        let seen = format!("{}: {seen}", self.server);
        Error::caused(ErrorKind::Unavailable, &*self.address, seen, error)
    }
}
