//! An operation: one function's calls, by one policy.

use std::sync::Arc;
use std::time::Duration;

use crate::cache_state::CacheState;
use crate::caller::Caller;
use crate::flight::{Join, Lead, Outcome, Same, SharedError, Wait};
use crate::l1::Slot;
use crate::observe::Event;
use crate::operation_state::{OperationState, Target, check_ttl};
use crate::options::{L1, OperationOptions};
use crate::sighting::Look;
use crate::stats::{Found, Stats, count};
use crate::ticket::Ticket;
use crate::{Call, Encoded, Error, Hit, drive, first_level, invalidate, read, write};

/// A function's place in a [`Cache`](crate::Cache). Clones share it.
#[derive(Clone)]
pub struct Operation {
    state: Arc<OperationState>,
}

/// What is asked of a call.
pub enum Intent {
    /// The cached value if there is one.
    Get,
    /// A value computed now, whatever is cached.
    Refresh,
    /// As [`Get`](Self::Get), after the face could not decode this hit: it is counted and replaced.
    Replace(Hit),
}

/// What a call found.
#[expect(clippy::large_enum_variant, reason = "matched where it is returned, never kept")]
pub enum Entered {
    /// A value.
    Hit(Hit),
    /// The right to compute it.
    Compute(Ticket),
    /// The error that another caller's computation ended with, meanwhile.
    Failed(SharedError),
}

impl Operation {
    pub(crate) fn new(cache: Arc<CacheState>, options: OperationOptions) -> Result<Self, Error> {
        check_ttl(&cache, options.ttl)?;
        let state = OperationState::of(cache, options);
        // Fields that no name can hold are found now, not by the first call.
        state.target(&Call { tenant: None, arguments: &[] })?;
        Ok(Self { state: Arc::new(state) })
    }

    /// The first level's answer, without waiting for anything: the path of most calls.
    #[must_use]
    pub fn probe(&self, call: &Call<'_>) -> Option<Hit> {
        let state = &self.state;
        let slot = first_level::serve(state, &state.digest(call))?;
        Some(Hit::counted(slot, Found::FirstLevel, &state.counters))
    }

    /// Finds a value, or gives the right to compute it: first level, then a computation under way,
    /// then the store. A store that fails is a miss.
    ///
    /// # Errors
    /// `Refused`: a changed entry, where the cache was told to raise. `Seal`: the tenant does not
    /// fit a name.
    pub async fn enter(
        &self,
        call: &Call<'_>,
        intent: Intent,
        caller: Caller<'_>,
    ) -> Result<Entered, Error> {
        drive::anywhere(self.find(call, intent, caller)).await
    }

