//! MessagePack at the level of bytes: one bounded token reader, one writer, no serde, no allocation
//! while reading.
//!
//! What is read may come from a store that lies, so the reader upholds one invariant from which a
//! decoder's bounds follow:
//!
//! > A header is returned only if every element it promises, together with every element promised
//! > earlier and not read yet, can still be there: one byte each, in what is left of the input.
//!
//! A decoder that sizes a container by such a header therefore never reserves more slots, over *all*
//! open containers, than the input has bytes. Without the "together", 128 nested headers that each
//! claim the rest of the input would multiply it by 128.
//!
//! Depth is the caller's to bound: tokens are flat. What the numbers mean is in
//! [the MessagePack specification](https://github.com/msgpack/msgpack/blob/master/spec.md).

mod expected;
mod reader;
mod writer;

pub use expected::ExpectedText;
pub use reader::{Malformed, Reader, Token};
pub use writer::{OpenExtension, TooLong, Writer};
