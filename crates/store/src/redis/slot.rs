//! Which of a cluster's 16384 slots a key is in.

/// How many there are.
pub(super) const SLOTS: u16 = 16384;

/// CRC16 (XMODEM) of the key, or of its hash tag: what is between the first `{` and the next `}`,
/// if that is not empty. Keys with one tag are in one slot.
pub(super) fn of_key(key: &str) -> u16 {
    crc16(tag(key).unwrap_or(key).as_bytes()) % SLOTS
}

fn tag(key: &str) -> Option<&str> {
    let (_, after) = key.split_once('{')?;
    let (tag, _) = after.split_once('}')?;
    Some(tag).filter(|tag| !tag.is_empty())
}

/// Bit by bit: the slowest form, and nothing beside a round trip.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_checksum_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(of_key("foo"), 12182);
    }

    #[test]
    fn the_first_tag_counts_if_it_is_not_empty() {
        for (key, same_as) in [
            ("{user1000}.following", "user1000"),
            ("foo{}{bar}", "foo{}{bar}"),
            ("foo{{bar}}zap", "{bar"),
            ("foo{bar}{zap}", "bar"),
            ("foo{bar", "foo{bar"),
        ] {
            assert_eq!(of_key(key), crc16(same_as.as_bytes()) % SLOTS, "{key}");
        }
    }
}
