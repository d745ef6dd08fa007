//! Keys, as names of the protocol.

use std::borrow::Cow;

use crate::{
    digest,
    url::{KeepSlashes, encoded},
};

/// Before the digest that stands for a key which is no name.
const DIGEST: &str = "~sha256:";

/// Names may be four times as long; other servers, and what stands before them, take less.
const LONGEST: usize = 256;

/// The key itself, or a digest of one that is too long or no name. A key that looks like a digest
/// is digested too: two keys never share an entry.
pub(super) fn of_key(key: &str) -> Cow<'_, str> {
    let is_name = (1..=LONGEST).contains(&key.len())
        && !matches!(key, "." | ".." | "health")
        && !key.contains(|c: char| c.is_control())
        && !key.starts_with(DIGEST);
    if is_name {
        return Cow::Borrowed(key);
    }
    Cow::Owned(format!("{DIGEST}{}", digest::sha256_hex(key.as_bytes())))
}

/// As the one segment of a path.
pub(super) fn segment(key: &str) -> String {
    encoded(&of_key(key), KeepSlashes::No)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_name_or_becomes_one() {
        let long = "k".repeat(LONGEST);
        for key in ["ck:1f", "a b", "ä/%2F", "..a", "healthy", &*long] {
            assert_eq!(of_key(key), key);
        }
        let longer = "k".repeat(LONGEST + 1);
        let digested = of_key("\n").into_owned();
        for key in ["", ".", "..", "health", "a\n", "a\u{85}", "\0", &longer, &digested] {
            let name = of_key(key);
            assert!(name.starts_with(DIGEST) && name.len() == DIGEST.len() + 64, "{key:?}");
            assert_ne!(name, key);
        }
    }

    #[test]
    fn a_name_is_one_segment() {
        assert_eq!(segment("ck:a/../b?c#d%2F e"), "ck%3Aa%2F..%2Fb%3Fc%23d%252F%20e");
        assert_eq!(segment("A-z_0.9~"), "A-z_0.9~");
    }
}
