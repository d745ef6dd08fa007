//! Answers, read as strictly as they can be: whatever is not what was asked for is an error, and
//! never a miss.

use std::time::Duration;

use bytes::Bytes;
use hyper::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, RETRY_AFTER},
};

use super::{batch::Unreadable, failure};
use crate::{Deleted, Error, ErrorKind, Swap};

/// An answer, read within its bound.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) retry_after: Option<Duration>,
    /// Encoded in a way that was not asked for.
    pub(super) encoded: bool,
}

impl Reply {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
        let encoded = encoding.is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = seconds.and_then(|text| text.parse::<u32>().ok());
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Self { status, body, retry_after, encoded }
    }

    /// To `GET`.
    pub(super) fn entry(self, address: &str) -> Result<Option<Bytes>, Error> {
        match self.status {
            StatusCode::OK if self.encoded => Err(failure::encoded(address)),
            StatusCode::OK => Ok(Some(self.body)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(failure::unexpected(self.status, address)),
        }
    }

    /// To `PUT` without a condition.
    pub(super) fn stored(self, address: &str) -> Result<(), Error> {
        match self.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            StatusCode::NOT_FOUND => Err(failure::no_such_path(address)),
            _ => Err(failure::unexpected(self.status, address)),
        }
    }

    /// To `PUT` with a condition.
    pub(super) fn swapped(self, address: &str) -> Result<Swap, Error> {
        match self.status {
            StatusCode::PRECONDITION_FAILED => Ok(Swap::Refused),
            _ => self.stored(address).map(|()| Swap::Done),
        }
    }

    /// To `DELETE` with a condition.
    pub(super) fn swapped_away(self, address: &str) -> Result<Swap, Error> {
        match self.status {
            StatusCode::PRECONDITION_FAILED => Ok(Swap::Refused),
            _ => Ok(match self.deleted(address)? {
                Deleted::Removed => Swap::Done,
                Deleted::Absent => Swap::Refused,
            }),
        }
    }

    /// To `DELETE`.
    pub(super) fn deleted(self, address: &str) -> Result<Deleted, Error> {
        match self.status {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(Deleted::Removed),
            StatusCode::NOT_FOUND => Ok(Deleted::Absent),
            _ => Err(failure::unexpected(self.status, address)),
        }
    }

    /// To `POST …/batch`.
    pub(super) fn batch<T>(
        self,
        address: &str,
        read: impl FnOnce(Bytes) -> Result<T, Unreadable>,
    ) -> Result<T, Error> {
        match self.status {
            StatusCode::OK if self.encoded => return Err(failure::encoded(address)),
            StatusCode::OK => {}
            _ => return Err(failure::unexpected(self.status, address)),
        }
        read(self.body).map_err(|unreadable| match unreadable {
            Unreadable::Malformed => {
                let seen = "an answer that is not the one to a batch";
                Error::new(ErrorKind::Protocol, address, seen)
            }
            Unreadable::TooLarge(bytes) => {
                let seen = format!("an entry of {bytes} bytes, over the limit");
                Error::new(ErrorKind::TooLarge, address, seen)
            }
        })
    }
}
