//! Replies, read as strictly as they can be: whatever is not what the command promises is an
//! error, and never a miss.

use bytes::Bytes;

use super::{
    failure::Site,
    framing::{Refusal, Reply},
};
use crate::{Deleted, Error, ErrorKind, Swap};

/// An item as it was seen: its value, and the number that every write changes.
pub(super) struct Seen {
    pub(super) value: Bytes,
    pub(super) item: u64,
}

/// The reply to `mg … v`.
pub(super) fn entry(reply: Reply, site: &Site) -> Result<Option<Bytes>, Error> {
    match reply {
        Reply::Value { bytes, .. } => Ok(Some(bytes)),
        Reply::Miss => Ok(None),
        other => Err(unexpected(&other, site)),
    }
}

/// The reply to `mg … v c`.
pub(super) fn seen(reply: Reply, site: &Site) -> Result<Option<Seen>, Error> {
    match reply {
        Reply::Miss => Ok(None),
        // A write on the condition of number 0 would be one without any condition.
        Reply::Value { item: Some(0), .. } => Err(site.error(
            ErrorKind::Unsupported,
            "it was started without numbers for its items (-C), and nothing can be compared",
        )),
        Reply::Value { bytes, item: Some(item) } => Ok(Some(Seen { value: bytes, item })),
        other => Err(unexpected(&other, site)),
    }
}

/// The reply to `ms`.
pub(super) fn stored(reply: &Reply, site: &Site) -> Result<(), Error> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(other, site)),
    }
}

/// The reply to `ms … ME`, `ms … C` and `md … C`.
pub(super) fn swapped(reply: &Reply, site: &Site) -> Result<Swap, Error> {
    match reply {
        Reply::Done => Ok(Swap::Done),
        Reply::NotStored | Reply::Changed | Reply::NotFound => Ok(Swap::Refused),
        other => Err(unexpected(other, site)),
    }
}

/// The reply to `md`.
pub(super) fn deleted(reply: &Reply, site: &Site) -> Result<Deleted, Error> {
    match reply {
        Reply::Done => Ok(Deleted::Removed),
        Reply::NotFound => Ok(Deleted::Absent),
        other => Err(unexpected(other, site)),
    }
}

/// The reply to `mn`.
pub(super) fn greeted(reply: &Reply, site: &Site) -> Result<(), Error> {
    match reply {
        Reply::Alive => Ok(()),
        other => Err(unexpected(other, site)),
    }
}

/// Whether the server may have taken a part of the request for another command: nothing that
/// follows on the connection can be relied on.
pub(super) fn out_of_step(reply: &Reply) -> bool {
    matches!(reply, Reply::Refusal(Refusal::UnknownCommand | Refusal::Misread))
}

fn unexpected(reply: &Reply, site: &Site) -> Error {
    match reply {
        Reply::Refusal(refusal) => site.refused(*refusal),
        _ => site.unexpected(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site { address: "memcached://h:1".into(), server: "h:1".into() }
    }

    #[test]
    fn a_reply_to_another_command_is_no_miss() {
        for reply in [Reply::Done, Reply::NotFound, Reply::NotStored, Reply::Alive] {
            assert_eq!(entry(reply.clone(), &site()).unwrap_err().kind(), ErrorKind::Protocol);
            assert!(seen(reply, &site()).is_err());
        }
        let value = Reply::Value { bytes: Bytes::new(), item: None };
        for reply in [value, Reply::Miss, Reply::Alive] {
            assert!(stored(&reply, &site()).is_err());
            assert!(swapped(&reply, &site()).is_err());
            assert!(deleted(&reply, &site()).is_err());
            assert_eq!(greeted(&reply, &site()).is_ok(), reply == Reply::Alive);
        }
    }

    #[test]
    fn nothing_is_compared_without_a_number() {
        let numbered = |item| Reply::Value { bytes: Bytes::new(), item };
        assert!(seen(numbered(Some(1)), &site()).is_ok_and(|seen| seen.is_some()));
        let zero = seen(numbered(Some(0)), &site()).err().map(|error| error.kind());
        assert_eq!(zero, Some(ErrorKind::Unsupported));
        assert!(seen(numbered(None), &site()).is_err());
    }
}
