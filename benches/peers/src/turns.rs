//! Measuring in turns.

use std::collections::BTreeMap;
use std::time::Instant;

const CALLS: u32 = 2000;
const ROUNDS: usize = 100;

/// Somebody who can make a number of calls.
pub struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u32) + 'a>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: &'static str, run: impl FnMut(u32) + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Nanoseconds per call, a sample per round.
pub fn measure<const N: usize>(
    mut contestants: [Contestant<'_>; N],
) -> BTreeMap<&'static str, Vec<f64>> {
    let mut taken = BTreeMap::new();
    for contestant in &mut contestants {
        (contestant.run)(CALLS * 5);
    }
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            let started = Instant::now();
            (contestant.run)(CALLS);
            let each = started.elapsed().as_nanos() as f64 / f64::from(CALLS);
            taken.entry(contestant.name).or_insert_with(Vec::new).push(each);
        }
    }
    taken
}
