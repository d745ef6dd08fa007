//! Which class a failure belongs to.
//!
//! A server's message is never repeated beyond its code: Redis quotes the arguments of commands
//! that it does not know, and those may be somebody's data.

use std::{error::Error as _, io, sync::Arc};

use redis::{RedisError, ServerError};

use super::framing::Violation;
use crate::{Error, ErrorKind};

/// An error reply to a command.
pub(super) fn of_server(error: &ServerError, address: &str) -> Error {
    let code = error.code();
    let (kind, seen) = match code {
        "NOAUTH" | "WRONGPASS" => (ErrorKind::Refused, "it wants another user or password"),
        "NOPERM" => (ErrorKind::Refused, "this user may not run the command on the key"),
        "DENIED" => (ErrorKind::Refused, "it is in protected mode"),
        "OOM" => (ErrorKind::Full, "over maxmemory, and nothing is evicted"),
        "LOADING" => (ErrorKind::Unavailable, "still loading its data"),
        "BUSY" => (ErrorKind::Unavailable, "busy with a script that does not end"),
        "READONLY" => (ErrorKind::Unavailable, "this is a replica, or a demoted master"),
        "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => (ErrorKind::Unavailable, "failing over"),
        "NOREPLICAS" => {
            (ErrorKind::Unavailable, "too few replicas follow, and so it refuses writes")
        }
        "MISCONF" => (ErrorKind::Unavailable, "it cannot persist, and so refuses writes"),
        "MOVED" | "ASK" | "CROSSSLOT" => (ErrorKind::Unsupported, "it is a node of a cluster"),
        "WRONGTYPE" => (ErrorKind::Protocol, "the key holds something that is no string"),
        _ if is_full_house(error) => (ErrorKind::Unavailable, "it has as many clients as it may"),
        _ => (ErrorKind::Protocol, "it refused the command"),
    };
    Error::new(kind, address, format!("{seen} ({})", shown_code(code)))
}

/// Why signing in failed: an error reply to `AUTH`, `SELECT` or `CLIENT`.
pub(super) fn of_greeting(command: &str, error: &ServerError, address: &str) -> Error {
    let plain = of_server(error, address);
    if plain.kind() != ErrorKind::Protocol {
        return plain;
    }
    let (kind, seen) = match command {
        "AUTH" => (ErrorKind::Refused, "it did not accept user and password"),
        "SELECT" => (ErrorKind::Misconfigured, "it has no database of that number"),
        _ => return plain,
    };
    Error::new(kind, address, format!("{seen} ({})", shown_code(error.code())))
}

/// No reply, but an error of the connection.
pub(super) fn of_connection(error: &RedisError, address: &str) -> Error {
    if let Some(violation) = violation(error) {
        return of_violation(*violation, address);
    }
    match error.kind() {
        redis::ErrorKind::Io => {
            Error::new(ErrorKind::Unavailable, address, "the connection was lost")
        }
        redis::ErrorKind::Parse => Error::new(ErrorKind::Protocol, address, NOT_REDIS),
        _ => Error::new(ErrorKind::Protocol, address, "the answer could not be used"),
    }
}

/// A reply that is over its bound, or none.
pub(super) fn of_violation(violation: Violation, address: &str) -> Error {
    match violation {
        Violation::TooLarge { bytes, limit } => Error::new(
            ErrorKind::TooLarge,
            address,
            format!("an answer of {bytes} bytes or more; the limit is {limit}"),
        ),
        Violation::NotRedis => Error::new(ErrorKind::Protocol, address, NOT_REDIS),
    }
}

/// The connection could not be made at all.
pub(super) fn of_dialling(error: io::Error, address: &str) -> Error {
    let seen = match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::NotFound => "there is no such socket",
        io::ErrorKind::PermissionDenied => "this user may not open the socket",
        _ => "no connection could be made",
    };
    Error::caused(ErrorKind::Unavailable, address, seen, error)
}

const NOT_REDIS: &str = "bytes that are not the Redis protocol";

/// What [`super::wire`] found, where the library passes it on: to the call whose reply it was.
fn violation(error: &RedisError) -> Option<&Violation> {
    let source = error.source()?;
    // The library shows what it wraps as the `Arc` in which it keeps it.
    let source = match source.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>() {
        Some(shared) => shared.downcast_ref::<io::Error>(),
        None => source.downcast_ref::<io::Error>(),
    };
    source?.get_ref()?.downcast_ref()
}

/// Redis has no code of its own for "too many clients".
pub(super) fn is_full_house(error: &ServerError) -> bool {
    error.details().is_some_and(|details| details.contains("max number of clients"))
}

/// The code as Redis writes them, or nothing of it: a hostile one could disturb a log.
fn shown_code(code: &str) -> &str {
    let plain = code.len() <= 20 && code.bytes().all(|b| b.is_ascii_uppercase());
    if plain { code } else { "an unreadable code" }
}
