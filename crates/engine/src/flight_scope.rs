//! Which flights a thread is driving at this moment: so that nobody waits for one that only he
//! can land.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::caller::FlightId;

thread_local! {
    static HOLDING: RefCell<Vec<FlightId>> = const { RefCell::new(Vec::new()) };
    static THREAD: u64 = {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, SeqCst)
    };
}

/// A number of this thread's own.
pub(crate) fn this_thread() -> u64 {
    THREAD.with(|thread| *thread)
}

/// The flights whose futures this thread is polling.
pub(crate) fn held(each: impl FnMut(FlightId)) {
    HOLDING.with_borrow(|held| held.iter().copied().for_each(each));
}

/// See [`Ticket::scope`](crate::Ticket::scope).
pub(crate) struct Scope {
    id: FlightId,
    thread: Arc<AtomicU64>,
}

impl Scope {
    pub(crate) const fn new(id: FlightId, thread: Arc<AtomicU64>) -> Self {
        Self { id, thread }
    }

    /// Polls the future as part of the flight.
    pub(crate) async fn around<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let _held = self.hold();
            future.as_mut().poll(cx)
        })
        .await
    }

    fn hold(&self) -> Held {
        self.thread.store(this_thread(), SeqCst);
        HOLDING.with_borrow_mut(|held| held.push(self.id));
        Held
    }
}

/// Taken back when the poll ends, by a panic too.
struct Held;

impl Drop for Held {
    fn drop(&mut self) {
        HOLDING.with_borrow_mut(|held| held.pop());
    }
}
