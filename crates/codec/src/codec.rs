//! The contract of a codec.

use crate::{Error, SerializerId};

/// Turns values of type `V` into bytes and back.
///
/// What `encode` writes, `decode` of the same release and of later ones reads as an equal value.
/// `decode` gets bytes that may come from anybody (in plain mode nothing authenticates a store):
/// it must never panic, and never allocate more than a small multiple of the input.
///
/// ```
/// use cachekit_codec::{Codec, MessagePack};
///
/// let codec = MessagePack::default();
/// let mut bytes = Vec::new();
/// codec.encode(&vec![1_u32, 2, 3], &mut bytes)?;
/// let back: Vec<u32> = codec.decode(&bytes)?;
/// assert_eq!(back, [1, 2, 3]);
/// # Ok::<(), cachekit_codec::Error>(())
/// ```
pub trait Codec<V> {
    /// The number that entries of this codec carry: one of this project's, or 128 and up.
    fn id(&self) -> SerializerId;

    /// Appends the encoding of `value` to `out`; on an error `out` is as it was.
    ///
    /// # Errors
    /// [`Error::Encode`] if the value cannot be represented, [`Error::TooDeep`] and
    /// [`Error::TooLong`] if it could not be decoded again.
    fn encode(&self, value: &V, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Reads back one value, which must fill `bytes` to the last.
    ///
    /// # Errors
    /// [`Error::Decode`] if the bytes are no `V`; [`Error::TooDeep`], [`Error::TooLong`],
    /// [`Error::LengthLie`] or [`Error::Trailing`] if they break a bound.
    fn decode(&self, bytes: &[u8]) -> Result<V, Error>;
}
