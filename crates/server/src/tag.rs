//! Entity tags, and the conditions that are made of them (RFC 9110, sections 8.8.3 and 13).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::refusal::Refusal;

/// The SHA-256 of an entry's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tag([u8; 32]);

/// What must be there for a write to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    /// Whatever is there.
    None,
    /// Nothing may be there.
    Absent,
    /// An entry with this tag; `None` is a tag that no entry has.
    Matches(Option<Tag>),
}

impl Tag {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut tag = [0; 32];
        tag.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(tag)
    }

    pub(crate) fn header(self) -> HeaderValue {
        // Hexadecimal digits and quotes are always a header.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// `None` for a tag that is well formed and not ours: weak, or of another length.
    fn parse(text: &str) -> Result<Option<Self>, Refusal> {
        let (weak, quoted) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let opaque = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|opaque| opaque.bytes().all(|b| b == b'!' || (0x23..=0x7e).contains(&b)))
            .ok_or_else(|| bad("If-Match takes one entity tag, in double quotes"))?;
        let mut tag = [0; 32];
        let ours = !weak
            && !opaque.bytes().any(|byte| byte.is_ascii_uppercase())
            && hex::decode_to_slice(opaque, &mut tag).is_ok();
        Ok(ours.then_some(Self(tag)))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", hex::encode(self.0))
    }
}

impl Condition {
    /// What a `PUT` may ask.
    pub(crate) fn of_write(headers: &HeaderMap) -> Result<Self, Refusal> {
        let absent = single(headers, &header::IF_NONE_MATCH)?;
        let matches = single(headers, &header::IF_MATCH)?;
        match (absent, matches) {
            (None, None) => Ok(Self::None),
            (Some("*"), None) => Ok(Self::Absent),
            (None, Some(tag)) => Tag::parse(tag).map(Self::Matches),
            (Some(_), None) => Err(bad("If-None-Match takes `*` alone")),
            (Some(_), Some(_)) => Err(bad("one condition at most")),
        }
    }

    /// What a `DELETE` may ask.
    pub(crate) fn of_removal(headers: &HeaderMap) -> Result<Self, Refusal> {
        match Self::of_write(headers)? {
            Self::Absent => Err(bad("what must be absent cannot be removed")),
            condition => Ok(condition),
        }
    }

    /// Other requests take none.
    pub(crate) fn none(headers: &HeaderMap) -> Result<(), Refusal> {
        match Self::of_write(headers)? {
            Self::None => Ok(()),
            _ => Err(bad("only PUT and DELETE take conditions")),
        }
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad("a condition is sent twice"));
    }
    value.to_str().map(Some).map_err(|_| bad("a condition is not ASCII"))
}

fn bad(message: &'static str) -> Refusal {
    Refusal::bad("bad_condition", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";

    fn read(name: &'static str, value: &str) -> Option<Condition> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).expect("a header"));
        Condition::of_write(&headers).ok()
    }

    #[test]
    fn is_the_sha_256_of_the_bytes() {
        assert_eq!(Tag::of(b"").to_string(), EMPTY);
        assert_eq!(read("if-match", EMPTY), Some(Condition::Matches(Some(Tag::of(b"")))));
    }

    #[test]
    fn a_tag_that_nobody_has_never_matches() {
        for tag in [&format!("W/{EMPTY}"), "\"abc\"", "\"\"", &EMPTY.to_uppercase()] {
            assert_eq!(read("if-match", tag), Some(Condition::Matches(None)), "{tag}");
        }
    }

    #[test]
    fn conditions_that_mean_something_else_are_refused() {
        assert_eq!(read("if-none-match", "*"), Some(Condition::Absent));
        assert_eq!(read("if-none-match", EMPTY), None);
        for tag in ["*", "abc", "\"a\", \"b\"", "\"a\"b\"", "", "\"a b\""] {
            assert_eq!(read("if-match", tag), None, "{tag}");
        }
    }
}
