//! A thousand calls a second, and everything that can go wrong with a store: no call fails, no value
//! is wrong, none takes longer than its bound, and the store is used again afterwards.
//!
//! Five seconds for each fault on every store, all stores side by side: about half a minute. `make soak`
//! sets `CACHEKIT_SOAK_SECONDS=60`: a minute for each fault, on Redis alone.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets what it does not expect ends, and shows how far it is"
)]

mod embedded;
mod fault;
mod load;
mod networked;
mod record;

use std::{env, thread, time::Duration};

use cachekit_store::StoreOptions;
use fault::Fault;
use load::Load;

/// A store with load on it, and what is done to it.
struct Scene<'a> {
    name: &'static str,
    url: String,
    options: StoreOptions,
    faults: Vec<Fault<'a>>,
}

impl Scene<'_> {
    /// Goes through its faults, each lasting so long with what is before and after it.
    fn play(mut self, lasting: Duration) {
        let load = Load::start(&self.url, &self.options);
        load.is_served(0);
        for fault in &mut self.faults {
            fault.happen(self.name, &load, lasting);
        }
        let record = load.stop();
        eprintln!("{:<12} {record}", self.name);
        record.is_right(self.name);
    }
}

/// What is done with a scene once it is set.
type Play<'p> = &'p dyn Fn(Scene<'_>);

fn soak() -> Option<Duration> {
    let seconds = env::var("CACHEKIT_SOAK_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("a number of seconds")))
}

#[test]
fn no_call_fails_whatever_happens_to_its_store() {
    if let Some(lasting) = soak() {
        return networked::redis(&|scene| scene.play(lasting));
    }
    let lasting = Duration::from_secs(5);
    thread::scope(|scope| {
        let stores: [fn(Play<'_>); 6] = [
            networked::redis,
            networked::tls,
            networked::sentinel,
            networked::cluster,
            networked::memcached,
            networked::http,
        ];
        for stores in stores {
            scope.spawn(move || stores(&|scene| scene.play(lasting)));
        }
        scope.spawn(|| embedded::in_a_space_of_its_own(lasting));
    });
}
