//! A key that a process shares with its children, for digests that are compared in memory.

use std::sync::atomic::AtomicU64;

use crate::wiped_page::seeded;

/// 256 random bits, drawn at the first call and inherited by forked children.
///
/// For keyed digests by which equal things are recognised inside one family of processes, so that
/// the digests say nothing outside it. Never for sealing, and never for anything that leaves the
/// process.
#[must_use]
pub fn family_key() -> [u8; 32] {
    static WORDS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip(&WORDS) {
        bytes.copy_from_slice(&seeded(word).to_ne_bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_see_one_key() {
        let elsewhere = std::thread::spawn(family_key).join().unwrap();
        assert_eq!(family_key(), elsewhere);
        assert_ne!(family_key()[..8], family_key()[8..16]);
    }
}
