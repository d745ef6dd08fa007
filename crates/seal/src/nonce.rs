//! The 96 bits of a nonce. `docs/format.md`, "Nonces"; why they never repeat is argued in
//! [`cachekit_process::writer`].

use cachekit_process::writer::NonceSlot;

/// A nonce as it stands in the header: the counter, then the session's randomness.
///
/// Made from one slot and used for one encryption: it takes the slot by value, and is not `Copy`.
pub(crate) struct Nonce([u8; 12]);

impl Nonce {
    pub(crate) fn new(slot: NonceSlot) -> Self {
        let [c0, c1, c2, c3, c4, c5, c6, c7] = slot.counter.to_be_bytes();
        let [r0, r1, r2, r3] = slot.randomness;
        Self([c0, c1, c2, c3, c4, c5, c6, c7, r0, r1, r2, r3])
    }

    pub(crate) const fn into_bytes(self) -> [u8; 12] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_comes_first_and_big_endian() {
        let slot = NonceSlot { sid: [1; 16], counter: 0x0102, randomness: [7, 8, 9, 10] };
        assert_eq!(Nonce::new(slot).into_bytes(), [0, 0, 0, 0, 0, 0, 1, 2, 7, 8, 9, 10]);
    }
}
