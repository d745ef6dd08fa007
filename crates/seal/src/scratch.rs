//! A buffer for plaintext that is used over and over, and never left with anything in it.

use zeroize::optimization_barrier;

/// Room that is kept between uses; more is given back when cleared.
const KEPT: usize = 1 << 20;

/// Where entries are opened into. Keep one per thread: opening then allocates nothing.
///
/// The plaintext is zeroed when the next entry is opened into it, by [`clear`](Self::clear), and
/// when it is dropped. Copies that the caller makes are the caller's.
#[derive(Default)]
pub struct Scratch {
    pub(crate) plaintext: Buffer,
    pub(crate) expanded: Buffer,
}

impl Scratch {
    /// An empty buffer, which grows to what is opened into it.
    #[must_use]
    pub const fn new() -> Self {
        Self { plaintext: Buffer::new(), expanded: Buffer::new() }
    }

    /// Zeroes what was opened last, and gives back room over a mebibyte.
    pub fn clear(&mut self) {
        self.plaintext.clear();
        self.expanded.clear();
    }
}

/// Bytes of which the first `used` may be secret and the rest are zero.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), used: 0 }
    }

    /// Room for `length` bytes, whose content is unspecified; the caller overwrites all of it.
    /// Beyond it, nothing of an earlier use is left.
    #[inline]
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        if length > self.bytes.len() {
            self.replace(length);
        } else if let Some(stale) = self.bytes.get_mut(length..self.used) {
            wipe(stale);
        }
        self.used = length;
        self.bytes.get_mut(..length).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        if let Some(used) = self.bytes.get_mut(..self.used) {
            wipe(used);
        }
        self.used = 0;
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }

    /// A fresh allocation: growing in place would leave a copy behind in freed memory.
    #[cold]
    fn replace(&mut self, length: usize) {
        self.clear();
        let length = if length <= KEPT { length.next_power_of_two() } else { length };
        self.bytes = vec![0; length];
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Zeroes at the speed of `memset`; the barrier keeps the compiler from finding it useless.
#[inline]
pub(crate) fn wipe(bytes: &mut [u8]) {
    // An empty slice may point nowhere, and the masked store by which glibc's AVX-512 `memset`
    // writes nothing there costs a microcode assist: a tenth of a hit (bench: `hit`).
    if !bytes.is_empty() {
        bytes.fill(0);
        optimization_barrier(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_beyond_what_is_in_use() {
        let mut buffer = Buffer::new();
        buffer.room(300).fill(7);
        buffer.room(10).fill(8);
        assert!(buffer.bytes[..10].iter().all(|byte| *byte == 8));
        assert!(buffer.bytes[10..].iter().all(|byte| *byte == 0));
        buffer.clear();
        assert!(buffer.bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn much_room_is_given_back() {
        let mut buffer = Buffer::new();
        buffer.room(KEPT + 1).fill(7);
        buffer.clear();
        assert_eq!(buffer.bytes.capacity(), 0);
        buffer.room(KEPT).fill(7);
        buffer.clear();
        assert_eq!(buffer.bytes.len(), KEPT);
    }
}
