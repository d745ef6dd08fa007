//! Where a Redis is and who we are to it.

use std::{fmt, path::PathBuf};

use crate::{
    Error,
    tls::{GivenFiles, TlsFiles},
    url::{
        ESCAPE, KeepSlashes, Parts, decoded, encoded, host, malformed, port, shown,
        unknown_setting, write_place,
    },
};

/// Read from an address; printed without the password.
///
/// * `redis://[[user]:password@]host[:port][/database]`, or the database as `?db=2`
/// * `rediss://…`, the same over TLS, with `?ca=/path`, and with `cert=/path` and `key=/path`
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
    Tls { host: String, port: u16, files: TlsFiles },
    Unix(PathBuf),
}

/// A node of a cluster, a sentinel, or the server that it watches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

/// No `Debug`: nothing may print it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// An ACL user; without one, the user `default`.
    pub(super) user: Option<String>,
    pub(super) password: String,
}

const PORT: u16 = 6379;
pub(super) const EXAMPLE: &str = "redis://host:port/database";

impl RedisConfig {
    pub(crate) fn tcp(parts: &Parts<'_>) -> Result<Self, Error> {
        let (host, port) = place(parts)?;
        Given::with_database(parts, &["db"])?.into_config(Endpoint::Tcp { host, port })
    }

    pub(crate) fn tls(parts: &Parts<'_>) -> Result<Self, Error> {
        let (host, port) = place(parts)?;
        let mut given = Given::with_database(parts, &["db", "ca", "cert", "key"])?;
        let files = given.take_files()?;
        given.into_config(Endpoint::Tls { host, port, files })
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
pub(super) struct Given {
    user: Option<String>,
    password: Option<String>,
    database: Option<u32>,
    files: GivenFiles,
    sentinel_user: Option<String>,
    sentinel_password: Option<String>,
}

impl Given {
    /// What an address of a host says: the database is its path, or a setting.
    fn with_database(parts: &Parts<'_>, allowed: &[&str]) -> Result<Self, Error> {
        let mut given = Self::from_userinfo(parts.userinfo)?;
        match parts.path.strip_prefix('/') {
            None | Some("") => {}
            Some(database) => given.put(&["db"], "db", database)?,
        }
        for (name, value) in &parts.query {
            given.put(allowed, name, value)?;
        }
        Ok(given)
    }

    pub(super) fn from_userinfo(userinfo: Option<&str>) -> Result<Self, Error> {
        let Some(userinfo) = userinfo else { return Ok(Self::default()) };
        // Without a colon it may well be a password, which would be printed as a user.
        let (user, password) = userinfo.split_once(':').ok_or_else(|| {
            malformed("no `:` before the `@`: write user:password@ or :password@")
        })?;
        Ok(Self {
            user: Some(decoded(user, "user")?).filter(|user| !user.is_empty()),
            password: Some(decoded(password, "password")?),
            ..Self::default()
        })
    }

    pub(super) fn put(&mut self, allowed: &[&str], name: &str, value: &str) -> Result<(), Error> {
        if !allowed.contains(&name) {
            return Err(unknown_setting(name, allowed));
        }
        let twice = match name {
            "db" => self.database.replace(database(value)?).is_some(),
            "ca" | "cert" | "key" => self.files.put(name, value)?,
            "sentinel_user" => self.sentinel_user.replace(decoded(value, "user")?).is_some(),
            "sentinel_password" => {
                self.sentinel_password.replace(decoded(value, "password")?).is_some()
            }
            "user" | "username" => self.user.replace(decoded(value, "user")?).is_some(),
            _ => self.password.replace(decoded(value, "password")?).is_some(),
        };
        if twice {
            return Err(malformed(format!("`{name}` twice")));
        }
        Ok(())
    }

    fn into_config(self, endpoint: Endpoint) -> Result<RedisConfig, Error> {
        let database = self.database();
        Ok(RedisConfig { endpoint, database, login: self.into_login()? })
    }

    /// The files of an encrypted connection.
    pub(super) fn take_files(&mut self) -> Result<TlsFiles, Error> {
        std::mem::take(&mut self.files).into_files()
    }

    /// Who we are to the sentinels, which is nobody unless it is said.
    pub(super) fn take_sentinel_login(&mut self) -> Result<Option<Login>, Error> {
        login(self.sentinel_user.take(), self.sentinel_password.take())
    }

    pub(super) fn database(&self) -> u32 {
        self.database.unwrap_or(0)
    }

    pub(super) fn into_login(self) -> Result<Option<Login>, Error> {
        login(self.user, self.password)
    }
}

fn login(user: Option<String>, password: Option<String>) -> Result<Option<Login>, Error> {
    match (user, password) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(malformed("a user without a password")),
        (user, Some(password)) => Ok(Some(Login { user, password })),
    }
}

fn place(parts: &Parts<'_>) -> Result<(String, u16), Error> {
    Ok((host(parts.host, EXAMPLE)?, parts.port.map_or(Ok(PORT), port)?))
}

fn database(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| malformed(format!("a database that is not a number; {ESCAPE}")))
}

/// The address again, complete and in one spelling, with `***` for the password.
impl fmt::Display for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.endpoint {
            Endpoint::Tcp { .. } => "redis",
            Endpoint::Tls { .. } => "rediss",
            Endpoint::Unix(_) => "unix",
        };
        write!(f, "{scheme}://")?;
        write_login(f, self.login.as_ref())?;
        match &self.endpoint {
            Endpoint::Tcp { host, port } => write_place(f, host, *port)?,
            Endpoint::Tls { host, port, files } => {
                write_place(f, host, *port)?;
                return write!(f, "/{}{files}", self.database);
            }
            Endpoint::Unix(path) => return write!(f, "{}?db={}", shown(path), self.database),
        }
        write!(f, "/{}", self.database)
    }
}

pub(super) fn write_login(f: &mut fmt::Formatter<'_>, login: Option<&Login>) -> fmt::Result {
    let Some(Login { user, .. }) = login else { return Ok(()) };
    write!(f, "{}:***@", encoded(user.as_deref().unwrap_or(""), KeepSlashes::No))
}
