//! Runs a handful of futures in every order in which their steps can interleave.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

/// One of those whose steps interleave.
pub type Actor = Pin<Box<dyn Future<Output = ()>>>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Runs `scenario` anew for each schedule, in depth-first order, until all were run or `limit` is
/// reached. Returns how many were run, and whether that was all.
pub fn explore(limit: usize, scenario: impl Fn() -> Vec<Actor>) -> (usize, bool) {
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

/// Follows the recorded choices, then takes the first actor that can move, recording what it did.
fn run_once(choices: &mut Vec<(usize, usize)>, mut actors: Vec<Actor>) {
    let flags: Vec<Arc<Woken>> =
        actors.iter().map(|_| Arc::new(Woken(AtomicBool::new(true)))).collect();
    let mut done = vec![false; actors.len()];
    let mut step = 0;
    while done.contains(&false) {
        let ready: Vec<usize> =
            (0..actors.len()).filter(|&i| !done[i] && flags[i].0.load(SeqCst)).collect();
        assert!(!ready.is_empty(), "deadlock: nobody can move, {done:?}");
        if step == choices.len() {
            choices.push((0, ready.len()));
        }
        let (taken, of) = choices[step];
        assert_eq!(of, ready.len(), "the scenario is not deterministic");
        let chosen = ready[taken];
        step += 1;
        flags[chosen].0.store(false, SeqCst);
        let waker = Waker::from(Arc::clone(&flags[chosen]));
        let polled = actors[chosen].as_mut().poll(&mut Context::from_waker(&waker));
        done[chosen] = polled.is_ready();
    }
}

/// Lets the others move once.
pub async fn step() {
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
