//! Lengths that say little about what they hold.
//!
//! Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
//! PURBs", PoPETs 2019, section 4) keeps the exponent and as many bits of the mantissa as the
//! exponent has: O(log log L) bits leak, and at most 12 % is added. Below 256 bytes nothing leaks.

/// The shortest padded plaintext.
pub(crate) const MIN_PADDED: usize = 256;

/// The padded length of a plaintext of `length` bytes.
pub(crate) const fn padded(length: u64) -> u64 {
    if length <= MIN_PADDED as u64 {
        return MIN_PADDED as u64;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    match length.checked_add(mask) {
        Some(raised) => raised & !mask,
        // Only lengths within a rounding step of 2^64 get here, and no memory holds those.
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_lengths() {
        let cases = [
            (0, 256),
            (57, 256),
            (256, 256),
            (257, 272),
            (272, 272),
            (273, 288),
            (511, 512),
            (513, 544),
            (1_000, 1_024),
            (9_000, 9_216),
            (65_537, 67_584),
            (1_000_000, 1_015_808),
            (1 << 32, 1 << 32),
            ((1 << 32) + 1, (1 << 32) + (1 << 26)),
        ];
        for (length, expected) in cases {
            assert_eq!(padded(length), expected, "{length}");
        }
        assert_eq!(padded(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn never_shorter_never_over_an_eighth_and_stable(length in 0..1_u64 << 40) {
            let padded_length = padded(length);
            prop_assert!(padded_length >= length.max(256));
            prop_assert!(padded_length <= (length + length / 8).max(256));
            prop_assert_eq!(padded(padded_length), padded_length);
        }

        #[test]
        fn monotonic(length in 0..1_u64 << 40, more in 0..1000_u64) {
            prop_assert!(padded(length) <= padded(length + more));
        }
    }
}
