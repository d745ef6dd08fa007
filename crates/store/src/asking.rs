//! When those are asked again who know which server has what, and by whom: one caller asks, and
//! the others go by what is known.

use std::{future::Future, sync::Arc, time::Duration};

use cachekit_process::Clock;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::{
    Error,
    backoff::{self, Backoff, nanos},
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
    /// What is known is asked about again so long after the last question, whatever happened.
    const TRUSTED: Duration;

    /// Whether anything is.
    fn is_known(&self) -> bool;

    /// The questions about it.
    fn questions(&mut self) -> &mut Questions;

    /// Whether somebody should be asked at `now`, in boot nanoseconds.
    fn due(&mut self, now: u64) -> Due {
        match (self.is_known(), self.questions().open(now, Self::TRUSTED)) {
            (false, _) => Due::Now,
            (true, true) => Due::Soon,
            (true, false) => Due::No,
        }
    }
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
    pub(crate) async fn if_due<A>(
        &self,
        now: impl Fn() -> u64,
        end: Instant,
        ask: impl FnOnce() -> A,
        late: impl FnOnce() -> Error,
    ) -> Result<(), Error>
    where
        A: Future<Output = Result<(), Error>>,
    {
        let due = self.known.lock().due(now());
        match due {
            Due::No => Ok(()),
            // Boxed: asking is large, and most calls go by what is known.
            due => Box::pin(self.ask(due, now, end, ask, late)).await,
        }
    }

    async fn ask<A>(
        &self,
        due: Due,
        now: impl Fn() -> u64,
        end: Instant,
        ask: impl FnOnce() -> A,
        late: impl FnOnce() -> Error,
    ) -> Result<(), Error>
    where
        A: Future<Output = Result<(), Error>>,
    {
        if due == Due::Now {
            let Ok(_turn) = timeout_at(end, self.turn.lock()).await else { return Err(late()) };
            if self.known.lock().due(now()) != Due::Now {
                return Ok(());
            }
            self.backoff.turn()?;
            let asked = ask().await;
            match &asked {
                Ok(()) => self.backoff.succeeded(),
                Err(error) => self.backoff.failed(error),
            }
            return asked;
        }
        // Whoever comes meanwhile goes by what is known.
        if let Ok(_turn) = self.turn.try_lock() {
            let asked = ask().await;
            if asked.is_err() {
                self.known.lock().questions().asked(now());
            }
        }
        Ok(())
    }
}

/// Doubts, and when the next question may be asked.
#[derive(Default)]
pub(crate) struct Questions {
    stale: bool,
    /// When the last one was put, in boot nanoseconds.
    last: u64,
    /// When the next one may be.
    next: u64,
    /// Questions in a row whose answer was nothing new.
    fruitless: u32,
}

impl Questions {
    /// Something did not fit what is known.
    pub(crate) fn doubt(&mut self) {
        self.stale = true;
    }

    /// Whether there is something to ask, and it is time for it.
    fn open(&self, now: u64, trusted: Duration) -> bool {
        (self.stale && now >= self.next) || now.saturating_sub(self.last) >= nanos(trusted)
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
    fn asked(&mut self, now: u64) {
        self.last = now;
        self.fruitless = self.fruitless.saturating_add(1);
        let pause = backoff::jittered(self.fruitless).min(LONGEST_PAUSE);
        self.next = now.saturating_add(nanos(pause));
    }
}
