//! How a store is doing: told to the breaker, the counters and the observer.

use cachekit_store::{Error, ErrorKind, Store};

use crate::observe::Event;
use crate::operation_state::OperationState;
use crate::stats::count;

/// Tells the breaker, the counters and the observer what became of a request.
pub(crate) fn heard<T>(state: &OperationState, answer: Result<T, Error>) -> Result<T, Error> {
    let breaker = &state.cache.process().breaker;
    match &answer {
        Ok(_) => breaker.succeeded(),
        Err(error) => {
            if error.retryable() || error.kind() == ErrorKind::Protocol {
                breaker.failed(state.cache.timeline.boot());
            }
            count(&state.counters.store_errors);
            state.event(&Event::StoreFailed(error));
        }
    }
    answer
}

pub(crate) fn short_answer(store: &dyn Store) -> Error {
    let seen = "it answered another number of entries than were asked for";
    Error::new(ErrorKind::Protocol, store.address(), seen)
}

/// What a caller is told who asked for a write while the store does not answer.
pub(crate) fn unavailable(state: &OperationState) -> Error {
    let address = state.cache.options.store.as_deref().map_or("", |store| store.address());
    Error::new(ErrorKind::Unavailable, address, "it did not answer just now")
}
