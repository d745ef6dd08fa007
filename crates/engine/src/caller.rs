//! Who asks for a value, and how he would wait for it.

/// Names one computation under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlightId(u64);

impl FlightId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// Who asks, and how he would wait. It decides nothing but whom he may wait for.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub(crate) waits: Waits,
    pub(crate) holding: &'a [FlightId],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// His thread stands still meanwhile.
    Blocking,
    /// His task is set aside; his thread goes on with others.
    Task,
}

impl Caller<'static> {
    /// A caller whose thread stands still while he waits.
    #[must_use]
    pub const fn blocking() -> Self {
        Self { waits: Waits::Blocking, holding: &[] }
    }
}

impl<'a> Caller<'a> {
    /// A task, and the flights that it (or a task it was started from) leads, as far as its face
    /// keeps track of them.
    #[must_use]
    pub const fn task(holding: &'a [FlightId]) -> Self {
        Self { waits: Waits::Task, holding }
    }

    /// The same, for a caller who blocks inside such a task.
    #[must_use]
    pub const fn blocking_in(holding: &'a [FlightId]) -> Self {
        Self { waits: Waits::Blocking, holding }
    }
}
