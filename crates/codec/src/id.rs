//! Which codec wrote a body.

use std::fmt;

/// The number by which an entry names the codec of its body.
///
/// It is authenticated together with the body, and it is only ever compared with what the caller
/// configured: it never selects a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SerializerId(pub u8);

impl SerializerId {
    /// No body: the kinds of entry that carry no value.
    pub const NONE: Self = Self(0);
    /// [`MessagePack`](crate::MessagePack).
    pub const MSGPACK: Self = Self(1);
    /// [`Json`](crate::Json), RFC 8259.
    pub const JSON: Self = Self(2);
    /// Apache Arrow's IPC stream.
    pub const ARROW: Self = Self(3);
    /// The first number that applications may give to codecs of their own; the last is 255.
    pub const USER: Self = Self(128);

    /// Whether the number belongs to the application, not to this project.
    #[must_use]
    pub const fn is_user(self) -> bool {
        self.0 >= Self::USER.0
    }
}

impl fmt::Display for SerializerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("none"),
            Self::MSGPACK => f.write_str("MessagePack"),
            Self::JSON => f.write_str("JSON"),
            Self::ARROW => f.write_str("Arrow"),
            Self(number) => write!(f, "serializer {number}"),
        }
    }
}
