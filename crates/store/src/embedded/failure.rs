//! LMDB's errors, sorted into the contract's.

use std::io;

use heed::MdbError;

use crate::{Error, ErrorKind};

/// Whether forgetting entries can help.
pub(super) fn is_full(error: &heed::Error) -> bool {
    match error {
        heed::Error::Mdb(MdbError::MapFull | MdbError::TxnFull) => true,
        heed::Error::Io(error) => {
            matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        }
        _ => false,
    }
}

/// Whether the file itself is not what it should be.
pub(super) fn is_damage(error: &heed::Error) -> bool {
    matches!(
        error,
        heed::Error::Mdb(
            MdbError::Corrupted
                | MdbError::PageNotFound
                | MdbError::Invalid
                | MdbError::VersionMismatch
                | MdbError::Incompatible
                | MdbError::Panic
                | MdbError::BadDbi
        )
    )
}

/// As the caller gets it.
pub(super) fn sorted(error: heed::Error, address: &str) -> Error {
    let (kind, seen) = if is_full(&error) {
        (ErrorKind::Full, "no room was left, even after entries were forgotten")
    } else if is_damage(&error) {
        (
            ErrorKind::Protocol,
            "the file is damaged; it is set aside when the next process opens it after all that \
             use it have ended",
        )
    } else {
        (ErrorKind::Unavailable, "the file could not be read or written")
    };
    Error::caused(kind, address, seen, error)
}
