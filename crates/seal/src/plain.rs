//! Plain entries, for caches that have nothing to hide: the same fields, unsealed.
//!
//! Nothing here is authenticated. Whoever can write to the store can write what is read.

use cachekit_process::UnixMillis;

use crate::compress::compress;
use crate::content::Content;
use crate::error::Error;
use crate::inner::{self, Inner};
use crate::name::{NameFields, Purpose, plain_digest};
use crate::open::{Opened, check_wrapper};
use crate::policy::{Expected, OpenLimits, judge};
use crate::refusal::{Fault, Feature, Refusal};
use crate::scratch::Scratch;

/// The first byte of a plain entry.
const PLAIN: u8 = 0xC1;
const VERSION: u8 = 1;
const MARK: [u8; 4] = [PLAIN, VERSION, 0, 0];

/// Encodes an entry without sealing it: anybody can read and change the result.
///
/// # Errors
/// [`Error::Content`] for what the format has no place for, [`Error::Compression`].
pub fn encode(content: &Content<'_>) -> Result<Vec<u8>, Error> {
    content.check()?;
    let stored = compress(content)?;
    let body = stored.bytes();
    let before = MARK.len() + inner::length(content);
    let mut bytes = Vec::with_capacity(before + body.len());
    bytes.extend_from_slice(&MARK);
    bytes.resize(before, 0);
    let fields = bytes.get_mut(MARK.len()..).unwrap_or_default();
    inner::write(fields, content, stored.compression(), body)?;
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// Reads a plain entry, with the checks of a sealed one but for those that need a key.
///
/// A compressed body is expanded into `scratch` when it is asked for; any other is borrowed.
///
/// # Errors
/// The first [`Refusal`] in the order of the specification.
pub fn decode<'s>(
    now: UnixMillis,
    limits: &OpenLimits,
    bytes: &'s [u8],
    scratch: &'s mut Scratch,
) -> Result<Opened<'s>, Refusal> {
    let expected = Expected { limits, fault: Refusal::Malformed };
    let inner = Inner::judge_plain(fields(bytes)?, &expected)?;
    check_wrapper(&inner, limits).map_err(Refusal::Malformed)?;
    judge(&inner, limits, now, None)?;
    Ok(Opened::new(inner, &mut scratch.expanded, None).blaming(Refusal::Malformed))
}

/// Reads bytes that [`decode`] accepted before, from memory: the form is checked again, what
/// depends on time and policy is not.
///
/// # Errors
/// [`Refusal::Malformed`]: these are not the bytes that were accepted.
pub fn reopen<'s>(bytes: &'s [u8], scratch: &'s mut Scratch) -> Result<Opened<'s>, Refusal> {
    let inner = Inner::read_plain(fields(bytes)?)?;
    Ok(Opened::new(inner, &mut scratch.expanded, None).blaming(Refusal::Malformed))
}

fn fields(bytes: &[u8]) -> Result<&[u8], Refusal> {
    match bytes.split_first_chunk() {
        None => Err(Refusal::Malformed(Fault::Truncated)),
        Some(([PLAIN, VERSION, 0, 0], fields)) => Ok(fields),
        Some(([PLAIN, seen, 0, 0], _)) => {
            Err(Refusal::Unsupported { feature: Feature::InnerVersion, seen: *seen, kid: None })
        }
        Some(_) => Err(Refusal::Malformed(Fault::NotAnEntry)),
    }
}

/// The store's key of a plain entry: readable, because people debug it, and told apart by the hash
/// at its end alone.
///
/// # Errors
/// [`Error::FieldTooLong`], [`Error::MisplacedField`], [`Error::EmptyTenant`].
pub fn key(fields: &NameFields<'_>, tenant: Option<&str>) -> Result<String, Error> {
    let [purpose, prefix, namespace, operation, version, schema] = fields.checked()?;
    if tenant == Some("") {
        return Err(Error::EmptyTenant);
    }
    if tenant.is_some() && fields.purpose == Purpose::Clear {
        return Err(Error::MisplacedField { purpose: fields.purpose, field: "tenant" });
    }
    let hashed = [purpose, tenant.unwrap_or(""), namespace, operation, version, schema];
    let digest = plain_digest(&hashed, fields.arguments)?;
    let (shown, _) = digest.split_at(16);
    let digest = hex::encode(shown);
    Ok(match fields.purpose {
        Purpose::Entry => format!("{prefix}{namespace}:{operation}:{digest}"),
        Purpose::Clear if operation.is_empty() => format!("{prefix}clear:{digest}"),
        Purpose::Clear => format!("{prefix}clear:{namespace}:{operation}:{digest}"),
        Purpose::Tag | Purpose::Wrapper => format!("{prefix}{purpose}:{digest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(purpose: Purpose) -> NameFields<'static> {
        let operation = if purpose == Purpose::Tag { "" } else { "users.load" };
        NameFields {
            purpose,
            prefix: "ck:",
            namespace: "",
            operation,
            version: "",
            schema: "",
            arguments: &[7; 32],
        }
    }

    #[test]
    fn keys_are_readable_and_end_in_a_hash_of_everything() {
        let entry = fields(Purpose::Entry);
        let base = key(&entry, None).unwrap();
        assert!(base.starts_with("ck::users.load:"), "{base}");
        assert_eq!(base.len(), "ck::users.load:".len() + 32);
        let others = [
            key(&entry, Some("t")).unwrap(),
            key(&NameFields { version: "2", ..entry }, None).unwrap(),
            key(&NameFields { schema: "s", ..entry }, None).unwrap(),
            key(&NameFields { arguments: &[8; 32], ..entry }, None).unwrap(),
        ];
        assert!(others.iter().all(|other| *other != base));
        let clear = key(&fields(Purpose::Clear), None).unwrap();
        assert!(clear.starts_with("ck:clear::users.load:"), "{clear}");
        let all = key(&NameFields { operation: "", ..fields(Purpose::Clear) }, None).unwrap();
        assert!(all.starts_with("ck:clear:") && all.len() == 9 + 32, "{all}");
        assert!(key(&fields(Purpose::Tag), Some("t")).unwrap().starts_with("ck:tag:"));
    }

    #[test]
    fn tenants_are_never_empty_and_never_on_a_clear() {
        assert_eq!(key(&fields(Purpose::Entry), Some("")), Err(Error::EmptyTenant));
        assert!(key(&fields(Purpose::Clear), Some("t")).is_err());
    }
}
