//! Replies, read as strictly as they can be: whatever is not what the command promises is an
//! error, and never a miss.

use bytes::Bytes;
use redis::Value;

use super::failure;
use crate::{Deleted, Error, ErrorKind, Swap};

/// The reply to `MGET`.
pub(super) fn entries(
    reply: Value,
    asked: usize,
    address: &str,
) -> Result<Vec<Option<Bytes>>, Error> {
    let Value::Array(values) = reply else {
        return Err(unexpected(reply, address));
    };
    if values.len() != asked {
        let seen = format!("{} values where {asked} were asked for", values.len());
        return Err(Error::new(ErrorKind::Protocol, address, seen));
    }
    values
        .into_iter()
        .map(|value| match value {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => Ok(Some(Bytes::from(bytes))),
            other => Err(unexpected(other, address)),
        })
        .collect()
}

/// The reply to `SET`.
pub(super) fn stored(reply: Value, address: &str) -> Result<(), Error> {
    match reply {
        Value::Okay => Ok(()),
        other => Err(unexpected(other, address)),
    }
}

/// The reply to `SET … NX`.
pub(super) fn stored_if_absent(reply: Value, address: &str) -> Result<Swap, Error> {
    match reply {
        Value::Okay => Ok(Swap::Done),
        Value::Nil => Ok(Swap::Refused),
        other => Err(unexpected(other, address)),
    }
}

/// The reply of a compare script.
pub(super) fn swapped(reply: Value, address: &str) -> Result<Swap, Error> {
    match reply {
        Value::Int(1) => Ok(Swap::Done),
        Value::Int(0) => Ok(Swap::Refused),
        other => Err(unexpected(other, address)),
    }
}

/// The reply to `DEL` of one key.
pub(super) fn deleted(reply: Value, address: &str) -> Result<Deleted, Error> {
    match reply {
        Value::Int(1) => Ok(Deleted::Removed),
        Value::Int(0) => Ok(Deleted::Absent),
        other => Err(unexpected(other, address)),
    }
}

pub(super) fn unexpected(reply: Value, address: &str) -> Error {
    match reply {
        Value::ServerError(error) => failure::of_server(&error, address),
        _ => Error::new(ErrorKind::Protocol, address, "a reply of another type than the command's"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_of_the_wrong_shape_is_no_miss() {
        for reply in [
            Value::Nil,
            Value::Okay,
            Value::Array(vec![]),
            Value::Array(vec![Value::Nil, Value::Nil]),
            Value::Array(vec![Value::Int(1)]),
        ] {
            let shown = format!("{reply:?}");
            let error = entries(reply, 1, "").expect_err(&shown);
            assert_eq!(error.kind(), ErrorKind::Protocol, "{shown}");
        }
    }

    #[test]
    fn counts_other_than_none_and_one_are_refused() {
        assert!(swapped(Value::Int(2), "").is_err());
        assert!(deleted(Value::Int(-1), "").is_err());
    }
}
