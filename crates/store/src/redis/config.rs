//! Where a Redis is and who we are to it.

use std::{fmt, path::PathBuf};

use crate::{
    Error,
    url::{KeepSlashes, Parts, decoded, encoded, malformed, nearest},
};

/// Read from an address; printed without the password.
///
/// * `redis://[[user]:password@]host[:port][/database]`, or the database as `?db=2`
/// * `unix:///path[?db=2&user=…&password=…]`, or `[user]:password@` before the path
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisConfig {
    pub(super) endpoint: Endpoint,
    pub(super) database: u32,
    pub(super) login: Option<Login>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// No `Debug`: nothing may print it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// An ACL user; without one, the user `default`.
    pub(super) user: Option<String>,
    pub(super) password: String,
}

const PORT: u16 = 6379;

impl RedisConfig {
    pub(crate) fn tcp(parts: &Parts<'_>) -> Result<Self, Error> {
        let host = host(parts.host)?;
        let port = parts.port.map_or(Ok(PORT), port)?;
        let mut given = Given::from_userinfo(parts.userinfo)?;
        match parts.path.strip_prefix('/') {
            None | Some("") => {}
            Some(database) => given.put(&["db"], "db", database)?,
        }
        for (name, value) in &parts.query {
            given.put(&["db"], name, value)?;
        }
        given.into_config(Endpoint::Tcp { host, port })
    }

    pub(crate) fn unix(parts: &Parts<'_>) -> Result<Self, Error> {
        if !parts.host.is_empty() || parts.port.is_some() {
            return Err(malformed("a host before the path of a socket: write unix:///path"));
        }
        let path = decoded(parts.path, "path")?;
        if path.len() < 2 || path.contains('\0') {
            return Err(malformed("no path of a socket: write unix:///path"));
        }
        let mut given = Given::from_userinfo(parts.userinfo)?;
        for (name, value) in &parts.query {
            given.put(&["db", "user", "username", "pass", "password"], name, value)?;
        }
        given.into_config(Endpoint::Unix(path.into()))
    }
}

/// What an address says, each thing at most once.
#[derive(Default)]
struct Given {
    user: Option<String>,
    password: Option<String>,
    database: Option<u32>,
}

impl Given {
    fn from_userinfo(userinfo: Option<&str>) -> Result<Self, Error> {
        let Some(userinfo) = userinfo else { return Ok(Self::default()) };
        // Without a colon it may well be a password, which would be printed as a user.
        let (user, password) = userinfo.split_once(':').ok_or_else(|| {
            malformed("no `:` before the `@`: write user:password@ or :password@")
        })?;
        Ok(Self {
            user: Some(decoded(user, "user")?).filter(|user| !user.is_empty()),
            password: Some(decoded(password, "password")?),
            database: None,
        })
    }

    fn put(&mut self, allowed: &[&str], name: &str, value: &str) -> Result<(), Error> {
        if !allowed.contains(&name) {
            return Err(unknown_setting(name, allowed));
        }
        let twice = match name {
            "db" => self.database.replace(database(value)?).is_some(),
            "user" | "username" => self.user.replace(decoded(value, "user")?).is_some(),
            _ => self.password.replace(decoded(value, "password")?).is_some(),
        };
        if twice {
            return Err(malformed(format!("`{name}` twice")));
        }
        Ok(())
    }

    fn into_config(self, endpoint: Endpoint) -> Result<RedisConfig, Error> {
        let login = match (self.user, self.password) {
            (None, None) => None,
            (Some(_), None) => return Err(malformed("a user without a password")),
            (user, Some(password)) => Some(Login { user, password }),
        };
        Ok(RedisConfig { endpoint, database: self.database.unwrap_or(0), login })
    }
}

fn host(text: &str) -> Result<String, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    if text.is_empty() {
        return Err(malformed("no host: write redis://host:port/database"));
    }
    if !text.bytes().all(plain) {
        return Err(malformed(format!("a host that is neither a name nor an address; {ESCAPE}")));
    }
    Ok(text.to_ascii_lowercase())
}

fn port(text: &str) -> Result<u16, Error> {
    text.parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| malformed(format!("a port that is not a number from 1 to 65535; {ESCAPE}")))
}

fn database(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| malformed(format!("a database that is not a number; {ESCAPE}")))
}

const ESCAPE: &str = "a password that holds `@`, `:`, `/`, `?`, `#` or `%` must be percent-encoded";

fn unknown_setting(name: &str, allowed: &[&str]) -> Error {
    let mut seen = format!("a setting after the `?` that is none of {}", allowed.join(", "));
    if let Some(near) = nearest(name, allowed) {
        seen.push_str(&format!("; did you mean `{near}`?"));
    }
    malformed(seen)
}

/// The address again, complete and in one spelling, with `***` for the password.
impl fmt::Display for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.endpoint {
            Endpoint::Tcp { .. } => "redis",
            Endpoint::Unix(_) => "unix",
        };
        write!(f, "{scheme}://")?;
        if let Some(Login { user, .. }) = &self.login {
            write!(f, "{}:***@", encoded(user.as_deref().unwrap_or(""), KeepSlashes::No))?;
        }
        match &self.endpoint {
            Endpoint::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}/")?,
            Endpoint::Tcp { host, port } => write!(f, "{host}:{port}/")?,
            Endpoint::Unix(path) => {
                write!(f, "{}?db=", encoded(&path.to_string_lossy(), KeepSlashes::Yes))?;
            }
        }
        write!(f, "{}", self.database)
    }
}
