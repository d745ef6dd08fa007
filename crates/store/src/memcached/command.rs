//! Requests, as the meta protocol writes them.
//!
//! Every command carries a number (`O`, opaque) that its reply must repeat: a reply that slipped
//! out of step is refused instead of being taken for another key's.

use std::{
    borrow::Cow,
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

/// memcached's bound on a key, in bytes.
const LONGEST_KEY: usize = 250;
/// Before the digest that stands for a key which memcached does not take.
const DIGEST: &str = "~blake3:";

/// Commands that are sent together; each is answered by one reply.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) bytes: Bytes,
    /// The number of the first; the others' follow it.
    pub(super) first: u64,
    pub(super) commands: usize,
}

/// What a write depends on.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    Always,
    Absent,
    /// The item is still the one that had this number.
    Unchanged(u64),
}

/// Writes requests.
pub(super) struct Composer {
    bytes: Vec<u8>,
    first: u64,
    commands: usize,
}

impl Composer {
    /// For at most so many commands.
    pub(super) fn new(commands: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let first = NEXT.fetch_add(commands as u64, Ordering::Relaxed);
        Self { bytes: Vec::new(), first, commands: 0 }
    }

    /// Reads a value.
    pub(super) fn get(&mut self, key: &str) {
        self.command("mg", key, format_args!(" v"));
    }

    /// Reads a value and the number of its item.
    pub(super) fn get_numbered(&mut self, key: &str) {
        self.command("mg", key, format_args!(" v c"));
    }

    pub(super) fn set(&mut self, key: &str, value: &[u8], seconds: u64, condition: Condition) {
        let length = value.len();
        match condition {
            Condition::Always => self.command("ms", key, format_args!(" {length} T{seconds}")),
            Condition::Absent => self.command("ms", key, format_args!(" {length} ME T{seconds}")),
            Condition::Unchanged(item) => {
                self.command("ms", key, format_args!(" {length} C{item} T{seconds}"));
            }
        }
        self.bytes.reserve(length + 2);
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.command("md", key, format_args!(""));
    }

    pub(super) fn delete_unchanged(&mut self, key: &str, item: u64) {
        self.command("md", key, format_args!(" C{item}"));
    }

    fn command(&mut self, verb: &str, key: &str, flags: std::fmt::Arguments<'_>) {
        let number = self.first + self.commands as u64;
        let mut line = String::with_capacity(key.len() + 48);
        // Writing to a string cannot fail.
        let _ = write!(line, "{verb} {}{flags} O{number}\r\n", spelled(key));
        self.bytes.extend_from_slice(line.as_bytes());
        self.commands += 1;
    }

    pub(super) fn done(self) -> Request {
        Request { bytes: self.bytes.into(), first: self.first, commands: self.commands }
    }

    /// One command's request.
    pub(super) fn one(write: impl FnOnce(&mut Self)) -> Request {
        let mut composer = Self::new(1);
        write(&mut composer);
        composer.done()
    }
}

/// Asks whether there is a memcached that knows the meta protocol.
pub(super) fn greeting() -> Request {
    Request { bytes: Bytes::from_static(b"mn\r\n"), first: 0, commands: 1 }
}

/// The key itself, or a digest of one that is too long or has bytes which memcached does not
/// take. A key that looks like a digest is digested too: two keys never share an item.
fn spelled(key: &str) -> Cow<'_, str> {
    let plain = (1..=LONGEST_KEY).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic())
        && !key.starts_with(DIGEST);
    if plain {
        return Cow::Borrowed(key);
    }
    Cow::Owned(format!("{DIGEST}{}", blake3::hash(key.as_bytes()).to_hex()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(request: &Request) -> String {
        let text = String::from_utf8(request.bytes.to_vec()).unwrap();
        text.replace(&format!("O{}", request.first), "O#")
    }

    #[test]
    fn commands_are_the_protocols() {
        let one = |write: fn(&mut Composer)| written(&Composer::one(write));
        assert_eq!(one(|c| c.get("k")), "mg k v O#\r\n");
        assert_eq!(one(|c| c.get_numbered("k")), "mg k v c O#\r\n");
        assert_eq!(
            one(|c| c.set("k", b"a\r\n", 2, Condition::Always)),
            "ms k 3 T2 O#\r\na\r\n\r\n"
        );
        assert_eq!(one(|c| c.set("k", b"", 2, Condition::Absent)), "ms k 0 ME T2 O#\r\n\r\n");
        assert_eq!(
            one(|c| c.set("k", b"v", 2, Condition::Unchanged(7))),
            "ms k 1 C7 T2 O#\r\nv\r\n"
        );
        assert_eq!(one(|c| c.delete("k")), "md k O#\r\n");
        assert_eq!(one(|c| c.delete_unchanged("k", 7)), "md k C7 O#\r\n");
    }

    #[test]
    fn numbers_follow_each_other_and_are_not_used_twice() {
        let mut composer = Composer::new(2);
        composer.get("a");
        composer.get("b");
        let both = composer.done();
        let text = String::from_utf8(both.bytes.to_vec()).unwrap();
        assert!(text.contains(&format!("mg b v O{}\r\n", both.first + 1)), "{text}");
        assert!(Composer::one(|c| c.get("c")).first >= both.first + 2);
    }

    #[test]
    fn a_key_is_written_whole_or_as_a_digest() {
        let longest = "k".repeat(250);
        for key in ["k", "ck:{a}*%20", "~", &longest] {
            assert_eq!(spelled(key), key);
        }
        let long = "k".repeat(251);
        let digest = spelled("a b").into_owned();
        for key in ["", " ", "a b", "k\r\nflush_all", "\0", "\x7f", "ä", &long, &digest] {
            let spelled = spelled(key);
            assert!(spelled.starts_with(DIGEST) && spelled.len() == DIGEST.len() + 64, "{key:?}");
        }
        assert_ne!(spelled(&digest), digest);
    }
}
