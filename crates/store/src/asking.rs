//! When those are asked again who know which server has what, and by whom: one caller asks, and
//! the others go by what is known.

use std::{future::Future, sync::Arc, time::Duration};

use cachekit_process::Clock;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::{
    Error,
    backoff::{self, Backoff},
};

/// Whether somebody should be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// What is known will do.
    No,
    /// It should be asked, and what is known may be used meanwhile.
    Soon,
    /// Nothing is known.
    Now,
}

/// A cache in use notices so long after a takeover, at the latest, that there was one.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What this process knows of others' places, with the questions about it that are open.
pub(crate) struct Asking<K> {
    pub(crate) known: Mutex<K>,
    /// Held while somebody asks.
    turn: tokio::sync::Mutex<()>,
    backoff: Backoff,
}

/// What is known, as [`Asking`] sees it.
pub(crate) trait Known: Default {
    /// Whether it should be asked about at `now`, in boot nanoseconds.
    fn due(&self, now: u64) -> Due;
    /// It was asked about, and nobody answered.
    fn asked_in_vain(&mut self, now: u64);
}

impl<K: Known> Asking<K> {
    pub(crate) fn new(clock: Arc<dyn Clock>, attempt: Duration) -> Self {
        let backoff = Backoff::new(clock, attempt);
        Self { known: Mutex::default(), turn: tokio::sync::Mutex::default(), backoff }
    }

    /// Asks if it is due, and waits for an answer only if nothing is known without it.
    ///
    /// # Errors
    ///
    /// Nothing is known: that of the last attempt, or `late` if somebody else asks beyond `end`.
    pub(crate) async fn if_due(
        &self,
        now: impl Fn() -> u64,
        end: Instant,
        ask: impl Future<Output = Result<(), Error>>,
        late: impl FnOnce() -> Error,
    ) -> Result<(), Error> {
        let due = || self.known.lock().due(now());
        match due() {
            Due::No => Ok(()),
            Due::Soon => {
                // Whoever comes meanwhile goes by what is known.
                if let Ok(_turn) = self.turn.try_lock() {
                    let asked = ask.await;
                    if asked.is_err() {
                        self.known.lock().asked_in_vain(now());
                    }
                }
                Ok(())
            }
            Due::Now => {
                let Ok(_turn) = timeout_at(end, self.turn.lock()).await else { return Err(late()) };
                if due() != Due::Now {
                    return Ok(());
                }
                self.backoff.turn()?;
                let asked = ask.await;
                match &asked {
                    Ok(()) => self.backoff.succeeded(),
                    Err(error) => self.backoff.failed(error),
                }
                asked
            }
        }
    }
}

/// Doubts, and when the next question may be asked.
#[derive(Default)]
pub(crate) struct Questions {
    stale: bool,
    /// In boot nanoseconds.
    next: u64,
    /// Questions in a row whose answer was nothing new.
    fruitless: u32,
}

impl Questions {
    /// Something did not fit what is known.
    pub(crate) fn doubt(&mut self) {
        self.stale = true;
    }

    /// Whether a doubt may be put as a question now.
    pub(crate) fn open(&self, now: u64) -> bool {
        self.stale && now >= self.next
    }

    /// There was an answer. With no `news` in it the next question waits longer.
    pub(crate) fn answered(&mut self, news: bool, now: u64) {
        self.stale = false;
        if news {
            self.fruitless = 0;
        }
        self.asked(now);
    }

    /// The next question waits: longer after each in vain, and spread.
    pub(crate) fn asked(&mut self, now: u64) {
        self.fruitless = self.fruitless.saturating_add(1);
        let pause = backoff::jittered(self.fruitless).min(LONGEST_PAUSE);
        self.next = now.saturating_add(u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX));
    }
}
