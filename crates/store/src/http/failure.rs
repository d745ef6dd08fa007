//! Which class a failure belongs to.
//!
//! A server's message is never repeated beyond its status and code: a proxy may quote the request.

use std::{error, io};

use hyper::StatusCode;
use serde::Deserialize;

use super::reply::Reply;
use crate::{Error, ErrorKind, tls};

/// An answer that is a failure, whatever the request was.
pub(super) fn of_reply(reply: &Reply, address: &str) -> Option<Error> {
    let status = reply.status;
    let (kind, seen) = match status.as_u16() {
        200 | 201 | 204 | 404 | 412 => return None,
        300..=399 => (
            ErrorKind::Protocol,
            "it redirects, and a redirection is not followed: the token would go along",
        ),
        401 => (
            ErrorKind::Refused,
            "it wants a token, or another one: CACHEKIT_API_KEY, or api_key in code",
        ),
        403 => (ErrorKind::Refused, "this token may not do that"),
        408 => (ErrorKind::Unavailable, "the request did not arrive in time"),
        413 => (ErrorKind::TooLarge, "the request or its answer is larger than it takes"),
        429 => (ErrorKind::Unavailable, "it has had enough requests of this token for now"),
        501 => (ErrorKind::Unsupported, "the store below it cannot do that"),
        504 => (ErrorKind::Timeout, "the store below it did not answer in time"),
        507 => (ErrorKind::Full, "it, or the quota of this token, is full"),
        500..=599 => {
            (ErrorKind::Unavailable, "it, or the store below it, is not able to at present")
        }
        _ => (ErrorKind::Protocol, "it refused the request"),
    };
    Some(Error::new(kind, address, format!("{seen} ({})", shown(reply))))
}

/// A status that is no answer to what was asked.
pub(super) fn unexpected(status: StatusCode, address: &str) -> Error {
    let seen = format!("a status that is no answer to the request ({})", status.as_u16());
    Error::new(ErrorKind::Protocol, address, seen)
}

/// Nothing is there, not even a place for it.
pub(super) fn no_such_path(address: &str) -> Error {
    let seen = "it has no such path (404); what stands before `/v1` must end the address";
    Error::new(ErrorKind::Misconfigured, address, seen)
}

/// Somebody on the way compressed what must stay as it is.
pub(super) fn encoded(address: &str) -> Error {
    let seen = "an answer in an encoding that was not asked for";
    Error::new(ErrorKind::Protocol, address, seen)
}

/// No answer, but an error of the connection.
pub(super) fn of_connection(error: &(dyn error::Error + 'static), address: &str) -> Error {
    let mut cause = Some(error);
    let mut garbled = false;
    while let Some(error) = cause {
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            garbled |= hyper.is_parse();
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if let Some(verdict) = io.get_ref().and_then(|inner| inner.downcast_ref()) {
                return tls::failure::of_tls(verdict, address);
            }
            garbled |=
                matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        }
        cause = error.source();
    }
    match garbled {
        true => Error::new(
            ErrorKind::Protocol,
            address,
            "bytes that are not HTTP, or headers without end",
        ),
        false => Error::new(ErrorKind::Unavailable, address, "the connection was lost"),
    }
}

/// The connection could not be made at all.
pub(super) fn of_dialling(error: io::Error, address: &str) -> Error {
    let seen = match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        _ => "no connection could be made",
    };
    Error::caused(ErrorKind::Unavailable, address, seen, error)
}

/// An answer that is, or announces, more than may be read.
pub(super) fn too_large(bytes: u64, limit: usize, address: &str) -> Error {
    let seen = format!("an answer of {bytes} bytes or more; the limit is {limit}");
    Error::new(ErrorKind::TooLarge, address, seen)
}

#[derive(Deserialize)]
struct Told {
    error: Code,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// The status, and the code if it is one: a hostile one could disturb a log.
fn shown(reply: &Reply) -> String {
    let status = reply.status.as_u16();
    let told: Option<Told> = serde_json::from_slice(&reply.body).ok();
    let plain = |code: &String| {
        code.len() <= 30 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    match told.map(|told| told.error.code).filter(plain) {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}
