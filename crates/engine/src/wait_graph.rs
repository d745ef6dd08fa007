//! Who waits for whom: so that no ring of computations waits for itself.
//!
//! A computation that waits for another cannot land before it; nor can anything that a thread
//! drives which stands still. Each wait is an edge here while it lasts, and nobody adds the one
//! that would close a ring: he computes instead. Looking and adding are one step under one lock of
//! the process, since rings may go through several caches; it is taken only by who would wait.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use cachekit_process::PerProcess;
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::caller::{Caller, FlightId, Waits};
use crate::flight_scope::{held, this_thread};

/// How many flights are looked at for a ring. One with more of them waits as long as anybody does.
const LOOKED_AT: usize = 1024;

static EDGES: PerProcess<Mutex<Edges>> = PerProcess::new();

/// A flight, and what must go on for it to land.
#[derive(Clone)]
pub(crate) struct Driven {
    pub(crate) id: FlightId,
    pub(crate) waits: Waits,
    /// The thread that drives it: its leader's, or the one that last polled its task.
    pub(crate) thread: Arc<AtomicU64>,
}

/// What stands still while somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Waiter {
    Flight(FlightId),
    Thread(u64),
}

type Waiters = SmallVec<[Waiter; 2]>;

/// What each waiter waits for; more than one thing where a computation awaits several calls.
type Edges = HashMap<Waiter, SmallVec<[Driven; 1]>>;

/// A wait, as long as it lasts.
pub(crate) struct Waiting {
    waiters: Waiters,
    flight: FlightId,
}

/// Takes note that the caller waits for the flight; `None` where that would never end.
pub(crate) fn wait(caller: &Caller<'_>, flight: &Driven) -> Option<Waiting> {
    let waiters = waiters(caller);
    let mut edges = EDGES.get_or_init(Mutex::default).lock();
    if closes_a_ring(&edges, caller.waits, &waiters, flight) {
        return None;
    }
    for waiter in &waiters {
        edges.entry(*waiter).or_default().push(flight.clone());
    }
    Some(Waiting { waiters, flight: flight.id })
}

/// All that stands still while this caller waits: the computations that he is part of, and his
/// thread if it blocks.
fn waiters(caller: &Caller<'_>) -> Waiters {
    let mut waiters: Waiters = caller.holding.iter().map(|id| Waiter::Flight(*id)).collect();
    held(|id| waiters.push(Waiter::Flight(id)));
    if caller.waits == Waits::Blocking {
        waiters.push(Waiter::Thread(this_thread()));
    }
    waiters
}

fn closes_a_ring(edges: &Edges, waits: Waits, waiters: &Waiters, flight: &Driven) -> bool {
    let mut ahead: SmallVec<[&Driven; 8]> = SmallVec::from_slice(&[flight]);
    let mut seen = HashSet::new();
    while let Some(next) = ahead.pop() {
        let thread = next.thread.load(SeqCst);
        let blocked = next.waits == Waits::Blocking || waits == Waits::Blocking;
        if waiters.contains(&Waiter::Flight(next.id)) || (blocked && thread == this_thread()) {
            return true;
        }
        if seen.len() >= LOOKED_AT || !seen.insert(next.id) {
            continue;
        }
        let waits_for = [Waiter::Flight(next.id), Waiter::Thread(thread)];
        ahead.extend(waits_for.iter().filter_map(|waiter| edges.get(waiter)).flatten());
    }
    false
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // In a forked child the edges are its own: those of its parent are not there.
        let Some(edges) = EDGES.get() else { return };
        let mut edges = edges.lock();
        for waiter in &self.waiters {
            let Some(flights) = edges.get_mut(waiter) else { continue };
            if let Some(at) = flights.iter().position(|flight| flight.id == self.flight) {
                flights.swap_remove(at);
            }
            if flights.is_empty() {
                edges.remove(waiter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flight of a task on another thread.
    fn flight(number: u64) -> Driven {
        let id = FlightId::new(u64::MAX - number);
        Driven { id, waits: Waits::Task, thread: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    #[test]
    fn the_wait_that_would_close_a_ring_is_refused_as_long_as_the_others_last() {
        let (a, b, c) = (flight(1), flight(2), flight(3));
        let in_a = wait(&Caller::task(&[a.id]), &b).expect("no ring");
        let in_b = wait(&Caller::task(&[b.id]), &c).expect("no ring");
        assert!(wait(&Caller::task(&[c.id]), &a).is_none(), "c, a, b, c");
        assert!(wait(&Caller::task(&[c.id]), &c).is_none(), "itself");
        let outside = wait(&Caller::task(&[]), &a);
        assert!(outside.is_some(), "who computes nothing may wait for anything");
        drop(in_b);
        let in_c = wait(&Caller::task(&[c.id]), &a).expect("the chain is cut");
        drop((in_a, in_c, outside));
        let edges = EDGES.get().expect("made by the first").lock();
        for flight in [&a, &b, &c] {
            assert!(!edges.contains_key(&Waiter::Flight(flight.id)), "nothing is left behind");
        }
    }

    #[test]
    fn a_computation_that_awaits_several_calls_waits_for_each() {
        let (a, b, c) = (flight(11), flight(12), flight(13));
        let for_b = wait(&Caller::task(&[a.id]), &b).expect("no ring");
        let for_c = wait(&Caller::task(&[a.id]), &c).expect("no ring");
        drop(for_b);
        assert!(wait(&Caller::task(&[c.id]), &a).is_none());
        assert!(wait(&Caller::task(&[b.id]), &a).is_some());
        drop(for_c);
    }

    #[test]
    fn a_thread_that_stands_still_drives_nothing() {
        let (mine, theirs) = (flight(21), flight(22));
        mine.thread.store(this_thread(), SeqCst);
        // This thread, whose other tasks include the one of `mine`, blocks for `theirs`.
        let blocked = wait(&Caller::blocking(), &theirs).expect("no ring");
        let elsewhere = std::thread::spawn({
            let (mine, theirs) = (mine.clone(), theirs.clone());
            move || wait(&Caller::task(&[theirs.id]), &mine).is_none()
        });
        assert!(elsewhere.join().expect("no panic"));
        drop(blocked);
        // The other way round: `theirs` waits for `mine`, which only this thread can drive.
        let waiting = wait(&Caller::task(&[theirs.id]), &mine).expect("no ring");
        assert!(wait(&Caller::blocking(), &theirs).is_none());
        assert!(wait(&Caller::task(&[]), &theirs).is_some(), "a task sets its thread free");
        drop(waiting);
    }
}
