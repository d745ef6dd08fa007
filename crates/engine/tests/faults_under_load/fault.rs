//! One thing that goes wrong with a store: how it begins, what keeps it going, how it ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use cachekit_testkit::{Fault as OnTheLine, FaultProxy};

use crate::load::Load;

/// How often what happens once is made to happen again.
const AGAIN_EVERY: Duration = Duration::from_millis(20);

/// How often a long run shows how far it is.
const SHOWN_EVERY: Duration = Duration::from_secs(10);

type Act<'a> = Box<dyn FnMut() + Send + 'a>;

/// Something that goes wrong.
pub(crate) struct Fault<'a> {
    name: &'static str,
    begin: Act<'a>,
    again: Act<'a>,
    end: Act<'a>,
    lasts: Lasts,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    /// It is over when it has begun.
    AMoment,
    /// It goes on until it is ended.
    AWhile,
}

impl<'a> Fault<'a> {
    pub(crate) fn new(
        name: &'static str,
        begin: impl FnMut() + Send + 'a,
        end: impl FnMut() + Send + 'a,
    ) -> Self {
        let again = Box::new(|| {});
        Self { name, begin: Box::new(begin), again, end: Box::new(end), lasts: Lasts::AWhile }
    }

    /// Something that is over at once.
    pub(crate) fn at_once(name: &'static str, act: impl FnMut() + Send + 'a) -> Self {
        Self { lasts: Lasts::AMoment, ..Self::new(name, act, || {}) }
    }

    /// Something on the way to the store; chosen anew all the time, since some happen once.
    pub(crate) fn on_the_line(
        name: &'static str,
        proxies: &'a [FaultProxy],
        what: OnTheLine,
    ) -> Self {
        let inject = move || {
            for proxy in proxies.iter().filter(|proxy| proxy.fault() == OnTheLine::None) {
                proxy.inject(what.clone());
            }
        };
        let end = || proxies.iter().for_each(|proxy| proxy.inject(OnTheLine::None));
        Self { again: Box::new(inject), ..Self::new(name, || {}, end) }
    }

    /// For a tenth of the time nothing happens; then this does, for half of it where it lasts; and
    /// for the rest the store has to be used again.
    pub(crate) fn happen(&mut self, store: &str, load: &Load, lasting: Duration) {
        let start = Instant::now();
        thread::sleep(lasting / 10);
        let (calls, failures) = (load.calls(), load.store_failures());
        (self.begin)();
        if self.lasts == Lasts::AWhile {
            self.go_on(store, load, start + lasting * 6 / 10);
        }
        (self.end)();
        let mended = Instant::now();
        load.is_served(load.hits());
        let recovered = mended.elapsed();
        self.again = Box::new(|| {});
        self.go_on(store, load, start + lasting);
        let (failures, during) = (load.store_failures() - failures, load.since(calls));
        eprintln!(
            "{store:<12} {:<15} used again after {:>4} ms; store failures {failures:>4}, {during}",
            self.name,
            recovered.as_millis(),
        );
    }

    fn go_on(&mut self, store: &str, load: &Load, until: Instant) {
        let mut shown = Instant::now();
        while Instant::now() < until {
            thread::sleep(AGAIN_EVERY);
            (self.again)();
            load.is_right(store, self.name);
            if shown.elapsed() > SHOWN_EVERY {
                shown = Instant::now();
                let (left, calls) = (until.saturating_duration_since(shown), load.calls());
                eprintln!("{store:<12} {:<15} {calls} calls, {left:.0?} to go", self.name);
            }
        }
    }
}
