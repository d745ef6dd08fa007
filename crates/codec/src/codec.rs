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
///
/// One of your own has a number from 128 to 255, which entries carry: never use it for another one.
///
/// ```
/// use cachekit_codec::{Codec, Error, Reason, SerializerId};
///
/// /// Text as it is, with nothing around it.
/// struct Plain;
///
/// impl Codec<String> for Plain {
///     fn id(&self) -> SerializerId {
///         SerializerId(128)
///     }
///
///     fn encode(&self, value: &String, out: &mut Vec<u8>) -> Result<(), Error> {
///         out.extend_from_slice(value.as_bytes());
///         Ok(())
///     }
///
///     fn decode(&self, bytes: &[u8]) -> Result<String, Error> {
///         let text = std::str::from_utf8(bytes).map_err(|_| Error::Decode {
///             serializer: self.id(),
///             type_name: "String",
///             reason: Reason::NotUtf8,
///         })?;
///         Ok(text.to_owned())
///     }
/// }
///
/// let mut bytes = Vec::new();
/// Plain.encode(&"text".to_owned(), &mut bytes)?;
/// assert_eq!(Plain.decode(&bytes)?, "text");
/// assert!(Plain.decode(&[0xff]).is_err());
/// # Ok::<(), Error>(())
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
