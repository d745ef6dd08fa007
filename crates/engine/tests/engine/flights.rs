//! One computation at a time: joined, failed, abandoned, re-entered.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use cachekit_engine::{Caller, Encoded, Entered, Intent, Operation, Ticket, block_on};

use crate::world::{Answer, World, body, call, get, in_memory, operation, ring};

fn enter(operation: &Operation, arguments: &[u8]) -> Entered {
    block_on(operation.enter(&call(arguments), Intent::Get, Caller::blocking())).expect("enters")
}

fn lead(operation: &Operation, arguments: &[u8]) -> Ticket {
    match enter(operation, arguments) {
        Entered::Compute(ticket) => ticket,
        _ => panic!("nothing is cached and nobody computes"),
    }
}

/// Starts `count` threads that ask for the name, and returns when all of them have begun to.
fn askers<T: Send + 'static>(
    count: usize,
    ask: impl Fn() -> T + Send + Sync + 'static,
) -> Vec<thread::JoinHandle<T>> {
    let (begun, ask) = (Arc::new(Barrier::new(count + 1)), Arc::new(ask));
    let threads = (0..count)
        .map(|_| {
            let (begun, ask) = (Arc::clone(&begun), Arc::clone(&ask));
            thread::spawn(move || {
                begun.wait();
                ask()
            })
        })
        .collect();
    begun.wait();
    threads
}

/// Asks from sixteen threads at once and returns how often the value was computed.
fn stampede(operation: &Operation) -> usize {
    let computed = Arc::new(AtomicUsize::new(0));
    let (asked, counted) = (operation.clone(), Arc::clone(&computed));
    let threads = askers(16, move || match enter(&asked, b"x") {
        Entered::Hit(hit) => body(&hit),
        Entered::Compute(ticket) => {
            counted.fetch_add(1, SeqCst);
            let value = Encoded::Body { bytes: b"value", object: None };
            let _filled = block_on(ticket.fill(value)).expect("fills");
            b"value".to_vec()
        }
        Entered::Failed(_) => panic!("nobody failed"),
    });
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), b"value");
    }
    computed.load(SeqCst)
}

#[test]
fn sixteen_threads_compute_once_and_all_have_the_value() {
    let operation = in_memory(1);
    assert_eq!(stampede(&operation), 1);
    let stats = operation.stats();
    assert_eq!((stats.misses, stats.fills, stats.hits()), (1, 1, 15));
}

#[test]
fn without_a_first_level_they_compute_once_too() {
    for _ in 0..50 {
        let world = World::new();
        let operation = operation(world.sealed(ring(1)));
        assert_eq!(stampede(&operation), 1, "the first call of all, upon no barriers");
        block_on(operation.invalidate(&call(b"x"))).expect("invalidates");
        assert_eq!(stampede(&operation), 1, "a later one");
    }
}

#[test]
fn an_error_reaches_all_who_wait_and_nothing_is_cached() {
    let operation = in_memory(1);
    let ticket = lead(&operation, b"x");
    let asked = operation.clone();
    let threads = askers(4, move || match enter(&asked, b"x") {
        Entered::Failed(error) => error.downcast_ref::<&str>().map(|text| (*text).to_owned()),
        Entered::Compute(_) | Entered::Hit(_) => None,
    });
    while operation.stats().misses < 1 {}
    ticket.fail(Arc::new("no such patient"));
    // Who came after the failure leads anew, and gives up: only joined ones have the error.
    for thread in threads {
        let told = thread.join().expect("no panic");
        assert!(told.is_none() || told.as_deref() == Some("no such patient"));
    }
    assert!(matches!(enter(&operation, b"x"), Entered::Compute(_)));
}

#[test]
fn a_joined_caller_has_the_leaders_error() {
    let operation = in_memory(1);
    let ticket = lead(&operation, b"x");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one");
    runtime.block_on(async {
        let asked = call(b"x");
        let joined = operation.enter(&asked, Intent::Get, Caller::task(&[]));
        let mut joined = std::pin::pin!(joined);
        // This thread leads and now waits as a task: it must not wait for itself.
        let alone = poll_once(joined.as_mut()).await;
        assert!(matches!(alone, std::task::Poll::Ready(Ok(Entered::Compute(_)))));
    });
    let asked = operation.clone();
    let other = thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one");
        runtime.block_on(async {
            let asked_for = call(b"x");
            let mut joined = Box::pin(asked.enter(&asked_for, Intent::Get, Caller::task(&[])));
            assert!(poll_once(joined.as_mut()).await.is_pending());
            ticket.fail(Arc::new(7_u32));
            match joined.await.expect("enters") {
                Entered::Failed(error) => error.downcast_ref::<u32>().copied(),
                _ => None,
            }
        })
    });
    assert_eq!(other.join().expect("no panic"), Some(7));
}