    /// The cached value, never computing one, and counted neither as a hit nor as a miss. A store
    /// that fails shows nothing.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    pub async fn peek(&self, call: &Call<'_>) -> Result<Option<Hit>, Error> {
        let digest = self.state.digest(call);
        if let Some(slot) = first_level::serve(&self.state, &digest) {
            return Ok(Some(Hit::peeked(slot)));
        }
        let target = self.state.target(call)?;
        match drive::anywhere(read::look(&self.state, &target)).await? {
            Look::Found(slot, _) => Ok(Some(Hit::peeked(slot))),
            Look::Missing(_) | Look::Blind => Ok(None),
        }
    }

    /// The cached values of many calls, in one round trip where the store can.
    ///
    /// # Errors
    /// As [`peek`](Self::peek).
    pub async fn peek_many(&self, calls: &[Call<'_>]) -> Result<Vec<Option<Hit>>, Error> {
        let targets =
            calls.iter().map(|call| self.state.target(call)).collect::<Result<Vec<_>, _>>()?;
        drive::anywhere(read::peek_many(&self.state, &targets)).await
    }

    /// Stores a value that the caller has, over whatever is there. `ttl` stands in for the
    /// operation's own.
    ///
    /// # Errors
    /// `Store`: it could not be written; nothing half-written is left. `Ttl`, `TooLarge`.
    pub async fn put(
        &self,
        call: &Call<'_>,
        value: Encoded<'_>,
        ttl: Option<Duration>,
    ) -> Result<(), Error> {
        let ttl = ttl.unwrap_or(self.state.options.ttl);
        check_ttl(&self.state.cache, ttl)?;
        drive::anywhere(write::put(&self.state, call, value, ttl)).await
    }

    /// Forgets one call's value: no value whose computation began before is served afterwards.
    ///
    /// # Errors
    /// `Store`: the store did not take it. This process has forgotten all the same.
    pub async fn invalidate(&self, call: &Call<'_>) -> Result<(), Error> {
        drive::anywhere(invalidate::one(&self.state, call)).await
    }

    /// Forgets all of this operation's values, as [`Cache::clear`](crate::Cache::clear) does.
    ///
    /// # Errors
    /// As [`invalidate`](Self::invalidate).
    pub async fn clear(&self) -> Result<(), Error> {
        drive::anywhere(invalidate::clear_operation(&self.state)).await
    }

    /// The address of a call's entry in the store.
    ///
    /// # Errors
    /// `Seal`: the tenant does not fit a name.
    pub fn address(&self, call: &Call<'_>) -> Result<String, Error> {
        let target = self.state.target(call)?;
        Ok(target.addresses.first().map(|a| a.key().to_owned()).unwrap_or_default())
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state.counters.read()
    }

    /// Takes note of a value that could not be encoded.
    pub fn unencodable(&self) {
        count(&self.state.counters.unencodable);
        self.state.event(&Event::Unencodable);
    }

    /// What it was built with.
    #[must_use]
    pub fn options(&self) -> &OperationOptions {
        &self.state.options
    }

    async fn find(
        &self,
        call: &Call<'_>,
        intent: Intent,
        caller: Caller<'_>,
    ) -> Result<Entered, Error> {
        let state = &self.state;
        let target = state.target(call)?;
        if let Intent::Replace(hit) = &intent {
            state.undecodable(&target.digest, hit);
        }
        let get = matches!(intent, Intent::Get);
        let flights = &state.cache.process().flights;
        let now = || state.cache.timeline.boot();
        if !get {
            let lead = flights.replace(target.digest, state.id(), &caller, now());
            return self.lead(target, intent, Some(lead)).await;
        }
        loop {
            if let Some(slot) = first_level::serve(state, &target.digest) {
                return Ok(self.hit(slot, Found::FirstLevel));
            }
            let mut wait = match flights.join(target.digest, state.id(), &caller, now()) {
                Join::Lead(lead) => {
                    // The last flight may have landed between the look above and this one's start.
                    if let Some(slot) = first_level::serve(state, &target.digest) {
                        lead.tell(flights, Outcome::Filled(Arc::clone(&slot)));
                        return Ok(self.hit(slot, Found::FirstLevel));
                    }
                    return self.lead(target, intent, Some(lead)).await;
                }
                Join::Alone => return self.lead(target, intent, None).await,
                Join::Wait(wait) => wait,
            };
            if self.must_look_first(&wait) {
                let look = read::look(state, &target).await?;
                if let Look::Found(slot, _) = look {
                    return Ok(self.hit(slot, Found::Store));
                }
                let same = match look.into_seen() {
                    Some(seen) => wait.began_upon(&seen.sighting()).await,
                    None => Same::No,
                };
                match same {
                    Same::Yes => {}
                    Same::Landed => continue,
                    Same::No => {
                        let lead = flights.replace(target.digest, state.id(), &caller, now());
                        return self.lead(target, intent, Some(lead)).await;
                    }
                }
            }
            match wait.outcome().await {
                Outcome::Filled(slot) => {
                    return Ok(self.hit(slot, Found::Joined));
                }
                Outcome::Failed(error) => return Ok(Entered::Failed(error)),
                Outcome::Elapsed => return self.lead(target, intent, None).await,
                Outcome::Abandoned => {}
            }
        }
    }

    fn hit(&self, slot: Arc<Slot>, found: Found) -> Entered {
        Entered::Hit(Hit::counted(slot, found, &self.state.counters))
    }

    /// Whether the flight's look is older than what the first level would be believed for.
    fn must_look_first(&self, wait: &Wait) -> bool {
        let options = &self.state.cache.options;
        let age = self.state.cache.timeline.boot().since(wait.looked);
        options.store.is_some() && (options.l1 == L1::Off || age > options.l1_max_age)
    }

    async fn lead(
        &self,
        target: Target,
        intent: Intent,
        lead: Option<Lead>,
    ) -> Result<Entered, Error> {
        let state = &self.state;
        let ticket = Ticket::new(Arc::clone(state), target, lead);
        let look = read::look(state, ticket.target()).await?;
        if let (Look::Found(slot, _), Intent::Get) = (&look, &intent) {
            state.event(&Event::StoreHit);
            let hit = self.hit(Arc::clone(slot), Found::Store);
            ticket.found(slot);
            return Ok(hit);
        }
        count(&state.counters.misses);
        state.event(&Event::Miss);
        Ok(Entered::Compute(ticket.begin(look)))
    }
}
