//! A directory that nobody else can write to.
//!
//! Whoever can write to it can replace the file while it is mapped: entries of his making, or
//! a process that dies of reading past the file's end.

use std::{
    fs::{self, DirBuilder, Metadata},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{Error, ErrorKind};

const OTHERS_WRITE: u32 = 0o022;
const ANYBODY_WRITES: u32 = 0o002;
/// In such a directory, `/tmp`, only an entry's owner can rename or remove it.
const STICKY: u32 = 0o1000;

/// Makes the directory if there is none, and refuses one that another user could write to, or
/// put another in the place of. The answer is its path without symbolic links.
pub(super) fn prepare(directory: &Path, address: &str) -> Result<PathBuf, Error> {
    let failed = |error| unusable(directory, address, error);
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let directory = directory.canonicalize().map_err(failed)?;
    for (depth, path) in directory.ancestors().enumerate() {
        let found = fs::metadata(path).map_err(failed)?;
        let writers = if depth == 0 { OTHERS_WRITE } else { ANYBODY_WRITES };
        check(path, &found, writers, address)?;
    }
    Ok(directory)
}

fn check(path: &Path, found: &Metadata, writers: u32, address: &str) -> Result<(), Error> {
    let refused = |seen: String| Err(Error::new(ErrorKind::Refused, address, seen));
    let shown = path.display();
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != me {
        return refused(format!(
            "{shown} belongs to user {}, who could change what is stored; choose a directory of \
             your own",
            found.uid()
        ));
    }
    let kept_apart = writers == ANYBODY_WRITES && found.mode() & STICKY != 0;
    if found.mode() & writers != 0 && !kept_apart {
        let cure = if writers == OTHERS_WRITE { "chmod 700" } else { "chmod o-w" };
        return refused(format!(
            "other users can write to {shown} (mode {:04o}) and could change what is stored; run \
             `{cure} '{shown}'`",
            found.mode() & 0o7777
        ));
    }
    Ok(())
}

/// An error of the file system about something in the store's directory.
pub(super) fn unusable(path: &Path, address: &str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Refused,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => ErrorKind::Misconfigured,
        _ => ErrorKind::Unavailable,
    };
    let seen = format!("{} cannot be used: {error}", path.display());
    Error::caused(kind, address, seen, error)
}
