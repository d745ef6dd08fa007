//! Which server has a key: rendezvous hashing.
//!
//! Every server gets a score for the key, and the highest wins. Take a server away and the keys
//! that it had won go to each of the others in equal parts; nobody else's move. Which server
//! wins is part of what clients of one set of servers must agree on: neither the hash nor the
//! spelling of a server may change.

/// The servers, by position.
pub(super) struct Ring {
    seeds: Vec<u64>,
}

impl Ring {
    /// A ring of the servers of these names.
    pub(super) fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { seeds: names.into_iter().map(|name| hash(name.as_ref())).collect() }
    }

    /// The position of the server that has the key.
    pub(super) fn server_of(&self, key: &str) -> usize {
        if self.seeds.len() < 2 {
            return 0;
        }
        let key = hash(key);
        let scores = self.seeds.iter().map(|seed| mixed(seed ^ key));
        scores.enumerate().max_by_key(|(_, score)| *score).map_or(0, |(position, _)| position)
    }
}

/// The same on every machine, and not to be steered by whoever chooses arguments.
fn hash(text: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(text.as_bytes()).as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The finaliser of SplitMix64: every bit of the input moves half of the output's.
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["a:1", "b:1", "b:2", "10.0.0.1:11211", "[::1]:11211"];
    const KEYS: usize = 50_000;

    fn placed(names: &[&str]) -> Vec<String> {
        let ring = Ring::new(names);
        (0..KEYS).map(|i| names[ring.server_of(&format!("ck:{i}"))].to_owned()).collect()
    }

    #[test]
    fn shares_are_equal() {
        let placed = placed(&NAMES);
        for name in NAMES {
            let share = placed.iter().filter(|server| *server == name).count();
            let fair = KEYS / NAMES.len();
            assert!(share.abs_diff(fair) < fair / 20, "{name}: {share} of {fair}");
        }
    }

    #[test]
    fn a_lost_server_moves_its_own_share_alone_and_to_all_others() {
        let before = placed(&NAMES);
        for lost in NAMES {
            let left: Vec<&str> = NAMES.into_iter().filter(|name| *name != lost).collect();
            let after = placed(&left);
            let mut heirs = std::collections::HashMap::new();
            for (before, after) in before.iter().zip(&after) {
                if before == lost {
                    *heirs.entry(after).or_insert(0_usize) += 1;
                } else {
                    assert_eq!(before, after);
                }
            }
            let fair = KEYS / NAMES.len() / left.len();
            assert!(heirs.len() == left.len(), "{heirs:?}");
            assert!(heirs.values().all(|share| share.abs_diff(fair) < fair / 8), "{heirs:?}");
        }
    }

    #[test]
    fn where_a_key_is_never_changes() {
        let ring = Ring::new(NAMES);
        let places: Vec<usize> =
            ["ck:1", "ck:2", "ck:3", "ä"].iter().map(|key| ring.server_of(key)).collect();
        assert_eq!(places, [4, 4, 2, 3]);
    }
}
