//! Where an HTTP store is, and what is asked of the way to it.

use std::{fmt, net::IpAddr};

use crate::{
    Error,
    tls::{GivenFiles, TlsFiles},
    url::{self, KeepSlashes, Parts, decoded, encoded, malformed, unknown_setting, write_place},
};

/// `https://host[:port][/base]`, with `?ca=/path`, `cert=/path` and `key=/path`, and
/// `server=plain`; `http://…` to this machine, or with `?unencrypted=allowed` to any.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HttpConfig {
    pub(super) host: String,
    pub(super) port: u16,
    /// Percent-encoded, as it stands in requests before `/v1`: empty, or with a leading slash.
    pub(super) base: String,
    pub(super) way: Way,
    pub(super) speaks: Speaks,
}

/// What is between us and the server.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Way {
    Encrypted(TlsFiles),
    /// This machine alone.
    Loopback,
    /// Whoever is on the way reads the token and the entries, and may change them.
    Unencrypted,
}

/// What the server can do beyond the first rows of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// What it announces, comparing and batches at least.
    Additions,
    /// Nothing.
    Plain,
}

impl HttpConfig {
    pub(crate) fn https(parts: &Parts<'_>) -> Result<Self, Error> {
        let given = Given::new(parts, &["ca", "cert", "key", "server"])?;
        let way = Way::Encrypted(given.files.into_files()?);
        Self::new(parts, 443, way, given.speaks)
    }

    pub(crate) fn http(parts: &Parts<'_>) -> Result<Self, Error> {
        let given = Given::new(parts, &["server", "unencrypted"])?;
        let way = match (given.unencrypted, is_loopback(parts.host)) {
            (Some(()), _) => Way::Unencrypted,
            (None, true) => Way::Loopback,
            (None, false) => {
                return Err(malformed(
                    "http:// and another machine: whoever is on the way would read the token and \
                     could change what comes back; write https://, or, where the network is yours \
                     alone, add `?unencrypted=allowed`",
                ));
            }
        };
        Self::new(parts, 80, way, given.speaks)
    }

    fn new(parts: &Parts<'_>, port: u16, way: Way, speaks: Option<Speaks>) -> Result<Self, Error> {
        if parts.userinfo.is_some() {
            return Err(malformed(
                "something before the host, and a token there would end in logs: set \
                 CACHEKIT_API_KEY, or api_key in code",
            ));
        }
        Ok(Self {
            host: url::host(parts.host, "https://host/base")?,
            port: parts.port.map_or(Ok(port), url::port)?,
            base: base(parts.path)?,
            way,
            speaks: speaks.unwrap_or(Speaks::Additions),
        })
    }
}

/// What stands after the `?`, each thing at most once.
#[derive(Default)]
struct Given {
    files: GivenFiles,
    speaks: Option<Speaks>,
    unencrypted: Option<()>,
}

impl Given {
    fn new(parts: &Parts<'_>, allowed: &[&str]) -> Result<Self, Error> {
        let mut given = Self::default();
        for (name, value) in &parts.query {
            if !allowed.contains(name) {
                return Err(unknown_setting(name, allowed));
            }
            let twice = match (*name, *value) {
                ("server", "plain") => given.speaks.replace(Speaks::Plain).is_some(),
                ("server", _) => return Err(malformed("a `server` that is not `plain`")),
                ("unencrypted", "allowed") => given.unencrypted.replace(()).is_some(),
                ("unencrypted", _) => {
                    return Err(malformed("an `unencrypted` that is not `allowed`"));
                }
                (file, path) => given.files.put(file, path)?,
            };
            if twice {
                return Err(malformed(format!("`{name}` twice")));
            }
        }
        Ok(given)
    }
}

fn is_loopback(host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    address.is_some_and(|address| address.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

/// In one spelling, and without what a server on the way might take for another path.
fn base(path: &str) -> Result<String, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut base = String::with_capacity(path.len());
    for segment in path.split('/').skip(1) {
        let segment = decoded(segment, "path")?;
        if matches!(&*segment, "" | "." | "..") || segment.contains(|c: char| c.is_control()) {
            return Err(malformed(
                "an empty segment, a `.`, a `..` or a control character in its path",
            ));
        }
        base.push('/');
        base.push_str(&encoded(&segment, KeepSlashes::No));
    }
    Ok(base)
}

/// The address again, complete and in one spelling.
impl fmt::Display for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, mut settings) = match &self.way {
            Way::Encrypted(files) => ("https", files.to_string()),
            Way::Loopback => ("http", String::new()),
            Way::Unencrypted => ("http", "?unencrypted=allowed".to_owned()),
        };
        if self.speaks == Speaks::Plain {
            settings.push_str(if settings.is_empty() { "?" } else { "&" });
            settings.push_str("server=plain");
        }
        write!(f, "{scheme}://")?;
        write_place(f, &self.host, self.port)?;
        write!(f, "{}{settings}", self.base)
    }
}
