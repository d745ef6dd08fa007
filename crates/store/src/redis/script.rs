//! Compare-and-set and compare-and-delete, as scripts that Redis runs atomically.
//!
//! What the caller has seen goes along whole, however large. Its SHA-1 would be shorter, the only
//! digest that Redis' scripts have; but it saves no time on a fast network (`benches/redis.rs`,
//! decision 21), and the comparison would no longer be exact.

use redis::{Cmd, cmd};

use crate::lifetime::Lifetime;

/// The common part. An absent entry is `false` in Lua, which equals no string.
macro_rules! compare_then {
    ($action:literal) => {
        concat!(
            "local there = redis.call('GET', KEYS[1])\n",
            "if there ~= ARGV[1] then return 0 end\n",
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
    text: compare_then!("redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])\n"),
    digest: "51e225803d0e3550a7faa2b8840f8b4cc35c2596",
};

static REMOVE: Script = Script {
    text: compare_then!("redis.call('DEL', KEYS[1])\n"),
    digest: "167382aa864d084421a1797fbb15c2856483272a",
};

/// One run of one of the scripts.
pub(super) struct Comparison<'a> {
    script: &'static Script,
    seen: &'a [u8],
    write: Option<(&'a [u8], Lifetime)>,
}

impl<'a> Comparison<'a> {
    /// Puts `value` in place of what was `seen`.
    pub(super) fn replace(seen: &'a [u8], value: &'a [u8], life: Lifetime) -> Self {
        Self { script: &REPLACE, seen, write: Some((value, life)) }
    }

    /// Removes what was `seen`.
    pub(super) fn remove(seen: &'a [u8]) -> Self {
        Self { script: &REMOVE, seen, write: None }
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
        command.arg(script).arg(1).arg(key).arg(self.seen);
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
            assert_eq!(sha1_smol::Sha1::from(text).hexdigest(), *digest, "{text}");
        }
    }
}
