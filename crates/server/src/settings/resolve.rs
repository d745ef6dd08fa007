//! From what was given to what holds, refusing what would be unsafe.

use std::{
    env,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use super::{
    Announce, Args, Limits, Settings, TlsFiles,
    args::{Given, LogLevel},
    file::{self, checked_rate},
    quantity::{Size, Span},
};
use crate::{
    error::Error,
    space::Space,
    token::{Access, Digest, Holder, Holders, LENGTHS, Quota},
};

const MIB: usize = 1024 * 1024;
const TOKEN: &str = "CACHEKIT_SERVE_TOKEN";
const ADMIN_TOKEN: &str = "CACHEKIT_SERVE_ADMIN_TOKEN";

impl Settings {
    /// Reads the files and the environment, and checks everything.
    pub(crate) fn resolve(args: Args) -> Result<Self, Error> {
        let read = args.config.as_deref().map(file::config).transpose()?.unwrap_or_default();
        let given = args.given.or(read.given);
        let listen = address(given.listen.as_deref().unwrap_or("127.0.0.1:8787"), "--listen")?;
        let admin = match given.admin.as_deref().unwrap_or("127.0.0.1:8788") {
            "off" => None,
            text => Some(address(text, "--admin")?),
        };
        let admin_token = match secret(ADMIN_TOKEN)? {
            Some(token) => Some(Digest::of(&token)),
            None => read.admin_token,
        };
        let tls = tls(&given)?;
        let holders = Arc::new(holders(&given, read.tokens, listen)?);
        refuse_plain(&given, listen, tls.is_some())?;
        refuse_open_page(admin, admin_token.is_some(), tls.is_some())?;
        Ok(Self {
            listen,
            admin,
            admin_token,
            base: base(given.base.as_deref().unwrap_or(""))?,
            tls,
            store: given.store.as_ref().map_or_else(own_directory, |url| Ok(url.clone()))?,
            capacity: given.capacity.map_or(1024 * MIB, |Size(bytes)| bytes),
            largest_entry: given.largest_entry.map_or(64 * MIB, |Size(bytes)| bytes),
            default_ttl: default_ttl(given.default_ttl)?,
            limits: limits(&given),
            holders,
            announce: if args.json { Announce::Json } else { Announce::Text },
            log: given.log.unwrap_or(LogLevel::Info),
        })
    }
}

fn address(text: &str, flag: &str) -> Result<SocketAddr, Error> {
    let wrong = || Error::Settings(format!("{flag} wants host:port, as in 127.0.0.1:8787"));
    text.to_socket_addrs().map_err(|_| wrong())?.next().ok_or_else(wrong)
}

/// From the environment, where an empty variable is none.
fn secret(variable: &str) -> Result<Option<String>, Error> {
    let Some(token) = env::var_os(variable).filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let token = token.into_string().ok().filter(|token| {
        LENGTHS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
    });
    token.map(Some).ok_or_else(|| {
        Error::Settings(format!(
            "{variable} must be {} to {} printable characters; make one with `cachekit-server \
             new-token`",
            LENGTHS.start(),
            LENGTHS.end()
        ))
    })
}

fn tls(given: &Given) -> Result<Option<TlsFiles>, Error> {
    match (&given.tls_certificate, &given.tls_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            Ok(Some(TlsFiles { certificate: certificate.clone(), key: key.clone() }))
        }
        _ => Err(Error::Settings("--tls-certificate and --tls-key go together".into())),
    }
}

