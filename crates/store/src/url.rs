//! Addresses as users write them: parsed strictly, printed without their passwords.
//!
//! A message about a bad address never repeats its middle: with one unescaped `@` or `/` a
//! parser takes half a password for a host or a port.

use std::{fmt, path::Path, str::FromStr};

use crate::{
    Error, ErrorKind,
    embedded::EmbeddedConfig,
    http::HttpConfig,
    memcached::MemcachedConfig,
    redis::{ClusterConfig, RedisConfig, SentinelConfig},
};

/// The address of a store. Printing it, with `Debug` too, masks the password.
///
/// ```
/// let url: cachekit_store::StoreUrl = "redis://app:s3cret@Cache.internal/2".parse()?;
/// assert_eq!(url.to_string(), "redis://app:***@cache.internal:6379/2");
/// # Ok::<(), cachekit_store::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(Target);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Memory(String),
    Memcached(MemcachedConfig),
    Embedded(EmbeddedConfig),
    Redis(RedisConfig),
    Cluster(ClusterConfig),
    Sentinel(SentinelConfig),
    Http(HttpConfig),
}

impl StoreUrl {
    pub(crate) fn into_target(self) -> Target {
        self.0
    }
}

impl FromStr for StoreUrl {
    type Err = Error;

    /// # Errors
    ///
    /// As for [`open`](crate::open()).
    fn from_str(url: &str) -> Result<Self, Error> {
        if url == "file:" {
            return EmbeddedConfig::of_this_user().map(Target::Embedded).map(Self);
        }
        let parts = Parts::split(url)?;
        match parts.scheme {
            "file" => EmbeddedConfig::file(&parts).map(Target::Embedded).map(Self),
            "shm" => EmbeddedConfig::shared_memory(&parts).map(Target::Embedded).map(Self),
            "memory" => memory_name(&parts).map(Target::Memory).map(Self),
            "memcached" => MemcachedConfig::new(&parts).map(Target::Memcached).map(Self),
            "redis" => RedisConfig::tcp(&parts).map(Target::Redis).map(Self),
            "rediss" => RedisConfig::tls(&parts).map(Target::Redis).map(Self),
            "redis+cluster" => ClusterConfig::tcp(&parts).map(Target::Cluster).map(Self),
            "rediss+cluster" => ClusterConfig::tls(&parts).map(Target::Cluster).map(Self),
            "redis+sentinel" => SentinelConfig::tcp(&parts).map(Target::Sentinel).map(Self),
            "rediss+sentinel" => SentinelConfig::tls(&parts).map(Target::Sentinel).map(Self),
            "https" => HttpConfig::https(&parts).map(Target::Http).map(Self),
            "http" => HttpConfig::http(&parts).map(Target::Http).map(Self),
            "unix" | "redis+unix" => RedisConfig::unix(&parts).map(Target::Redis).map(Self),
            other => Err(unsupported_scheme(other)),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Memory(name) => write!(f, "memory://{name}"),
            Target::Memcached(config) => config.fmt(f),
            Target::Embedded(config) => config.fmt(f),
            Target::Redis(config) => config.fmt(f),
            Target::Cluster(config) => config.fmt(f),
            Target::Sentinel(config) => config.fmt(f),
            Target::Http(config) => config.fmt(f),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// `scheme://[userinfo@]host[:port][/path][?name=value&…]`, RFC 3986, not yet percent-decoded.
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) userinfo: Option<&'a str>,
    /// Without the brackets of an IPv6 address. Several hosts, with commas between them, stand
    /// here as they were written, ports and brackets included.
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
    /// With its leading slash, or empty.
    pub(crate) path: &'a str,
    pub(crate) query: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn split(url: &'a str) -> Result<Self, Error> {
        let (scheme, rest) = url
            .split_once("://")
            .filter(|(scheme, _)| is_scheme(scheme))
            .ok_or_else(|| malformed(format!("no scheme, as in {SUPPORTED}")))?;
        if rest.contains(|c: char| c.is_control() || c == ' ' || c == '#') {
            return Err(malformed("a space, a `#` or a control character; percent-encode it"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains('@') || query.contains('@') {
            return Err(malformed(
                "an `@` after the host: percent-encode `@`, `:`, `/` and `?` \
                                  in user, password and path",
            ));
        }
        let (userinfo, host_and_port) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let (host, port) = match host_and_port.contains(',') {
            true => (host_and_port, None),
            false => split_port(host_and_port)?,
        };
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        Ok(Self { scheme, userinfo, host, port, path, query })
    }

    /// The name, where there is nothing else: 1 to 64 letters, digits, `-`, `.` or `_`.
    pub(crate) fn plain_name(&self) -> Option<String> {
        let alone = self.userinfo.is_none()
            && self.port.is_none()
            && self.path.is_empty()
            && self.query.is_empty();
        let plain = self.host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        (alone && plain && (1..=64).contains(&self.host.len())).then(|| self.host.to_owned())
    }
}

fn is_scheme(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'+')
}

/// One host and its port.
pub(crate) fn split_port(host_and_port: &str) -> Result<(&str, Option<&str>), Error> {
    if let Some(rest) = host_and_port.strip_prefix('[') {
        let (host, port) =
            rest.split_once(']').ok_or_else(|| malformed("an IPv6 address without its `]`"))?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if port.is_empty() => Ok((host, None)),
            None => Err(malformed("something other than a port after an IPv6 address")),
        };
    }
    Ok(match host_and_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_and_port, None),
    })
}

