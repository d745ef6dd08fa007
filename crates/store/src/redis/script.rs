//! Compare-and-set and compare-and-delete, as scripts that Redis runs atomically.
//!
//! What the caller has seen goes along whole up to [`WHOLE`] bytes; beyond, its length and SHA-1
//! go instead, so that a swap does not send a large entry twice. SHA-1 is the only digest that
//! Redis' scripts have, and it is enough here, because nothing secret or authentic hangs on it. A
//! hostile store need not compare at all; among honest parties it has to tell apart two values
//! that were stored under one name. To fool it somebody must get *both* of two colliding values
//! stored there. Nobody chooses the bytes of a sealed entry, a tombstone or a barrier; in plain
//! mode an entry begins with times that its author does not choose either, and the prize would be
//! that a fill overwrites one of his own values in place of the other (decision 21).

use redis::{Cmd, cmd};
use sha1_smol::Sha1;

use crate::lifetime::Lifetime;

/// Up to here the bytes cost less than two digests even where the network costs nothing
/// (`benches/redis.rs`); beyond, half of what a swap sends is worth more.
const WHOLE: usize = 64 * 1024;

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

impl<'a> Seen<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        if bytes.len() <= WHOLE {
            return Self::Whole(bytes);
        }
        Self::Digest { sha1: Sha1::from(bytes).hexdigest(), length: bytes.len() }
    }
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
            Seen::Whole(bytes) => command.arg(*bytes).arg(""),
            Seen::Digest { sha1, length } => command.arg(sha1).arg(*length),
        };
        if let Some((value, life)) = self.write {
            command.arg(value).arg(life.as_millis());
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_are_those_of_the_texts() {
        for Script { text, digest } in [&REPLACE, &REMOVE] {
            assert_eq!(Sha1::from(text).hexdigest(), *digest, "{text}");
        }
    }

    #[test]
    fn a_large_entry_is_not_sent_back() {
        for (length, sent_whole) in [(0, true), (WHOLE, true), (WHOLE + 1, false)] {
            let seen = vec![b'x'; length];
            let packed = Comparison::remove(&seen).by_digest("k").get_packed_command();
            assert_eq!(packed.len() > length, sent_whole, "{length}");
        }
    }
}
