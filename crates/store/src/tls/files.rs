//! The files that an address names, all in PEM.

use std::{fmt, path::PathBuf};

use crate::{
    Error,
    url::{decoded, malformed, shown},
};

/// Whom we trust, and who we are.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Trusted in place of the system's certificate authorities.
    pub(super) authorities: Option<PathBuf>,
    pub(super) identity: Option<Identity>,
}

/// A client certificate, with what leads from it to its authority, and its private key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

/// What the settings of an address say.
#[derive(Default)]
pub(crate) struct GivenFiles {
    authorities: Option<PathBuf>,
    chain: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl GivenFiles {
    /// Takes `ca`, `cert` or `key`. Whether it was there before.
    pub(crate) fn put(&mut self, name: &str, value: &str) -> Result<bool, Error> {
        let place = match name {
            "ca" => &mut self.authorities,
            "cert" => &mut self.chain,
            _ => &mut self.key,
        };
        Ok(place.replace(file(name, value)?).is_some())
    }

    pub(crate) fn into_files(self) -> Result<TlsFiles, Error> {
        let identity = match (self.chain, self.key) {
            (None, None) => None,
            (Some(chain), Some(key)) => Some(Identity { chain, key }),
            _ => return Err(malformed("one of `cert` and `key` without the other")),
        };
        Ok(TlsFiles { authorities: self.authorities, identity })
    }
}

/// Absolute, because a service does not say from where it is started.
fn file(name: &str, value: &str) -> Result<PathBuf, Error> {
    let path = decoded(value, "path")?;
    if !path.starts_with('/') || path.contains('\0') {
        return Err(malformed(format!("a `{name}` that is no absolute path of a file")));
    }
    Ok(path.into())
}

/// As the settings of an address.
impl fmt::Display for TlsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authorities, identity } = self;
        if let Some(authorities) = authorities {
            write!(f, "?ca={}", shown(authorities))?;
        }
        let Some(Identity { chain, key }) = identity else { return Ok(()) };
        let joint = if authorities.is_some() { '&' } else { '?' };
        write!(f, "{joint}cert={}&key={}", shown(chain), shown(key))
    }
}
