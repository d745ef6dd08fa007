//! Single-flight: whoever misses holds the right to compute once; the others wait for him.
//!
//! The right is a [`Lead`]. Dropped without an outcome (a cancelled task, a panic, an interrupt),
//! it wakes its waiters, and one of them leads next. Nobody waits for a flight that his own thread
//! or task must drive, be it by way of others who wait in turn: [`Flights::join`] sees that (see
//! `wait_graph`) and lets him compute alone. What it cannot see (a computation that waits for
//! another by a lock or a queue of its own) is bounded by [`LONGEST_WAIT`].

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cachekit_process::{BootMillis, Epoch, epoch};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::caller::{Caller, FlightId};
use crate::flight_scope::{Scope, this_thread};
use crate::l1::Slot;
use crate::name::{Digest, OperationId};
use crate::sighting::Sighting;
use crate::wait_graph::{Driven, Waiting};
use crate::{drive, wait_graph};

/// How long anybody waits for another's computation before he computes himself.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);
const SHARDS: usize = 16;

/// An error of the face's own type, handed to everybody who waited for the computation.
pub type SharedError = Arc<dyn Any + Send + Sync>;

/// How a computation ended, for those who waited.
#[derive(Clone)]
pub(crate) enum Outcome {
    Filled(Arc<Slot>),
    Failed(SharedError),
    /// It gave nothing that can be shared: each is on his own, in turn.
    Abandoned,
    /// It took longer than anybody waits.
    Elapsed,
}

/// What a flight's leader has told of it so far.
#[derive(Default)]
struct Told {
    begun: Option<Begun>,
    outcome: Option<Outcome>,
}

/// What a computation was begun upon.
pub(crate) enum Begun {
    Upon(Sighting),
    /// The store did not answer: nobody can tell whether he saw the same.
    Blind,
}

struct Flight {
    driven: Driven,
    operation: OperationId,
    looked: BootMillis,
    told: watch::Receiver<Told>,
}

/// The computations under way in one cache of one process.
pub(crate) struct Flights {
    shards: [Mutex<HashMap<Digest, Flight>>; SHARDS],
}

/// What became of the attempt to join.
pub(crate) enum Join {
    Lead(Lead),
    Wait(Wait),
    /// Waiting would never end: compute without a flight.
    Alone,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Self { shards: Default::default() }
    }

    /// Joins the flight under way, or leads a new one.
    pub(crate) fn join(
        &self,
        digest: Digest,
        operation: OperationId,
        caller: &Caller<'_>,
        now: BootMillis,
    ) -> Join {
        let Some(shard) = self.shard(&digest) else { return Join::Alone };
        let mut flights = shard.lock();
        let Some(flight) = flights.get(&digest) else {
            let (lead, flight) = Lead::start(digest, operation, caller, now);
            flights.insert(digest, flight);
            return Join::Lead(lead);
        };
        let (driven, told, looked) = (flight.driven.clone(), flight.told.clone(), flight.looked);
        drop(flights);
        match wait_graph::wait(caller, &driven) {
            Some(waiting) => Join::Wait(Wait { told, looked, _waiting: waiting }),
            None => Join::Alone,
        }
    }

    /// Leads a new flight whatever is under way: those who joined that one keep it.
    pub(crate) fn replace(
        &self,
        digest: Digest,
        operation: OperationId,
        caller: &Caller<'_>,
        now: BootMillis,
    ) -> Lead {
        let (lead, flight) = Lead::start(digest, operation, caller, now);
        if let Some(shard) = self.shard(&digest) {
            shard.lock().insert(digest, flight);
        }
        lead
    }

    /// Lets nobody join the name's flight from here on.
    pub(crate) fn detach(&self, digest: &Digest) {
        if let Some(shard) = self.shard(digest) {
            shard.lock().remove(digest);
        }
    }

    /// Lets nobody join any flight of the operation (or of all) from here on.
    pub(crate) fn detach_all(&self, operation: Option<OperationId>) {
        for shard in &self.shards {
            shard.lock().retain(|_, f| operation.is_some_and(|id| f.operation != id));
        }
    }

    fn land(&self, digest: &Digest, id: FlightId) {
        if let Some(shard) = self.shard(digest) {
            let mut flights = shard.lock();
            if flights.get(digest).is_some_and(|flight| flight.driven.id == id) {
                flights.remove(digest);
            }
        }
    }

    fn shard(&self, digest: &Digest) -> Option<&Mutex<HashMap<Digest, Flight>>> {
        self.shards.get(digest.group(SHARDS))
    }
}