fn holders(
    given: &Given,
    mut tokens: Vec<file::Token>,
    listen: SocketAddr,
) -> Result<Holders, Error> {
    let rate = match (given.rate, given.burst) {
        (Some(rate), burst) => Some(checked_rate(rate, burst).map_err(Error::Settings)?),
        (None, Some(_)) => return Err(Error::Settings("--burst goes with --rate".into())),
        (None, None) => None,
    };
    if let Some(path) = &given.token_file {
        tokens.extend(file::tokens(path)?);
    }
    let mut holders = file::holders(tokens, rate)?;
    if let Some(token) = secret(TOKEN)? {
        let space = Space::named("default");
        let space = space.ok_or_else(|| Error::Settings("no key space".into()))?;
        if holders.iter().any(|(_, holder)| holder.name == "default") {
            return Err(Error::Settings(format!("{TOKEN} and a token named `default`")));
        }
        let holder = Holder::new("default", space, Access::ReadWrite, Quota::default(), rate);
        holders.push((Digest::of(&token), Arc::new(holder)));
    }
    let anybody = given.insecure_no_auth.unwrap_or(false);
    match (holders.is_empty(), anybody) {
        (false, false) => Ok(Holders::Tokens(holders)),
        (false, true) => Err(Error::Settings("--insecure-no-auth and tokens: choose one".into())),
        (true, false) => Err(Error::Settings(format!(
            "nobody could ask: set {TOKEN}, or name a --token-file (`cachekit-server new-token` \
             prints one), or, on this machine alone, pass --insecure-no-auth"
        ))),
        (true, true) if !listen.ip().is_loopback() => Err(Error::Settings(
            "--insecure-no-auth serves loopback alone: set a token, or listen on 127.0.0.1".into(),
        )),
        (true, true) => {
            let (space, quota) = (Space::anonymous(), Quota::default());
            let holder = Holder::new("anonymous", space, Access::ReadWrite, quota, rate);
            Ok(Holders::Anybody(Arc::new(holder)))
        }
    }
}

fn refuse_plain(given: &Given, listen: SocketAddr, encrypted: bool) -> Result<(), Error> {
    let allowed = given.insecure_plain_http.unwrap_or(false);
    if encrypted || allowed || listen.ip().is_loopback() {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "{listen} is not loopback, and without TLS everybody on the way reads tokens: name \
         --tls-certificate and --tls-key, or, behind a proxy that has them, pass \
         --insecure-plain-http"
    )))
}

/// The page shows counts and sizes; that is something, so strangers do not get it.
fn refuse_open_page(
    admin: Option<SocketAddr>,
    has_token: bool,
    encrypted: bool,
) -> Result<(), Error> {
    let Some(address) = admin else { return Ok(()) };
    if address.ip().is_loopback() || (has_token && encrypted) {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "--admin {address} is not loopback: it needs TLS, and a token of its own ({ADMIN_TOKEN}, or \
         admin_token_sha256 in the file)"
    )))
}

fn base(text: &str) -> Result<String, Error> {
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let path = text.strip_suffix('/').unwrap_or(text);
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(String::new()),
        Some(rest) if rest.split('/').all(plain) => Ok(path.to_owned()),
        _ => Err(Error::Settings("--base wants a path, as in /api".into())),
    }
}

/// Beside the directory of clients on this machine, not in it: a bound for each.
fn own_directory() -> Result<String, Error> {
    let url: cachekit_store::StoreUrl = "file:".parse()?;
    Ok(format!("{url}-server"))
}

fn default_ttl(given: Option<Span>) -> Result<Duration, Error> {
    let ttl = given.map_or(Duration::from_secs(3600), |Span(ttl)| ttl);
    if ttl.as_secs() <= crate::ttl::MOST_SECONDS {
        return Ok(ttl);
    }
    Err(Error::Settings("--default-ttl is thirty days at most".into()))
}

fn limits(given: &Given) -> Limits {
    let span = |given: Option<Span>, seconds| {
        given.map_or(Duration::from_secs(seconds), |Span(time)| time)
    };
    Limits {
        connections: given.connections.unwrap_or(4096).clamp(1, 1_000_000),
        idle: span(given.idle_timeout, 30),
        transfer: span(given.transfer_timeout, 30),
        shutdown: span(given.shutdown_timeout, 30),
        in_flight: given.in_flight.map_or(512 * MIB, |Size(bytes)| bytes),
    }
}