#[test]
fn an_abandoned_computation_hands_its_turn_on() {
    let operation = in_memory(1);
    let ticket = lead(&operation, b"x");
    let asked = operation.clone();
    let threads = askers(3, move || get(&asked, &call(b"x"), b"second"));
    drop(ticket);
    let answers: Vec<_> = threads.into_iter().map(|t| t.join().expect("no panic")).collect();
    let computed = answers.iter().filter(|a| matches!(a, Answer::Computed(_))).count();
    assert_eq!(computed, 1, "{answers:?}");
}

#[test]
fn a_call_from_inside_its_own_computation_computes() {
    let operation = in_memory(1);
    let outer = lead(&operation, b"x");
    let inner = lead(&operation, b"x");
    let value = Encoded::Body { bytes: b"inner", object: None };
    let _filled = block_on(inner.fill(value)).expect("fills");
    drop(outer);
    assert_eq!(get(&operation, &call(b"x"), b"other"), Answer::Cached(b"inner".to_vec()));
}

#[test]
fn a_task_that_holds_the_flight_does_not_wait_for_it_from_another_thread() {
    let operation = in_memory(1);
    let ticket = lead(&operation, b"x");
    let holding = [ticket.flight().expect("a flight")];
    let asked = operation.clone();
    let other = thread::spawn(move || {
        let caller = Caller::blocking_in(&holding);
        let entered = block_on(asked.enter(&call(b"x"), Intent::Get, caller)).expect("enters");
        matches!(entered, Entered::Compute(_))
    });
    assert!(other.join().expect("no panic"));
    drop(ticket);
}

#[test]
fn a_scoped_future_knows_its_own_flight_on_whichever_thread_it_is_polled() {
    let operation = in_memory(1);
    let ticket = lead(&operation, b"x");
    let asked = operation.clone();
    let inside = ticket.scope(async move {
        let entered = asked.enter(&call(b"x"), Intent::Get, Caller::task(&[])).await;
        matches!(entered, Ok(Entered::Compute(_)))
    });
    assert!(thread::spawn(move || block_on(inside)).join().expect("no panic"));
    drop(ticket);
}

/// Two names, each computed from the other: on whichever executor, one is asked for while the
/// other waits. A wait of a minute would fail `poll_once`.
#[test]
fn two_tasks_that_would_wait_for_each_other_compute() {
    let operation = in_memory(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one");
    runtime.block_on(async {
        let lead = async |arguments: &'static [u8]| {
            let asked = call(arguments);
            match operation.enter(&asked, Intent::Get, Caller::task(&[])).await {
                Ok(Entered::Compute(ticket)) => ticket,
                _ => panic!("nothing is cached and nobody computes"),
            }
        };
        let (a, b) = (lead(b"a").await, lead(b"b").await);
        let (asked_a, asked_b) = (call(b"a"), call(b"b"));
        let mut in_a = Box::pin(a.scope(operation.enter(&asked_b, Intent::Get, Caller::task(&[]))));
        assert!(poll_once(in_a.as_mut()).await.is_pending(), "the first may wait");
        let mut in_b = Box::pin(b.scope(operation.enter(&asked_a, Intent::Get, Caller::task(&[]))));
        let Poll::Ready(Ok(Entered::Compute(alone))) = poll_once(in_b.as_mut()).await else {
            panic!("the second would wait for the first, which waits for it")
        };
        drop(alone);
        let _filled = b.fill(Encoded::Body { bytes: b"b", object: None }).await.expect("fills");
        let Ok(Entered::Hit(hit)) = in_a.await else { panic!("the first waited for this") };
        assert_eq!(body(&hit), b"b");
    });
}

#[test]
fn two_threads_that_would_wait_for_each_other_compute() {
    let operation = in_memory(1);
    let both_lead = Arc::new(Barrier::new(2));
    let threads = [[b"a", b"b"], [b"b", b"a"]].map(|[own, other]| {
        let (operation, both_lead) = (operation.clone(), Arc::clone(&both_lead));
        thread::spawn(move || {
            let ticket = lead(&operation, own);
            both_lead.wait();
            let inside = async { get(&operation, &call(other), other) };
            let answer = block_on(ticket.scope(inside));
            let value = Encoded::Body { bytes: own, object: None };
            let _filled = block_on(ticket.fill(value)).expect("fills");
            answer
        })
    });
    let answers = threads.map(|thread| thread.join().expect("no panic"));
    let computed = answers.iter().filter(|answer| matches!(answer, Answer::Computed(_))).count();
    assert_eq!(computed, 1, "{answers:?}");
}

#[test]
fn a_refresh_computes_beside_a_flight_and_wins() {
    let operation = in_memory(1);
    let slow = lead(&operation, b"x");
    let refresh = block_on(operation.enter(&call(b"x"), Intent::Refresh, Caller::blocking()));
    let Ok(Entered::Compute(ticket)) = refresh else { panic!("a refresh computes") };
    let newer = Encoded::Body { bytes: b"newer", object: None };
    let _filled = block_on(ticket.fill(newer)).expect("fills");
    assert_eq!(get(&operation, &call(b"x"), b"other"), Answer::Cached(b"newer".to_vec()));
    drop(slow);
}

/// What one poll gives, with the waker of whoever awaits.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
