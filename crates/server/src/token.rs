//! Who may ask: bearer tokens, of which the server knows digests alone.
//!
//! A plain SHA-256 is enough for tokens that are random; guesses are what slow hashes are for.
//! Short tokens, which somebody may have thought up, are refused.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use cachekit_process::random;
use parking_lot::Mutex;

use crate::{
    rate::{Bucket, Rate},
    space::Space,
};

/// Shorter ones are refused, longer ones not looked at.
pub(crate) const LENGTHS: std::ops::RangeInclusive<usize> = 32..=512;

/// The SHA-256 of a token.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; 32]);

/// What its holder may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize)]
pub(crate) enum Access {
    /// Everything.
    #[default]
    #[serde(rename = "read-write")]
    ReadWrite,
    /// `GET` and `HEAD`, batches of reads, events.
    #[serde(rename = "read")]
    Read,
}

/// How much a key space may hold when somebody writes into it.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) entries: Option<u64>,
    pub(crate) bytes: Option<u64>,
}

/// One holder.
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) space: Arc<Space>,
    pub(crate) access: Access,
    pub(crate) quota: Quota,
    bucket: Option<Mutex<Bucket>>,
}

/// All of them.
pub(crate) enum Holders {
    /// Anybody is this one: only on loopback, and only if asked for.
    Anybody(Arc<Holder>),
    Tokens(Vec<(Digest, Arc<Holder>)>),
}

impl Digest {
    pub(crate) fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }

    pub(crate) fn is_of(&self, token: &str) -> bool {
        LENGTHS.contains(&token.len()) && self.equals(&Self::of(token))
    }

    /// In a time that does not tell how much of it is right.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Holder {
    pub(crate) fn new(
        name: &str,
        space: Space,
        access: Access,
        quota: Quota,
        rate: Option<Rate>,
    ) -> Self {
        let bucket = rate.map(|rate| Mutex::new(Bucket::full(rate)));
        Self { name: name.to_owned(), space: Arc::new(space), access, quota, bucket }
    }

    /// Takes so many requests from what its rate allows; `Err` has the seconds until they would be
    /// there.
    pub(crate) fn take(&self, requests: u32) -> Result<(), u64> {
        match &self.bucket {
            None => Ok(()),
            Some(bucket) => bucket.lock().take(std::time::Instant::now(), requests),
        }
    }
}

impl Holders {
    /// The holder of this token. All digests are looked at, whichever it is.
    pub(crate) fn find(&self, token: Option<&str>) -> Option<Arc<Holder>> {
        match self {
            Self::Anybody(holder) => Some(Arc::clone(holder)),
            Self::Tokens(tokens) => {
                let token = token.filter(|token| LENGTHS.contains(&token.len()))?;
                let sent = Digest::of(token);
                tokens.iter().fold(None, |found, (digest, holder)| {
                    if digest.equals(&sent) { Some(Arc::clone(holder)) } else { found }
                })
            }
        }
    }

    /// Every key space once, in the order of the tokens.
    pub(crate) fn spaces(&self) -> Vec<Arc<Space>> {
        let holders: Vec<&Arc<Holder>> = match self {
            Self::Anybody(holder) => vec![holder],
            Self::Tokens(tokens) => tokens.iter().map(|(_, holder)| holder).collect(),
        };
        let mut spaces: Vec<Arc<Space>> = Vec::new();
        for holder in holders {
            if !spaces.iter().any(|space| space.id() == holder.space.id()) {
                spaces.push(Arc::clone(&holder.space));
            }
        }
        spaces
    }
}

/// 32 random bytes, in hexadecimal, with a prefix by which scanners for leaked secrets find it.
pub(crate) fn invent() -> String {
    let mut bytes = [0; 32];
    random(&mut bytes);
    format!("cks_{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(name: &str) -> Arc<Holder> {
        let space = Space::named(name).expect("a space");
        Arc::new(Holder::new(name, space, Access::ReadWrite, Quota::default(), None))
    }

    #[test]
    fn a_token_finds_its_own_holder() {
        let tokens = [invent(), invent()];
        let holders = Holders::Tokens(vec![
            (Digest::of(&tokens[0]), holder("a")),
            (Digest::of(&tokens[1]), holder("b")),
        ]);
        let found = |token: Option<&str>| holders.find(token).map(|holder| holder.name.clone());
        assert_eq!(found(Some(&tokens[0])), Some("a".into()));
        assert_eq!(found(Some(&tokens[1])), Some("b".into()));
        assert_eq!(found(Some(&tokens[0].to_uppercase())), None);
        assert_eq!(found(Some("")), None);
        assert_eq!(found(None), None);
    }

    #[test]
    fn short_tokens_are_nobodys() {
        let digest = Digest::of("secret");
        assert!(!digest.is_of("secret"));
    }
}
