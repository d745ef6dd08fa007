//! Key spaces: entries of two of them never meet.

use aws_lc_rs::digest::{SHA256, digest};

use crate::{name::Name, record::Kind};

/// A key space, by the name that the operator gave it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Space {
    name: String,
    id: SpaceId,
}

/// What stands for a key space in a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SpaceId(pub(crate) [u8; 8]);

/// The key space of a server without tokens. No token can have it.
const NOBODYS: &str = "anonymous";

impl Space {
    /// 1 to 64 letters, digits, `-`, `_` or `.`: it is a part of every key in the store below, and
    /// without a `/` no two spaces and names make one key.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(plain) && name != NOBODYS;
        fits.then(|| Self::new(name))
    }

    pub(crate) fn anonymous() -> Self {
        Self::new(NOBODYS)
    }

    fn new(name: &str) -> Self {
        let mut id = [0; 8];
        let digest = digest(&SHA256, name.as_bytes());
        for (slot, byte) in id.iter_mut().zip(digest.as_ref()) {
            *slot = *byte;
        }
        Self { name: name.to_owned(), id: SpaceId(id) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> SpaceId {
        self.id
    }

    /// Where the store below has it.
    pub(crate) fn key(&self, kind: Kind, name: &Name) -> String {
        let kind = match kind {
            Kind::Entry => "e",
            Kind::Lock => "l",
        };
        [&self.name, "/", kind, "/", name.as_str()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_kinds_never_meet() {
        let name = |text: &str| Name::from_bytes(text.as_bytes()).expect("a name");
        let (a, b) = (Space::named("a").expect("a space"), Space::named("a.b").expect("a space"));
        let keys = [
            a.key(Kind::Entry, &name("l/x")),
            a.key(Kind::Lock, &name("x")),
            a.key(Kind::Entry, &name("x")),
            b.key(Kind::Entry, &name("x")),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys.iter().take(i).any(|other| other == key), "{key}");
        }
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn a_space_has_a_plain_name() {
        for name in ["", "a/b", "a b", "ä", "anonymous", &"a".repeat(65)] {
            assert!(Space::named(name).is_none(), "{name}");
        }
    }
}
