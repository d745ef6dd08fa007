//! Runs a handful of futures in every order in which their steps can interleave.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

/// One of those whose steps interleave.
pub(crate) type Actor = Pin<Box<dyn Future<Output = ()>>>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Runs `scenario` anew for each schedule, in depth-first order, until all were run or `limit` is
/// reached. Returns how many were run, and whether that was all.
pub(crate) fn explore(limit: usize, scenario: impl Fn() -> Vec<Actor>) -> (usize, bool) {
    let mut choices: Vec<(usize, usize)> = Vec::new();
    for run in 1..=limit {
        run_once(&mut choices, scenario());
        while choices.last().is_some_and(|(taken, of)| taken + 1 == *of) {
            choices.pop();
        }
        match choices.last_mut() {
            None => return (run, true),
            Some((taken, _)) => *taken += 1,
        }
    }
    (limit, false)
}

/// Runs `scenario` in so many orders drawn at random, the same ones each time: for scenarios with
/// more orders than can be run, where the first so many would differ in their last steps alone.
pub(crate) fn sample(orders: u64, scenario: impl Fn() -> Vec<Actor>) {
    for order in 0..orders {
        let mut state = order.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        run(scenario(), |ready| {
            // xorshift64 (Marsaglia, 2003): enough to spread choices.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % ready as u64) as usize
        });
    }
}

/// Follows the recorded choices, then takes the first actor that can move, recording what it did.
fn run_once(choices: &mut Vec<(usize, usize)>, actors: Vec<Actor>) {
    let mut step = 0;
    run(actors, |ready| {
        if step == choices.len() {
            choices.push((0, ready));
        }
        let (taken, of) = choices[step];
        assert_eq!(of, ready, "the scenario is not deterministic");
        step += 1;
        taken
    });
}

/// Moves one actor at a time, chosen among those that can move, until all are done.
fn run(mut actors: Vec<Actor>, mut choose: impl FnMut(usize) -> usize) {
    let flags: Vec<Arc<Woken>> =
        actors.iter().map(|_| Arc::new(Woken(AtomicBool::new(true)))).collect();
    let mut done = vec![false; actors.len()];
    while done.contains(&false) {
        let ready: Vec<usize> =
            (0..actors.len()).filter(|&i| !done[i] && flags[i].0.load(SeqCst)).collect();
        assert!(!ready.is_empty(), "deadlock: nobody can move, {done:?}");
        let chosen = ready[choose(ready.len())];
        flags[chosen].0.store(false, SeqCst);
        let waker = Waker::from(Arc::clone(&flags[chosen]));
        let polled = actors[chosen].as_mut().poll(&mut Context::from_waker(&waker));
        done[chosen] = polled.is_ready();
    }
}

/// Lets the others move once.
pub(crate) async fn step() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
