//! Randomness from the kernel, and nowhere else: a generator in user space is copied by `fork`, and
//! so is a lock that one of its threads holds at that moment.

use std::num::NonZeroU64;

/// Fills `buffer` from the kernel's generator.
///
/// It takes no lock, so a child that was forked while other threads were in it goes on. A
/// system call each time: for a few bytes now and then.
///
/// # Panics
/// If the kernel has no randomness to give. Nothing may be sealed then, and there is no weaker
/// source to fall back on.
///
/// ```
/// let mut id = [0; 16];
/// cachekit_process::random(&mut id);
/// assert_ne!(id, [0; 16]);
/// ```
#[expect(clippy::panic, reason = "without kernel randomness every later step would be unsafe")]
pub fn random(buffer: &mut [u8]) {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest) {
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the kernel gave no randomness: {error}"),
        }
    }
}

/// 64 random bits, never all zero: zero is what a wiped word looks like.
pub(crate) fn nonzero_word() -> NonZeroU64 {
    loop {
        let mut bytes = [0; 8];
        random(&mut bytes);
        if let Some(word) = NonZeroU64::new(u64::from_ne_bytes(bytes)) {
            return word;
        }
    }
}

#[cfg(target_os = "linux")]
fn read(buffer: &mut [u8]) -> std::io::Result<usize> {
    // SAFETY: the pointer and the length describe one exclusively borrowed, writable slice.
    let read = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(read).map_err(|_| std::io::Error::last_os_error())
}

#[cfg(not(target_os = "linux"))]
fn read(buffer: &mut [u8]) -> std::io::Result<usize> {
    // POSIX.1-2024: at most 256 bytes at a time, all or nothing.
    let length = buffer.len().min(256);
    // SAFETY: `length` is at most the length of one exclusively borrowed, writable slice.
    match unsafe { libc::getentropy(buffer.as_mut_ptr().cast(), length) } {
        0 => Ok(length),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_byte_of_long_and_short_buffers() {
        for length in [0, 1, 33, 256, 257, 4096] {
            // 16 draws: a byte that stays zero in all of them was not written (2^-128).
            let mut seen = vec![0_u8; length];
            for _ in 0..16 {
                let mut buffer = vec![0; length];
                random(&mut buffer);
                seen.iter_mut().zip(buffer).for_each(|(seen, byte)| *seen |= byte);
            }
            assert!(seen.iter().all(|byte| *byte != 0));
        }
    }

    #[test]
    fn two_words_differ() {
        assert_ne!(nonzero_word(), nonzero_word());
    }
}
