//! Which memcached servers there are.

use std::fmt;

use crate::{
    Error,
    url::{Parts, malformed, nearest, split_port},
};

/// Read from `memcached://host[:port][,host[:port]…][?item_size=bytes]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MemcachedConfig {
    /// Sorted: the order in an address means nothing, and equal sets print alike.
    pub(super) servers: Vec<Server>,
    /// The servers' `-I`: the largest item, key and bookkeeping included.
    pub(super) item_size: usize,
}

/// One server, as the ring knows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

const PORT: u16 = 11211;
const MOST_SERVERS: usize = 256;
const KIB: usize = 1024;
/// What memcached starts with unless told otherwise.
const ITEM_SIZE: usize = KIB * KIB;
/// What memcached's `-I` accepts.
const ITEM_SIZES: std::ops::RangeInclusive<usize> = KIB..=KIB * KIB * KIB;
/// Of an item: memcached's header and numbers (59 bytes) and the longest key (250), rounded up.
const OVERHEAD: usize = 512;

impl MemcachedConfig {
    pub(crate) fn new(parts: &Parts<'_>) -> Result<Self, Error> {
        if parts.userinfo.is_some() {
            return Err(malformed("a user or password, which memcached:// does not take"));
        }
        if !matches!(parts.path, "" | "/") {
            return Err(malformed("a path after the servers, and memcached has no databases"));
        }
        let servers = if parts.host.contains(',') {
            let each = parts.host.split(',').map(|server| split_port(server).and_then(Server::new));
            each.collect::<Result<_, _>>()?
        } else {
            vec![Server::new((parts.host, parts.port))?]
        };
        Ok(Self { servers: told_apart(servers)?, item_size: item_size(&parts.query)? })
    }

    /// The largest value that fits into an item beside the longest key.
    pub(super) fn largest_value(&self) -> usize {
        self.item_size.saturating_sub(OVERHEAD)
    }
}

impl Server {
    fn new((host, port): (&str, Option<&str>)) -> Result<Self, Error> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(malformed(
                "no host, or one that is neither a name nor an address: \
                                  write memcached://host:port,host:port",
            ));
        }
        let port = match port {
            None => PORT,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| malformed("a port that is not a number from 1 to 65535"))?,
        };
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

fn told_apart(mut servers: Vec<Server>) -> Result<Vec<Server>, Error> {
    servers.sort();
    let named = servers.len();
    servers.dedup();
    if servers.len() != named {
        return Err(malformed("the same server twice"));
    }
    if named > MOST_SERVERS {
        return Err(malformed(format!("more than {MOST_SERVERS} servers")));
    }
    Ok(servers)
}

fn item_size(query: &[(&str, &str)]) -> Result<usize, Error> {
    let wanted = match query {
        [] => return Ok(ITEM_SIZE),
        [("item_size", wanted)] => *wanted,
        [("item_size", _), ("item_size", _), ..] => return Err(malformed("`item_size` twice")),
        settings => {
            let mut seen = "a setting after the `?` that is not item_size".to_owned();
            let other = settings.iter().find(|(name, _)| *name != "item_size");
            if let Some(near) = other.and_then(|(name, _)| nearest(name, &["item_size"])) {
                seen.push_str(&format!("; did you mean `{near}`?"));
            }
            return Err(malformed(seen));
        }
    };
    let (digits, unit) = match wanted.as_bytes().last() {
        Some(b'k' | b'K') => (wanted.get(..wanted.len() - 1), KIB),
        Some(b'm' | b'M') => (wanted.get(..wanted.len() - 1), KIB * KIB),
        _ => (Some(wanted), 1),
    };
    digits
        .and_then(|digits| digits.parse::<usize>().ok())
        .and_then(|number| number.checked_mul(unit))
        .filter(|bytes| ITEM_SIZES.contains(bytes))
        .ok_or_else(|| {
            malformed(
                "an item_size that is not a number of bytes from 1k to 1024m, as the \
                       servers' -I has it",
            )
        })
}

/// As it stands in an address.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

/// The address again, complete and in one spelling.
impl fmt::Display for MemcachedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memcached://")?;
        for (i, server) in self.servers.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{server}")?;
        }
        if self.item_size != ITEM_SIZE {
            write!(f, "?item_size={}", self.item_size)?;
        }
        Ok(())
    }
}
