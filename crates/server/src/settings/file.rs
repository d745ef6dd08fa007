//! Settings and tokens in TOML.

use std::{fs, io::Read, os::unix::fs::MetadataExt, path::Path};

use serde::Deserialize;

use super::{args::Given, quantity::Size};
use crate::{
    error::Error,
    rate::Rate,
    space::Space,
    token::{Access, Digest, Holder, Quota},
};

/// No settings are larger.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Every request looks at all digests.
const MOST_TOKENS: usize = 1000;
const OTHERS_WRITE: u32 = 0o022;

/// The file that `--config` names.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    /// Of the operator's page; the SHA-256 of a token, in hexadecimal.
    admin_token_sha256: Option<String>,
    token: Vec<Token>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// The file that `--token-file` names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    token: Vec<Token>,
}

/// One token and what it is good for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    name: String,
    sha256: String,
    space: Option<String>,
    #[serde(default)]
    access: Access,
    entries: Option<u64>,
    bytes: Option<Size>,
    rate: Option<f64>,
    burst: Option<f64>,
}

/// What a configuration file says.
#[derive(Default)]
pub(super) struct Configured {
    pub(super) given: Given,
    pub(super) admin_token: Option<Digest>,
    pub(super) tokens: Vec<Token>,
}

pub(super) fn config(path: &Path) -> Result<Configured, Error> {
    let config: Config = parsed(path)?;
    let wrong = |seen: String| Error::File { path: path.to_owned(), seen };
    let mut given = Given::default();
    // One by one, so that an error names its line.
    for (name, value) in config.rest {
        let one = toml::Table::from_iter([(name.clone(), value)]);
        let one: Given =
            one.try_into().map_err(|error| wrong(format!("{name}: {}", shown(&error))))?;
        given = given.or(one);
    }
    let admin_token = config.admin_token_sha256.map(|text| {
        Digest::from_hex(&text)
            .ok_or_else(|| wrong("admin_token_sha256 is not 64 hexadecimal digits".into()))
    });
    Ok(Configured { given, admin_token: admin_token.transpose()?, tokens: config.token })
}

pub(super) fn tokens(path: &Path) -> Result<Vec<Token>, Error> {
    let tokens: Tokens = parsed(path)?;
    Ok(tokens.token)
}

/// Whoever can write to it makes tokens of his own.
fn parsed<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Error> {
    let wrong = |seen: String| Error::File { path: path.to_owned(), seen };
    let io = |error: std::io::Error| wrong(error.to_string());
    let file = fs::File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode();
    if mode & OTHERS_WRITE != 0 {
        return Err(wrong(format!(
            "others can write to it (mode {:04o}); run `chmod go-w '{}'`",
            mode & 0o7777,
            path.display()
        )));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(io)?;
    toml::from_str(&text).map_err(|error| wrong(shown(&error)))
}

/// Where and what, without the line itself: it may be a digest.
fn shown(error: &toml::de::Error) -> String {
    error.message().to_owned()
}

/// The holders of these tokens, and the requests a second of those that do not say.
pub(super) fn holders(
    tokens: Vec<Token>,
    usual: Option<Rate>,
) -> Result<Vec<(Digest, std::sync::Arc<Holder>)>, Error> {
    if tokens.len() > MOST_TOKENS {
        return Err(Error::Settings(format!("more than {MOST_TOKENS} tokens")));
    }
    let mut holders: Vec<(Digest, std::sync::Arc<Holder>)> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let wrong = |seen: &str| Error::Settings(format!("token `{}`: {seen}", token.name));
        let digest = Digest::from_hex(&token.sha256)
            .ok_or_else(|| wrong("sha256 is not 64 hexadecimal digits"))?;
        let space = token.space.as_deref().unwrap_or(&token.name);
        let space = Space::named(space).ok_or_else(|| {
            wrong("a key space is named by 1 to 64 letters, digits, `-`, `_`, `.`")
        })?;
        if Space::named(&token.name).is_none() {
            return Err(wrong("a token is named by 1 to 64 letters, digits, `-`, `_`, `.`"));
        }
        if holders.iter().any(|(_, holder)| holder.name == token.name) {
            return Err(wrong("there is another of this name"));
        }
        if holders.iter().any(|(other, _)| other.equals(&digest)) {
            return Err(wrong("it is the same as another"));
        }
        let rate = match (token.rate, token.burst) {
            (None, None) => usual,
            (Some(rate), burst) => Some(checked_rate(rate, burst).map_err(|seen| wrong(&seen))?),
            (None, Some(_)) => return Err(wrong("a burst without a rate")),
        };
        let bytes = token.bytes.map(|Size(bytes)| bytes as u64);
        let quota = Quota { entries: token.entries, bytes };
        let holder = Holder::new(&token.name, space, token.access, quota, rate);
        holders.push((digest, std::sync::Arc::new(holder)));
    }
    Ok(holders)
}

/// Requests a second, and at once after a pause.
pub(super) fn checked_rate(rate: f64, burst: Option<f64>) -> Result<Rate, String> {
    let burst = burst.unwrap_or(rate.max(1.0));
    let possible = |value: f64, least: f64| value.is_finite() && (least..=1e9).contains(&value);
    if possible(rate, 1e-4) && possible(burst, 1.0) {
        return Ok(Rate { per_second: rate, burst });
    }
    Err("a rate is 0.0001 to 1e9 requests a second, a burst at least 1".to_owned())
}
