//! Where a cluster, or the sentinels of a service, begin to be found.

use std::fmt;

use super::config::{self, EXAMPLE, Endpoint, Given, Login, Place};
use crate::{
    Error,
    tls::TlsFiles,
    url::{KeepSlashes, Parts, encoded, host, malformed, port, split_port, write_place},
};

/// `redis+cluster://[[user]:password@]host[:port],…`; `rediss+cluster://…` the same over TLS, with
/// the settings of `rediss://`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClusterConfig {
    pub(super) seeds: Vec<Place>,
    pub(super) login: Option<Login>,
    pub(super) line: Line,
}

/// How each of several servers is spoken to, those included that others name.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Line {
    Plain,
    Encrypted(TlsFiles),
}

impl Line {
    pub(super) fn to(&self, Place { host, port }: &Place) -> Endpoint {
        let (host, port) = (host.clone(), *port);
        match self {
            Self::Plain => Endpoint::Tcp { host, port },
            Self::Encrypted(files) => Endpoint::Tls { host, port, files: files.clone() },
        }
    }

    /// What stands before `+` in the scheme.
    const fn scheme(&self) -> &'static str {
        match self {
            Self::Plain => "redis",
            Self::Encrypted(_) => "rediss",
        }
    }

    /// The files as settings of an address, with the `?` before them; empty without any.
    fn settings(&self) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Encrypted(files) => files.to_string(),
        }
    }
}

/// `redis+sentinel://[[user]:password@]host[:port],…/service[/database]`, with
/// `?sentinel_user=…&sentinel_password=…`; `rediss+sentinel://…` the same over TLS, with the
/// settings of `rediss://`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SentinelConfig {
    pub(super) sentinels: Vec<Place>,
    pub(super) service: String,
    pub(super) database: u32,
    /// Who we are to the primary.
    pub(super) login: Option<Login>,
    /// Who we are to the sentinels.
    pub(super) sentinel_login: Option<Login>,
    pub(super) line: Line,
}

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl ClusterConfig {
    pub(crate) fn tcp(parts: &Parts<'_>) -> Result<Self, Error> {
        if !parts.query.is_empty() {
            return Err(malformed("a setting after the `?`, and a cluster without TLS has none"));
        }
        Self::new(parts, |_| Ok(Line::Plain))
    }

    pub(crate) fn tls(parts: &Parts<'_>) -> Result<Self, Error> {
        Self::new(parts, |given| given.take_files().map(Line::Encrypted))
    }

    fn new(
        parts: &Parts<'_>,
        line: impl FnOnce(&mut Given) -> Result<Line, Error>,
    ) -> Result<Self, Error> {
        if !matches!(parts.path, "" | "/" | "/0") {
            return Err(malformed("a database other than 0, which is all that a cluster has"));
        }
        let mut given = Given::from_userinfo(parts.userinfo)?;
        for (name, value) in &parts.query {
            given.put(&["ca", "cert", "key"], name, value)?;
        }
        let line = line(&mut given)?;
        Ok(Self { seeds: seeds(parts, PORT)?, line, login: given.into_login()? })
    }
}

impl SentinelConfig {
    pub(crate) fn tcp(parts: &Parts<'_>) -> Result<Self, Error> {
        Self::new(parts, &["db", "sentinel_user", "sentinel_password"], |_| Ok(Line::Plain))
    }

    pub(crate) fn tls(parts: &Parts<'_>) -> Result<Self, Error> {
        let allowed = ["db", "sentinel_user", "sentinel_password", "ca", "cert", "key"];
        Self::new(parts, &allowed, |given| given.take_files().map(Line::Encrypted))
    }

    fn new(
        parts: &Parts<'_>,
        allowed: &[&str],
        line: impl FnOnce(&mut Given) -> Result<Line, Error>,
    ) -> Result<Self, Error> {
        let path = parts.path.strip_prefix('/').unwrap_or("");
        let (service, database) = path.split_once('/').unwrap_or((path, ""));
        let mut given = Given::from_userinfo(parts.userinfo)?;
        if !database.is_empty() {
            given.put(&["db"], "db", database)?;
        }
        for (name, value) in &parts.query {
            given.put(allowed, name, value)?;
        }
        Ok(Self {
            sentinels: seeds(parts, SENTINEL_PORT)?,
            service: self::service(service)?,
            database: given.database(),
            line: line(&mut given)?,
            sentinel_login: given.take_sentinel_login()?,
            login: given.into_login()?,
        })
    }
}

fn seeds(parts: &Parts<'_>, usual: u16) -> Result<Vec<Place>, Error> {
    if !parts.host.contains(',') {
        return Ok(vec![seed((parts.host, parts.port), usual)?]);
    }
    let each = parts.host.split(',').map(|text| seed(split_port(text)?, usual));
    each.collect()
}

fn seed((name, given): (&str, Option<&str>), usual: u16) -> Result<Place, Error> {
    Ok(Place { host: host(name, EXAMPLE)?, port: given.map_or(Ok(usual), port)? })
}

/// The characters that sentinels allow.
fn service(text: &str) -> Result<String, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if !(1..=255).contains(&text.len()) || !text.bytes().all(plain) {
        return Err(malformed(
            "no name of a service (letters, digits, `-`, `.` and `_`) after the sentinels: write \
             redis+sentinel://host:port,host:port/service/database",
        ));
    }
    Ok(text.to_owned())
}

impl fmt::Display for ClusterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+cluster://", self.line.scheme())?;
        config::write_login(f, self.login.as_ref())?;
        write_places(f, &self.seeds)?;
        f.write_str(&self.line.settings())
    }
}

impl fmt::Display for SentinelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+sentinel://", self.line.scheme())?;
        config::write_login(f, self.login.as_ref())?;
        write_places(f, &self.sentinels)?;
        write!(f, "/{}/{}", self.service, self.database)?;
        let files = self.line.settings();
        f.write_str(&files)?;
        let Some(Login { user, .. }) = &self.sentinel_login else { return Ok(()) };
        f.write_str(if files.is_empty() { "?" } else { "&" })?;
        if let Some(user) = user {
            write!(f, "sentinel_user={}&", encoded(user, KeepSlashes::No))?;
        }
        f.write_str("sentinel_password=***")
    }
}

fn write_places(f: &mut fmt::Formatter<'_>, places: &[Place]) -> fmt::Result {
    for (index, Place { host, port }) in places.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write_place(f, host, *port)?;
    }
    Ok(())
}
