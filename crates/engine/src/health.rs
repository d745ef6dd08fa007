//! How a store is doing: told to the breaker, the counters, the observer and the log.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use cachekit_process::BootMillis;
use cachekit_store::{Error, ErrorKind, Store};
use parking_lot::Mutex;

use crate::observe::Event;
use crate::operation_state::OperationState;
use crate::seldom::Seldom;
use crate::stats::count;

/// How one cache's store is doing, as its process has heard.
#[derive(Default)]
pub(crate) struct Health {
    /// Whether the last answer was an outage: most are none, and look no further.
    out: AtomicBool,
    outage: Mutex<Option<Outage>>,
    /// When outages begin, for the log: a store that comes and goes does so often.
    said: Seldom,
    /// Requests that a store in good health refuses.
    refusals: Seldom,
}

struct Outage {
    error: Error,
    /// The class of failure that the log was told of.
    said: Option<ErrorKind>,
}

impl Health {
    fn succeeded(&self, store: &str) {
        if !self.out.load(SeqCst) {
            return;
        }
        let outage = self.outage.lock().take();
        self.out.store(false, SeqCst);
        // The lock is free by now: a log may be anything.
        if outage.is_some_and(|outage| outage.said.is_some()) {
            log::info!("the store answers again ({store})");
        }
    }

    fn failed(&self, error: &Error, now: BootMillis) {
        if !is_outage(error.kind()) {
            if let Some(unsaid) = self.refusals.ask(now) {
                log::warn!("{error}{}", since(unsaid));
            }
            return;
        }
        let mut outage = self.outage.lock();
        let said = outage.as_ref().and_then(|outage| outage.said);
        let says = (said != Some(error.kind())).then(|| self.said.ask(now)).flatten();
        let said = if says.is_some() { Some(error.kind()) } else { said };
        *outage = Some(Outage { error: error.clone(), said });
        self.out.store(true, SeqCst);
        drop(outage);
        if says.is_some() {
            log::warn!("{error}; until it answers, calls compute what they do not hold");
        }
    }

    /// What the last answer was, if it was an outage.
    fn last(&self) -> Option<Error> {
        self.outage.lock().as_ref().map(|outage| outage.error.clone())
    }
}

/// Whether it concerns the store, and not this request alone.
const fn is_outage(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Full | ErrorKind::TooLarge | ErrorKind::Unsupported)
}

/// How often the same was not said, in words.
fn since(unsaid: u64) -> String {
    if unsaid == 0 { String::new() } else { format!(" ({unsaid} more since this was last said)") }
}

/// Tells the breaker, the counters, the observer and the log what became of a request.
pub(crate) fn heard<T>(state: &OperationState, answer: Result<T, Error>) -> Result<T, Error> {
    let process = state.cache.process();
    match &answer {
        Ok(_) => {
            process.breaker.succeeded();
            process.health.succeeded(store_address(state));
        }
        Err(error) => {
            let now = state.cache.timeline.boot();
            if error.retryable() || error.kind() == ErrorKind::Protocol {
                process.breaker.failed(now);
            }
            process.health.failed(error, now);
            count(&state.counters.store_errors);
            state.event(&Event::StoreFailed(error));
        }
    }
    answer
}

/// Warns of bytes that were changed: the first time, then at most once a minute for an operation.
pub(crate) fn alarm(state: &OperationState) {
    if let Some(unsaid) = state.tampering().ask(state.cache.timeline.boot()) {
        log::warn!(
            "{:?}: a stored entry was changed, moved or cut by somebody without the key, and was not \
             served ({}){}; see who can write to the store",
            state.options.name,
            store_address(state),
            since(unsaid)
        );
    }
}

pub(crate) fn short_answer(store: &dyn Store) -> Error {
    let seen = "it answered another number of entries than were asked for";
    Error::new(ErrorKind::Protocol, store.address(), seen)
}

/// What a caller is told who asked for a write while the store does not answer: why it did not.
pub(crate) fn unavailable(state: &OperationState) -> Error {
    let generic = || {
        let seen = "it did not answer just now";
        Error::new(ErrorKind::Unavailable, store_address(state), seen)
    };
    state.cache.process().health.last().unwrap_or_else(generic)
}

fn store_address(state: &OperationState) -> &str {
    state.cache.options.store.as_deref().map_or("", |store| store.address())
}