/// Percent-decodes one part. `what` names it in the error.
pub(crate) fn decoded(part: &str, what: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = (rest.next().and_then(hex_digit), rest.next().and_then(hex_digit));
        let (Some(high), Some(low)) = digits else {
            return Err(malformed(format!("a `%` in the {what} without two hex digits after it")));
        };
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).map_err(|_| malformed(format!("the {what} does not decode to UTF-8")))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Percent-encodes what could be mistaken for structure or could disturb a log line.
pub(crate) fn encoded(text: &str, keep_slashes: KeepSlashes) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (byte == b'/' && keep_slashes == KeepSlashes::Yes) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path, as addresses write it.
pub(crate) fn shown(path: &Path) -> String {
    encoded(&path.to_string_lossy(), KeepSlashes::Yes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeepSlashes {
    Yes,
    No,
}

pub(crate) fn host(text: &str, example: &str) -> Result<String, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    if text.is_empty() {
        return Err(malformed(format!("no host: write {example}")));
    }
    if !text.bytes().all(plain) {
        return Err(malformed(format!("a host that is neither a name nor an address; {ESCAPE}")));
    }
    Ok(text.to_ascii_lowercase())
}

pub(crate) fn port(text: &str) -> Result<u16, Error> {
    text.parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| malformed(format!("a port that is not a number from 1 to 65535; {ESCAPE}")))
}

pub(crate) const ESCAPE: &str =
    "a password that holds `@`, `:`, `/`, `?`, `#` or `%` must be percent-encoded";

pub(crate) fn unknown_setting(name: &str, allowed: &[&str]) -> Error {
    let mut seen = format!("a setting after the `?` that is none of {}", allowed.join(", "));
    if let Some(near) = nearest(name, allowed) {
        seen.push_str(&format!("; did you mean `{near}`?"));
    }
    malformed(seen)
}

pub(crate) fn write_place(f: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
}

fn memory_name(parts: &Parts<'_>) -> Result<String, Error> {
    parts.plain_name().ok_or_else(|| {
        malformed("memory:// wants a name alone: 1 to 64 letters, digits, `-`, `.` or `_`")
    })
}

const SCHEMES: [&str; 14] = [
    "memory",
    "memcached",
    "file",
    "shm",
    "redis",
    "rediss",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
    "https",
    "http",
    "unix",
    "redis+unix",
];
const SUPPORTED: &str = "memory://name, memcached://host:port, file:///directory, shm://name, \
                         redis://host:port/database, rediss:// (encrypted), redis+cluster://, redis+sentinel://, \
                         unix:///path or https://host/base";

fn unsupported_scheme(scheme: &str) -> Error {
    let mut seen = format!("the scheme `{scheme}`; supported are {SUPPORTED}");
    if let Some(near) = nearest(scheme, &SCHEMES) {
        seen.push_str(&format!("; did you mean `{near}`?"));
    }
    Error::new(ErrorKind::Unsupported, "", seen)
}

/// An error about the form of an address. `seen` must not repeat any of it that may be secret.
pub(crate) fn malformed(seen: impl Into<String>) -> Error {
    Error::new(ErrorKind::Misconfigured, "", format!("the address has {}", seen.into()))
}

/// The one of `known` at most two edits away from `word`.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|known| (edits(word, known), *known))
        .filter(|(edits, known)| *edits <= 2 && *edits < known.len())
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance, by rows.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (above, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let kept = above_left + usize::from(x != y);
            above_left = *above;
            left = kept.min(left + 1).min(*above + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
