//! The right to compute a value once, and to write it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cachekit_process::{BootMillis, UnixMillis};

use crate::caller::FlightId;
use crate::flight::{Begun, Lead, Outcome, SharedError};
use crate::l1::Slot;
use crate::observe::{Event, Filled};
use crate::operation_state::{OperationState, Target};
use crate::sighting::{Look, Seen};
use crate::stats::count;
use crate::write::{self, Computed};
use crate::{Encoded, Error, drive};

/// The right to compute a value once. Whoever waits for it is woken in any case: with the value,
/// with the error, or, when the ticket is dropped, to take his own turn.
#[must_use = "dropping a ticket hands the turn to the next caller"]
pub struct Ticket {
    state: Arc<OperationState>,
    target: Target,
    lead: Option<Lead>,
    seen: Option<Seen>,
    started: BootMillis,
    created: UnixMillis,
}

impl Ticket {
    pub(crate) fn new(state: Arc<OperationState>, target: Target, lead: Option<Lead>) -> Self {
        let started = state.cache.timeline.boot();
        Self { state, target, lead, seen: None, started, created: UnixMillis(0) }
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// The store had the value after all.
    pub(crate) fn found(mut self, slot: &Arc<Slot>) {
        self.tell(Outcome::Filled(Arc::clone(slot)));
    }

    /// The computation starts now, and the entry will be dated now: after the barriers were read.
    pub(crate) fn begin(mut self, look: Look) -> Self {
        let cache = &self.state.cache;
        self.seen = look.into_seen();
        if let Some(lead) = &self.lead {
            let sighting = self.seen.as_ref().map(Seen::sighting);
            lead.begin(sighting.map_or(Begun::Blind, Begun::Upon));
        }
        self.started = cache.timeline.boot();
        self.created = cache.process().marks.date(&self.target.digest, cache.timeline.now());
        self
    }

    /// Names the computation, for a face that keeps track of what a task leads. `None` when nobody
    /// can be waiting for it.
    #[must_use]
    pub fn flight(&self) -> Option<FlightId> {
        self.lead.as_ref().map(Lead::id)
    }

    /// Marks a computation as this ticket's while it is polled, so that a call of the same name
    /// from inside it computes instead of waiting for itself.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let scope = self.lead.as_ref().map(Lead::scope);
        async move {
            match scope {
                Some(scope) => scope.around(future).await,
                None => future.await,
            }
        }
    }

    /// Writes the computed value, and hands it to whoever waits.
    ///
    /// The application's value is safe whatever becomes of the write: [`Filled`] says what did.
    ///
    /// # Errors
    /// `TooLarge`: nothing was written. `Seal`: no key may seal at this time.
    pub async fn fill(mut self, value: Encoded<'_>) -> Result<Filled, Error> {
        let elapsed = self.elapsed();
        let computed =
            Computed { value, created: self.created, elapsed, ttl: self.state.options.ttl };
        let writing = write::fill(&self.state, &self.target, self.seen.take(), computed);
        let counters = &self.state.counters;
        let written = drive::anywhere(writing).await;
        let (slot, filled) = written.inspect_err(|_| count(&counters.unwritten))?;
        match filled {
            Filled::Stored | Filled::Held => count(&counters.fills),
            _ => count(&counters.unwritten),
        }
        self.tell(Outcome::Filled(slot));
        self.state.event(&Event::Fill { elapsed, filled });
        Ok(filled)
    }

    /// The computation ended with an error, which reaches everybody who waits. Nothing is cached.
    pub fn fail(mut self, error: SharedError) {
        count(&self.state.counters.failures);
        self.tell(Outcome::Failed(error));
    }

    fn elapsed(&self) -> Duration {
        let now = self.state.cache.timeline.boot();
        Duration::from_millis(now.0.saturating_sub(self.started.0))
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(lead) = self.lead.take() {
            lead.tell(&self.state.cache.process().flights, outcome);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(mut lead) = self.lead.take() {
            lead.end(&self.state.cache.process().flights, None);
        }
    }
}
