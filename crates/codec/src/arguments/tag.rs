//! The first byte of every encoded value. Printable, so that a hex dump reads itself; all
//! different from the closing tags, which is what makes containers self-delimiting.

pub(super) const NONE: u8 = b'N';
pub(super) const FALSE: u8 = b'F';
pub(super) const TRUE: u8 = b'T';
/// A length, then the magnitude without leading zeros; zero has length 0.
pub(super) const NOT_NEGATIVE: u8 = b'+';
/// As above; never zero.
pub(super) const NEGATIVE: u8 = b'-';
pub(super) const FLOAT: u8 = b'f';
pub(super) const TEXT: u8 = b's';
pub(super) const BYTES: u8 = b'b';
/// An optional value whose content could be mistaken for absence: `Some(None)`.
pub(super) const SOME: u8 = b'?';
/// A type of the specification's table: its name, then its content.
pub(super) const STANDARD: u8 = b'x';
/// A type of the application: its qualified name, then its content.
pub(super) const CLASS: u8 = b'o';

pub(super) const LIST: (u8, u8) = (b'[', b']');
pub(super) const TUPLE: (u8, u8) = (b'(', b')');
pub(super) const MAP: (u8, u8) = (b'{', b'}');
pub(super) const SET: (u8, u8) = (b'<', b'>');

/// Lengths below this are one byte; others are this byte, then a big-endian u64.
pub(super) const LONG: u8 = 0xff;

/// Every NaN, whatever its sign and payload.
pub(super) const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;
