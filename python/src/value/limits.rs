//! What a value may hold, the same when it is written as when it is read: what we write, we can read.

/// Containers within containers. Python's own JSON stops near 1000; a thread with a 512 KiB stack
/// must survive ours.
pub(crate) const DEPTH: usize = 128;

/// Bytes of one integer: two and a half million decimal digits.
pub(crate) const INTEGER: usize = 1 << 20;

/// Bytes of a fraction's numerator or denominator: reducing them costs the square of their length.
pub(crate) const FRACTION: usize = 1 << 12;

/// Characters of all regular expressions in one value, which are compiled when they are read: seven
/// of them can cost a hundredth of a second (`[\0-\uffff]`, whatever the case).
pub(crate) const PATTERN: usize = 1 << 11;

/// Regular expressions in one value: a few bytes of each cost tens of microseconds.
pub(crate) const PATTERNS: usize = 1000;

/// Characters of the name of a time zone.
pub(crate) const ZONE: usize = 255;
