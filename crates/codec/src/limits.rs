//! What a codec accepts at most.

use crate::Error;

/// How deep values and arguments may nest: enough for any real document, and far from the end of
/// a thread's stack. A scalar has depth 0, a list of scalars depth 1.
pub const MAX_DEPTH: u16 = 127;

/// Bounds on an encoded value, the same when writing and when reading, so that nothing is stored
/// that could not be read again. Nesting is bounded by [`MAX_DEPTH`] everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest encoding, in bytes. 64 MiB by default.
    pub bytes: usize,
}

impl Limits {
    /// Accepts encodings of up to `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { bytes }
    }

    pub(crate) fn check(self, length: usize) -> Result<(), Error> {
        if length > self.bytes {
            return Err(Error::TooLong { length, limit: self.bytes });
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}
