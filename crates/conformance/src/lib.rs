//! What every store must do: one suite, run against any of them.
//!
//! Whoever writes a [`Store`] implements [`Subject`] for it, in a test, and calls [`run`]. The checks
//! are chosen by what the store says that it can do ([`Capabilities`]); each uses keys of its own, so
//! that they may run beside other tests on the same server.
//!
//! ```
//! use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
//! use cachekit_conformance::{Subject, report};
//! use cachekit_process::{Clock, SystemClock};
//! use cachekit_store::{MemoryStore, Store, StoreOptions};
//!
//! struct Mine;
//!
//! impl Subject for Mine {
//!     fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
//!         Arc::new(MemoryStore::named("mine", &options)) // Yours.
//!     }
//!     fn clock(&self) -> Arc<dyn Clock> {
//!         Arc::new(SystemClock)
//!     }
//!     fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
//!         Box::pin(tokio::time::sleep(by))
//!     }
//! }
//!
//! let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
//! runtime.block_on(cachekit_conformance::run(&Mine)); // Panics at the first thing that is wrong.
//! let all = runtime.block_on(report(&Mine)); // Goes on, and says what became of each check.
//! assert!(all.iter().all(|outcome| !outcome.is_failure()));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | file | what it looks at |
//! |---|---|
//! | `values` | what is stored comes back |
//! | `lifetimes` | nothing outlives its time to live |
//! | `limits` | bounds hold on the way in and out |
//! | `swaps` | compare-and-set and compare-and-delete |
//! | `concurrency` | many callers, many runtimes, callers that go away |
//! | `outages` | a store that is down, hangs, comes back |
//! | `report` | going on after a failure, and saying what it was |
//!
//! Everything here fails by panicking, as tests do.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test kit fails by panicking"
)]

mod concurrency;
mod lifetimes;
mod limits;
mod outages;
mod report;
mod swaps;
mod values;
mod watches;

use std::{
    future::Future,
    pin::Pin,
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cachekit_process::Clock;
use cachekit_store::{Batch, Capabilities, Compare, Store, StoreOptions, Watching};

pub use report::{Outcome, Verdict, report};

/// A kind of store under test.
pub trait Subject: Sync {
    /// Another store on the same entries, with these options (time-outs and limits count; the
    /// clock is the subject's).
    fn open(&self, options: StoreOptions) -> Arc<dyn Store>;

    /// The clock by which entries run out.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Lets about `by` pass on that clock.
    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// How to take the store down, where that is possible.
    fn outage(&self) -> Option<&dyn Outage> {
        None
    }
}

/// Taking a store down and up again.
pub trait Outage: Sync {
    /// Ends it at once; connections break.
    fn kill(&self);
    /// Starts it again at the same address, perhaps empty.
    fn restart(&self);
    /// Suspends it: it accepts connections, and answers nothing.
    fn hang(&self);
    /// Lets it go on after [`hang`](Outage::hang).
    fn resume(&self);
}

type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One thing that a store must do.
pub struct Check {
    name: &'static str,
    needs: Needs,
    run: for<'a> fn(&'a dyn Subject) -> Running<'a>,
}

impl Check {
    /// What it is called in the output.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Compare,
    Snapshot,
    Outage,
    Watch,
}

macro_rules! checks {
    ($($module:ident :: $name:ident needs $needs:ident,)*) => {
        /// All checks, in the order in which they run.
        pub const CHECKS: &[Check] = &[$(Check {
            name: concat!(stringify!($module), "::", stringify!($name)),
            needs: Needs::$needs,
            run: |subject| Box::pin($module::$name(subject)),
        }),*];
    };
}

