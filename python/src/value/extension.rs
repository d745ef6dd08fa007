//! The extension codes: what MessagePack itself cannot tell apart.

/// The code of an extension, and nothing but the codes of `docs/values.md`.
///
/// A code once given is never given anew: entries outlive the release that wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub(crate) enum Extension {
    Integer = 1,
    Complex = 2,
    Text = 3,
    ByteArray = 4,
    Tuple = 5,
    Set = 6,
    FrozenSet = 7,
    Deque = 8,
    OrderedDict = 9,
    DefaultDict = 10,
    Counter = 11,
    Range = 12,
    Slice = 13,
    DateTime = 16,
    Date = 17,
    Time = 18,
    TimeDelta = 19,
    Zone = 20,
    Decimal = 24,
    Fraction = 25,
    Uuid = 26,
    Path = 27,
    Network = 28,
    Pattern = 29,
    Member = 32,
    NamedTuple = 33,
    Record = 34,
    Struct = 35,
    Model = 36,
    Array = 40,
    Scalar = 41,
    Frame = 42,
}

impl Extension {
    const ALL: [Self; 32] = [
        Self::Integer,
        Self::Complex,
        Self::Text,
        Self::ByteArray,
        Self::Tuple,
        Self::Set,
        Self::FrozenSet,
        Self::Deque,
        Self::OrderedDict,
        Self::DefaultDict,
        Self::Counter,
        Self::Range,
        Self::Slice,
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::TimeDelta,
        Self::Zone,
        Self::Decimal,
        Self::Fraction,
        Self::Uuid,
        Self::Path,
        Self::Network,
        Self::Pattern,
        Self::Member,
        Self::NamedTuple,
        Self::Record,
        Self::Struct,
        Self::Model,
        Self::Array,
        Self::Scalar,
        Self::Frame,
    ];

    /// The extension of this code, if there is one.
    pub(crate) fn from_code(code: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as i8 == code)
    }
}
