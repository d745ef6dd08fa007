//! Which directory an embedded store lies in.

use std::{env, fmt, path::PathBuf};

use cachekit_process::mapped::Durability;

use crate::{
    Error, ErrorKind,
    url::{KeepSlashes, Parts, decoded, encoded, malformed},
};

/// Read from an address.
///
/// * `file:///path/of/a/directory`, or `file:` for this user's own cache directory
/// * `shm://name`, in the memory of this machine
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EmbeddedConfig {
    pub(super) directory: PathBuf,
    pub(super) durability: Durability,
    shown: String,
}

const SHARED_MEMORY: &str = "/dev/shm";

impl EmbeddedConfig {
    pub(crate) fn file(parts: &Parts<'_>) -> Result<Self, Error> {
        if parts.userinfo.is_some() || !parts.host.is_empty() || parts.port.is_some() {
            return Err(malformed("a host before the path: write file:///path, three slashes"));
        }
        if !parts.query.is_empty() {
            return Err(malformed("a `?` after the path of a directory; percent-encode it"));
        }
        let path = decoded(parts.path, "path")?;
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.contains('\0') {
            return Err(malformed(
                "no path of a directory: write file:///path, or file: for your cache directory",
            ));
        }
        if path.split('/').any(|step| step == ".." || step == ".") {
            return Err(malformed("a `.` or `..` in the path; write it out"));
        }
        Ok(Self::in_directory(path))
    }

    /// `file:`: below the directory where this user's programs keep what they can make again.
    pub(crate) fn of_this_user() -> Result<Self, Error> {
        let named = |name| env::var(name).ok().filter(|path| path.starts_with('/'));
        let below_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        let caches = named("XDG_CACHE_HOME")
            .or_else(|| named("HOME").map(|home| format!("{home}/{below_home}")))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Misconfigured,
                    "file:",
                    "neither XDG_CACHE_HOME nor HOME is an absolute path, so there is no cache \
                     directory of this user; write file:///path",
                )
            })?;
        Ok(Self::in_directory(&format!("{}/cachekit", caches.trim_end_matches('/'))))
    }

    pub(crate) fn shared_memory(parts: &Parts<'_>) -> Result<Self, Error> {
        let name = parts.plain_name().ok_or_else(|| {
            malformed("shm:// wants a name alone: 1 to 64 letters, digits, `-`, `.` or `_`")
        })?;
        // The user is in the name: `/dev/shm` is everybody's.
        let user = rustix::process::geteuid().as_raw();
        Ok(Self {
            directory: format!("{SHARED_MEMORY}/cachekit-{user}-{name}").into(),
            durability: Durability::Kernel,
            shown: format!("shm://{name}"),
        })
    }

    fn in_directory(path: &str) -> Self {
        Self {
            directory: path.into(),
            durability: Durability::Disk,
            shown: format!("file://{}", encoded(path, KeepSlashes::Yes)),
        }
    }
}

impl fmt::Display for EmbeddedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