checks! {
    values::an_absent_entry_is_none needs Nothing,
    values::what_is_set_comes_back needs Nothing,
    values::a_later_write_wins needs Nothing,
    values::every_byte_survives needs Nothing,
    values::a_mebibyte_survives needs Nothing,
    values::unusual_keys_are_keys_of_their_own needs Nothing,
    values::many_come_back_in_the_order_asked needs Nothing,
    values::many_are_written_in_order needs Nothing,
    values::nothing_asked_is_nothing_done needs Nothing,
    values::a_deleted_entry_is_gone needs Nothing,
    values::two_stores_of_one_address_share_entries needs Nothing,
    values::the_address_is_fit_for_logs needs Nothing,
    lifetimes::an_entry_runs_out needs Nothing,
    lifetimes::a_new_write_has_a_new_lifetime needs Nothing,
    lifetimes::the_shortest_and_the_longest_are_accepted needs Nothing,
    lifetimes::zero_is_refused needs Nothing,
    lifetimes::a_swap_has_its_own_lifetime needs Compare,
    lifetimes::what_has_run_out_is_absent_for_a_swap needs Compare,
    limits::the_largest_entry_fits_and_no_larger needs Nothing,
    limits::one_too_large_write_prevents_them_all needs Nothing,
    limits::too_many_keys_are_refused needs Nothing,
    limits::too_large_an_entry_is_refused_on_reading needs Nothing,
    swaps::absent_wins_only_where_nothing_is needs Compare,
    swaps::exactly_wins_only_over_these_bytes needs Compare,
    swaps::an_empty_entry_is_not_an_absent_one needs Compare,
    swaps::large_entries_are_compared_to_the_last_byte needs Compare,
    swaps::a_refused_swap_changes_nothing needs Compare,
    swaps::only_what_was_seen_is_deleted needs Compare,
    swaps::of_many_that_expect_absence_one_wins needs Compare,
    swaps::of_many_that_saw_the_same_one_wins needs Compare,
    swaps::no_increment_is_lost needs Compare,
    swaps::a_snapshot_never_shows_the_second_write_without_the_first needs Snapshot,
    concurrency::tasks_do_not_get_each_others_answers needs Nothing,
    concurrency::runtimes_do_not_disturb_each_other needs Nothing,
    concurrency::dropped_calls_do_no_harm needs Nothing,
    watches::others_changes_are_told needs Watch,
    watches::a_dropped_watch_is_over needs Watch,
    outages::a_dead_store_is_a_retryable_error needs Outage,
    outages::a_restarted_store_is_used_again needs Outage,
    outages::a_hung_store_times_out_and_is_used_again needs Outage,
    outages::a_crowd_meets_a_dead_store_without_queueing needs Outage,
}

/// Runs every check that the store's capabilities call for, and names each on standard error.
///
/// # Panics
///
/// When the store does not do what it must; the last name printed is that of the check.
pub async fn run(subject: &dyn Subject) {
    let capabilities = subject.open(StoreOptions::default()).capabilities();
    for check in CHECKS {
        if !applies(check, capabilities, subject) {
            announce(check, "does not apply");
            continue;
        }
        announce(check, "runs");
        (check.run)(subject).await;
    }
}

fn applies(check: &Check, capabilities: Capabilities, subject: &dyn Subject) -> bool {
    match check.needs {
        Needs::Nothing => true,
        Needs::Compare => capabilities.compare == Compare::Atomic,
        Needs::Snapshot => {
            capabilities.compare == Compare::Atomic && capabilities.batch == Batch::OneSnapshot
        }
        Needs::Watch => capabilities.watch == Watching::Told,
        Needs::Outage => subject.outage().is_some(),
    }
}

#[expect(clippy::print_stderr, reason = "a test runner shows it when the test fails")]
fn announce(check: &Check, what: &str) {
    eprintln!("conformance {}: {what}", check.name);
}

/// Long enough not to run out during a check, on whatever machine.
const LONG: Duration = Duration::from_secs(3600);

/// A key that nobody else uses, on however lasting a server.
fn key(what: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("conformance:{}:{}:{what}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn open(subject: &dyn Subject) -> Arc<dyn Store> {
    subject.open(StoreOptions::default())
}

async fn get(store: &dyn Store, key: &str) -> Option<Bytes> {
    let mut answers = store.get_many(&[key]).await.expect("a readable entry");
    assert_eq!(answers.len(), 1, "one answer for one key");
    answers.remove(0)
}

async fn put(store: &dyn Store, key: &str, value: impl Into<Bytes>) {
    store.set(key, value.into(), LONG).await.expect("a write");
}
