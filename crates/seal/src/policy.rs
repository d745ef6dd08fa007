//! What an authentic entry must comply with before it may be used. `docs/format.md`, "Opening".

use std::time::Duration;

use cachekit_process::UnixMillis;

use crate::content::Kind;
use crate::inner::{Expectations, Inner};
use crate::name::Purpose;
use crate::refusal::{Fault, KeyId, Policy, Refusal};

/// How far ahead of the own clock an entry may be dated.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);
/// What a computation may take, and so by how much a life may exceed `max_ttl`.
const LONGEST_COMPUTATION: Duration = Duration::from_secs(3600);
/// Tombstones outlive every computation that began before them, whatever `max_ttl` is.
const TOMBSTONE_LIFE: Duration = Duration::from_secs(2 * 3600);
/// 49 days: the longest stale window there is.
const LONGEST_STALE_WINDOW: Duration = Duration::from_secs(49 * 86_400);

/// What a reader accepts. Built up from defaults:
///
/// ```
/// use cachekit_seal::{OpenLimits, Purpose};
/// use std::time::Duration;
///
/// let limits = OpenLimits::new(Purpose::Entry).max_ttl(Duration::from_secs(86_400));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OpenLimits {
    pub(crate) purpose: Purpose,
    max_ttl: Duration,
    max_stale_window: Duration,
    max_body: usize,
    serializer: Option<u8>,
}

impl OpenLimits {
    /// The limits for names of `purpose`: 30 days of life, 49 days of staleness, 64 MiB, any
    /// serializer.
    #[must_use]
    pub const fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            max_ttl: Duration::from_secs(30 * 86_400),
            max_stale_window: LONGEST_STALE_WINDOW,
            max_body: 64 << 20,
            serializer: None,
        }
    }

    /// The longest life that is configured; one hour of computing is allowed on top.
    #[must_use]
    pub const fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = max_ttl;
        self
    }

    /// The longest time that an entry may be served after it expired; never over 49 days.
    #[must_use]
    pub fn max_stale_window(mut self, window: Duration) -> Self {
        self.max_stale_window = window.min(LONGEST_STALE_WINDOW);
        self
    }

    /// The longest body, in bytes after expanding. No more than that is ever allocated for one.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The one serializer whose values are accepted.
    #[must_use]
    pub const fn serializer(mut self, serializer: u8) -> Self {
        self.serializer = Some(serializer);
        self
    }
}

/// The limits as the reader of fields asks for them.
pub(crate) struct Expected<'l> {
    pub(crate) limits: &'l OpenLimits,
    pub(crate) fault: fn(Fault) -> Refusal,
}

impl Expectations for Expected<'_> {
    fn kind(&self, kind: Kind) -> Result<(), Refusal> {
        let allowed = match self.limits.purpose {
            Purpose::Entry => kind != Kind::Barrier,
            Purpose::Clear | Purpose::Tag => kind == Kind::Barrier,
            Purpose::Wrapper => matches!(kind, Kind::Value | Kind::None),
        };
        if allowed { Ok(()) } else { Err((self.fault)(Fault::KindForName)) }
    }

    fn serializer(&self, kind: Kind, serializer: u8) -> Result<(), Refusal> {
        match self.limits.serializer {
            Some(only) if kind == Kind::Value && serializer != only => {
                Err(Refusal::OutsidePolicy(Policy::Serializer(serializer)))
            }
            _ => Ok(()),
        }
    }
}

/// When the key of an entry stops being believed.
#[derive(Clone, Copy)]
pub(crate) struct Demotion {
    pub(crate) kid: KeyId,
    pub(crate) at: UnixMillis,
}

/// The checks between the fields' form and what the process remembers, in their order. A barrier
/// is excused from all but demotion, and a wrapper from that of life.
pub(crate) fn judge(
    inner: &Inner<'_>,
    limits: &OpenLimits,
    now: UnixMillis,
    demotion: Option<Demotion>,
) -> Result<(), Refusal> {
    let is_barrier = inner.kind == Kind::Barrier;
    check_body(inner, limits)?;
    if !is_barrier {
        check_dates(inner, now)?;
    }
    if let Some(Demotion { kid, at }) = demotion
        && inner.created >= at
    {
        return Err(Refusal::Demoted { kid });
    }
    if !is_barrier {
        check_life(inner, limits)?;
    }
    Ok(())
}

fn check_body(inner: &Inner<'_>, limits: &OpenLimits) -> Result<(), Refusal> {
    let longest = limits.max_body as u64;
    let length = u64::from(inner.raw_len).max(inner.stored.len() as u64);
    if length > longest {
        return Err(Refusal::OutsidePolicy(Policy::BodyLength(length)));
    }
    Ok(())
}

fn check_dates(inner: &Inner<'_>, now: UnixMillis) -> Result<(), Refusal> {
    if inner.created > inner.fresh_until {
        return Err(Refusal::OutsidePolicy(Policy::ExpiresBeforeCreated));
    }
    let ahead = inner.created.since(now);
    if ahead > CLOCK_DIFFERENCE { Err(Refusal::Future { ahead }) } else { Ok(()) }
}

fn check_life(inner: &Inner<'_>, limits: &OpenLimits) -> Result<(), Refusal> {
    let life = inner.fresh_until.since(inner.created);
    let longest = match inner.kind {
        Kind::Tombstone => limits.max_ttl.max(TOMBSTONE_LIFE - LONGEST_COMPUTATION),
        _ => limits.max_ttl,
    };
    let excused = limits.purpose == Purpose::Wrapper;
    if !excused && life > longest.saturating_add(LONGEST_COMPUTATION) {
        return Err(Refusal::OutsidePolicy(Policy::Life(life)));
    }
    let window = Duration::from_millis(u64::from(inner.stale_window_ms));
    if window > limits.max_stale_window {
        return Err(Refusal::OutsidePolicy(Policy::StaleWindow(window)));
    }
    Ok(())
}
