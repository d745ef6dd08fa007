//! Compare-and-set and compare-and-delete, as scripts that Redis runs atomically.
//!
//! What the caller has seen goes along whole up to [`WHOLE`] bytes. Beyond, its length and SHA-1
//! go instead, so that a swap of a large entry does not send it back first. SHA-1 is all that
//! Redis' scripts offer, and here it is enough: it is no proof against a hostile store (which
//! need not compare anything), but tells apart two values that honest writers stored under one
//! name. To confuse it, somebody must have *both* of two colliding values stored there. Sealed
//! entries are out of reach: they differ in nonce and key, and nobody can choose their bytes. In
//! plain mode an entry starts with times and a generation that its author does not choose, and
//! who pulls it off wins that his own one value is replaced in place of his own other.

use redis::{Cmd, cmd};

use crate::lifetime::Lifetime;

/// Up to here the bytes cost less than their digest.
const WHOLE: usize = 1024;

/// The common part: `ARGV[1]` is what was seen, or its SHA-1 in hex if `ARGV[2]` is its length.
macro_rules! compare_then {
    ($action:literal) => {
        concat!(
            "local there = redis.call('GET', KEYS[1])\n",
            "if not there then return 0 end\n",
            "if ARGV[2] == '' then\n",
            "  if there ~= ARGV[1] then return 0 end\n",
            "elseif #there ~= tonumber(ARGV[2]) or redis.sha1hex(there) ~= ARGV[1] then\n",
            "  return 0\n",
            "end\n",
            $action,
            "return 1\n"
        )
    };
}

struct Script {
    text: &'static str,
    /// SHA-1 of the text, in hex: the name by which a server knows it. A constant, so that no
    /// lock is taken for it, which a forking parent could hold.
    digest: &'static str,
}

static REPLACE: Script = Script {
    text: compare_then!("redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])\n"),
    digest: "a54028de233e1227ddd09fda102f3e18172e4d1e",
};

static REMOVE: Script = Script {
    text: compare_then!("redis.call('DEL', KEYS[1])\n"),
    digest: "0c35e1e8ea7f9383efdf25e8c2738f2b45d7882f",
};

/// One run of one of the scripts.
pub(super) struct Comparison<'a> {
    script: &'static Script,
    seen: Seen<'a>,
    write: Option<(&'a [u8], Lifetime)>,
}

enum Seen<'a> {
    Whole(&'a [u8]),
    Digest { sha1: String, length: usize },
}

impl<'a> Comparison<'a> {
    /// Puts `value` in place of what was `seen`.
    pub(super) fn replace(seen: &'a [u8], value: &'a [u8], life: Lifetime) -> Self {
        Self { script: &REPLACE, seen: Seen::new(seen), write: Some((value, life)) }
    }

    /// Removes what was `seen`.
    pub(super) fn remove(seen: &'a [u8]) -> Self {
        Self { script: &REMOVE, seen: Seen::new(seen), write: None }
    }

    /// For a server that has run the script before.
    pub(super) fn by_digest(&self, key: &str) -> Cmd {
        self.command("EVALSHA", self.script.digest, key)
    }

    /// For one that has not.
    pub(super) fn whole(&self, key: &str) -> Cmd {
        self.command("EVAL", self.script.text, key)
    }

    fn command(&self, verb: &str, script: &str, key: &str) -> Cmd {
        let mut command = cmd(verb);
        command.arg(script).arg(1).arg(key);
        match &self.seen {
            Seen::Whole(seen) => command.arg(*seen).arg(""),
            Seen::Digest { sha1, length } => command.arg(sha1).arg(*length),
        };
        if let Some((value, life)) = self.write {
            command.arg(value).arg(life.as_millis());
        }
        command
    }
}

impl<'a> Seen<'a> {
    fn new(seen: &'a [u8]) -> Self {
        if seen.len() <= WHOLE {
            return Self::Whole(seen);
        }
        Self::Digest { sha1: sha1_smol::Sha1::from(seen).hexdigest(), length: seen.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_those_of_the_texts() {
        for Script { text, digest } in [&REPLACE, &REMOVE] {
            assert_eq!(sha1_smol::Sha1::from(text).hexdigest(), *digest, "{text}");
        }
    }

    #[test]
    fn a_large_value_is_not_sent_back() {
        let seen = vec![b'x'; 4096];
        let sent = Comparison::remove(&seen).by_digest("k").get_packed_command();
        assert!(sent.len() < 256, "{}", sent.len());
    }
}