/// The right, and the duty, to compute once.
pub(crate) struct Lead {
    digest: Digest,
    id: FlightId,
    epoch: Epoch,
    thread: Arc<AtomicU64>,
    /// `None` once the outcome is told. Dropping the sender tells `Abandoned`.
    telling: Option<watch::Sender<Told>>,
}

impl Lead {
    fn start(
        digest: Digest,
        operation: OperationId,
        caller: &Caller<'_>,
        looked: BootMillis,
    ) -> (Self, Flight) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = FlightId::new(NEXT.fetch_add(1, SeqCst));
        let (telling, told) = watch::channel(Told::default());
        let thread = Arc::new(AtomicU64::new(this_thread()));
        let driven = Driven { id, waits: caller.waits, thread: Arc::clone(&thread) };
        let flight = Flight { driven, operation, looked, told };
        (Self { digest, id, epoch: epoch(), thread, telling: Some(telling) }, flight)
    }

    pub(crate) fn id(&self) -> FlightId {
        self.id
    }

    /// Tells what the computation is begun upon.
    pub(crate) fn begin(&self, upon: Begun) {
        if let Some(telling) = &self.telling {
            telling.send_modify(|told| told.begun = Some(upon));
        }
    }

    pub(crate) fn tell(mut self, flights: &Flights, outcome: Outcome) {
        self.end(flights, Some(outcome));
    }

    /// Runs before the lead is dropped untold, too: see `ticket`.
    pub(crate) fn end(&mut self, flights: &Flights, outcome: Option<Outcome>) {
        let Some(telling) = self.telling.take() else { return };
        if self.epoch != epoch() {
            // A forked child: the waiters are the parent's, and so may be the channel's lock.
            std::mem::forget(telling);
            return;
        }
        flights.land(&self.digest, self.id);
        if outcome.is_some() {
            telling.send_modify(|told| told.outcome = outcome);
        }
    }

    /// What marks a future as part of this flight while it is polled.
    pub(crate) fn scope(&self) -> Scope {
        Scope::new(self.id, Arc::clone(&self.thread))
    }
}

/// A place in the queue.
pub(crate) struct Wait {
    told: watch::Receiver<Told>,
    pub(crate) looked: BootMillis,
    /// Kept for its drop.
    _waiting: Waiting,
}

/// Whether two callers saw the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    Yes,
    No,
    /// There is no computation to share any more: it landed, or never began.
    Landed,
}

impl Wait {
    /// Whether the computation is begun upon just this. Waits until its leader can tell, no longer
    /// than [`LONGEST_WAIT`].
    pub(crate) async fn began_upon(&mut self, sighting: &Sighting) -> Same {
        let told = self.told.wait_for(|told| told.begun.is_some() || told.outcome.is_some());
        match drive::within(LONGEST_WAIT, told).await {
            None => Same::No,
            Some(Err(_)) => Same::Landed,
            Some(Ok(told)) => match &told.begun {
                None => Same::Landed,
                Some(Begun::Upon(upon)) if upon == sighting => Same::Yes,
                Some(Begun::Upon(_) | Begun::Blind) => Same::No,
            },
        }
    }

    /// Waits for the outcome, no longer than [`LONGEST_WAIT`].
    pub(crate) async fn outcome(mut self) -> Outcome {
        let told = self.told.wait_for(|told| told.outcome.is_some());
        match drive::within(LONGEST_WAIT, told).await {
            None => Outcome::Elapsed,
            Some(Err(_)) => Outcome::Abandoned,
            Some(Ok(told)) => told.outcome.clone().unwrap_or(Outcome::Abandoned),
        }
    }
}
