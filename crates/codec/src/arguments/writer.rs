//! Writes canonical values one by one.

use super::scope::{Container, Scope};
use super::tag;
use crate::{Error, MAX_DEPTH};

/// Appends canonical values to a buffer.
///
/// The caller says what there is; the writer owns the bytes: shortest integers, one NaN, sorted
/// maps and sets, bounded depth. It does not check that a map's entries are pairs or that a tagged
/// type is followed by one value: that is the caller's part of the grammar.
///
/// ```
/// use cachekit_codec::arguments::{Container, Writer};
///
/// let mut bytes = Vec::new();
/// let mut writer = Writer::new(&mut bytes);
/// let mut set = writer.begin(Container::Set)?;
/// for item in ["b", "a"] {
///     writer.entry(&mut set);
///     writer.text(item);
/// }
/// writer.end(set);
/// assert_eq!(bytes, b"<s\x01as\x01b>");
/// # Ok::<(), cachekit_codec::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    depth: u16,
}

/// The sign of an integer that is given by its magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Zero or more.
    NotNegative,
    /// Below zero.
    Negative,
}

/// What a tagged value is an instance of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeTag<'a> {
    /// A type of the specification's table, such as `uuid`: the same in every language.
    Standard(&'a str),
    /// A type of the application, by its qualified name.
    Class(&'a str),
}

/// A tagged value whose content is due; [`Writer::end_tagged`] takes it back.
#[derive(Debug)]
#[must_use = "depth is given back when the content ends"]
pub struct Content(());

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, depth: 0 }
    }

    /// Absence: Python's `None`, Rust's `None` and `()`.
    #[inline]
    pub fn none(&mut self) {
        self.out.push(tag::NONE);
    }

    /// A truth value, which no integer equals.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.out.push(if value { tag::TRUE } else { tag::FALSE });
    }

    /// An integer without sign.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        self.word(tag::NOT_NEGATIVE, value);
    }

    /// An integer with sign; 5 is the same as an unsigned 5.
    #[inline]
    pub fn signed(&mut self, value: i64) {
        let tag = if value < 0 { tag::NEGATIVE } else { tag::NOT_NEGATIVE };
        self.word(tag, value.unsigned_abs());
    }

    /// An integer of any size, by sign and big-endian magnitude, with or without leading zeros.
    #[inline]
    pub fn integer(&mut self, sign: Sign, magnitude: &[u8]) {
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let shortest = magnitude.get(zeros..).unwrap_or_default();
        let tag = match sign {
            Sign::Negative if !shortest.is_empty() => tag::NEGATIVE,
            _ => tag::NOT_NEGATIVE,
        };
        self.sized(tag, shortest);
    }

    /// A float by its bits: -0.0 is not 0.0, every NaN is the same, and 1.0 is no integer.
    #[inline]
    pub fn float(&mut self, value: f64) {
        let bits = if value.is_nan() { tag::NAN_BITS } else { value.to_bits() };
        self.out.push(tag::FLOAT);
        self.out.extend_from_slice(&bits.to_be_bytes());
    }

    /// Text, not normalised: "é" of one code point is not "é" of two.
    #[inline]
    pub fn text(&mut self, value: &str) {
        self.sized(tag::TEXT, value.as_bytes());
    }

    /// Text in generalised UTF-8, where a lone surrogate takes three bytes, for languages whose
    /// strings may hold such. For text without any it is the same as [`text`](Self::text).
    pub fn text_with_surrogates(&mut self, value: &[u8]) {
        self.sized(tag::TEXT, value);
    }

    /// A byte string.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        self.sized(tag::BYTES, value);
    }

    /// Bytes that are the canonical encoding of one value already, such as a parameter's name
    /// that was encoded once and for all.
    #[inline]
    pub fn encoded(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    /// Opens a container. Call [`entry`](Self::entry) before each entry, then
    /// [`end`](Self::end).
    ///
    /// # Errors
    /// [`Error::TooDeep`] beyond [`MAX_DEPTH`] open containers and tagged values.
    pub fn begin(&mut self, container: Container) -> Result<Scope, Error> {
        self.descend()?;
        self.out.push(container.tags().0);
        Ok(Scope::new(container))
    }

    /// Opens the map of a call's arguments, which does not count as depth. Keys that are written in
    /// ascending order of their encodings need no [`entry`](Self::entry).
    #[inline]
    pub fn begin_call(&mut self) -> Scope {
        self.out.push(Container::Map.tags().0);
        Scope::new(Container::Map)
    }

    /// Says that the next entry of `scope` begins: an item, or a key that its value follows.
    #[inline]
    pub fn entry(&mut self, scope: &mut Scope) {
        if matches!(scope.container, Container::Map | Container::Set) {
            scope.starts.push(self.out.len());
        }
    }

    /// Sorts what needs sorting, and closes the container.
    #[expect(clippy::needless_pass_by_value, reason = "a scope can be ended only once")]
    pub fn end(&mut self, scope: Scope) {
        scope.sort(self.out);
        self.out.push(scope.container.tags().1);
        self.depth = self.depth.saturating_sub(1);
    }

    /// Writes a type's tag. Exactly one value must follow, then [`end_tagged`](Self::end_tagged).
    ///
    /// # Errors
    /// [`Error::TooDeep`] as in [`begin`](Self::begin).
    pub fn begin_tagged(&mut self, type_tag: TypeTag<'_>) -> Result<Content, Error> {
        self.descend()?;
        match type_tag {
            TypeTag::Standard(name) => self.sized(tag::STANDARD, name.as_bytes()),
            TypeTag::Class(name) => self.sized(tag::CLASS, name.as_bytes()),
        }
        Ok(Content(()))
    }

    /// Says that the content of a tagged value is complete.
    pub fn end_tagged(&mut self, _: Content) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Marks as present the value that began at `start`, if it could be taken for an absent one.
    ///
    /// `Some(5)` is written as 5, so that optional and plain parameters agree. That alone would
    /// merge `Some(None)` with `None`; those, and what was marked before, get a mark more.
    pub(super) fn mark_present(&mut self, start: usize) {
        if matches!(self.out.get(start), Some(&(tag::NONE | tag::SOME))) {
            self.out.insert(start, tag::SOME);
        }
    }

    pub(super) fn position(&self) -> usize {
        self.out.len()
    }

    fn descend(&mut self) -> Result<(), Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn word(&mut self, tag: u8, magnitude: u64) {
        let zeros = magnitude.leading_zeros() as usize / 8;
        let bytes = magnitude.to_be_bytes();
        self.sized(tag, bytes.get(zeros..).unwrap_or_default());
    }

    #[inline]
    fn sized(&mut self, tag: u8, content: &[u8]) {
        match u8::try_from(content.len()) {
            Ok(length) if length < tag::LONG => self.out.extend_from_slice(&[tag, length]),
            _ => {
                self.out.extend_from_slice(&[tag, tag::LONG]);
                self.out.extend_from_slice(&(content.len() as u64).to_be_bytes());
            }
        }
        self.out.extend_from_slice(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        out
    }

    #[test]
    fn integers_are_shortest_and_signed_like_unsigned() {
        assert_eq!(written(|w| w.unsigned(0)), b"+\x00");
        assert_eq!(written(|w| w.signed(5)), written(|w| w.unsigned(5)));
        assert_eq!(written(|w| w.signed(-5)), b"-\x01\x05");
        assert_eq!(written(|w| w.signed(i64::MIN)), b"-\x08\x80\0\0\0\0\0\0\0");
        assert_eq!(written(|w| w.integer(Sign::Negative, &[0, 0])), b"+\x00", "no negative zero");
        assert_eq!(written(|w| w.integer(Sign::NotNegative, &[0, 1, 0])), b"+\x02\x01\0");
    }

    #[test]
    fn floats_are_told_apart_by_bits_but_for_nan() {
        assert_ne!(written(|w| w.float(0.0)), written(|w| w.float(-0.0)));
        let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
        assert_eq!(written(|w| w.float(negative_nan)), written(|w| w.float(f64::NAN)));
    }

    #[test]
    fn lengths_change_form_at_255() {
        assert_eq!(written(|w| w.text(&"a".repeat(254)))[..3], *b"s\xfea");
        assert_eq!(written(|w| w.text(&"a".repeat(255)))[..11], *b"s\xff\0\0\0\0\0\0\0\xffa");
    }

    #[test]
    fn depth_is_bounded() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        let mut scopes: Vec<_> =
            (0..MAX_DEPTH).map(|_| writer.begin(Container::List).unwrap()).collect();
        assert_eq!(writer.begin(Container::List).unwrap_err(), Error::TooDeep { limit: MAX_DEPTH });
        writer.end(scopes.pop().unwrap());
        assert!(writer.begin(Container::List).is_ok(), "depth is given back");
    }
}
