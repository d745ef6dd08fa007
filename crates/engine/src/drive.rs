//! How a future is driven: by a task where there is one, or by the caller's own thread.
//!
//! The engine's operations are written once, as futures. An asynchronous caller awaits them. A
//! synchronous one calls [`block_on`], which drives them on his own thread with a current-thread
//! runtime from a pool: the connection that belongs to that runtime is his alone meanwhile, so a
//! round trip costs no hop between threads. See `docs/decisions/0005-sync-and-async.md`.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use cachekit_process::{Epoch, PerProcess, epoch};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

/// Idle runtimes kept for later; each may hold a connection.
const KEPT: usize = 64;

static POOL: PerProcess<Mutex<Vec<Runtime>>> = PerProcess::new();
static BACKGROUND: PerProcess<Option<Runtime>> = PerProcess::new();

/// Drives a future on this thread until it is done.
///
/// Inside an asynchronous runtime it blocks that runtime's thread all the same (a synchronous
/// function called there does); the future's own I/O then goes by a background runtime, so that
/// it cannot wait for the thread it blocks.
pub fn block_on<F: Future>(future: F) -> F::Output {
    if Handle::try_current().is_ok() {
        return park_on(Anywhere::Background(Box::pin(future)));
    }
    match Leased::take() {
        Some(leased) => leased.run(future),
        // No runtime to be had (no file descriptors left): the store will fail, the caller not.
        None => park_on(Anywhere::Background(Box::pin(future))),
    }
}

/// Makes a future independent of the executor that polls it: without a tokio runtime around it, it
/// borrows the background runtime's reactor and timers while it is polled.
pub(crate) fn anywhere<F: Future>(future: F) -> Anywhere<F> {
    match Handle::try_current() {
        Ok(_) => Anywhere::Here(Box::pin(future)),
        Err(_) => Anywhere::Background(Box::pin(future)),
    }
}

/// Waits at most so long; `None` when the time is up.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let timeout = match Handle::try_current() {
        Ok(_) => tokio::time::timeout(limit, future),
        Err(_) => {
            let _entered = background()?.enter();
            tokio::time::timeout(limit, future)
        }
    };
    timeout.await.ok()
}

/// See [`anywhere`].
pub(crate) enum Anywhere<F> {
    Here(Pin<Box<F>>),
    Background(Pin<Box<F>>),
}

impl<F: Future> Future for Anywhere<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match &mut *self {
            Self::Here(future) => future.as_mut().poll(cx),
            Self::Background(future) => {
                let _entered = background().map(Runtime::enter);
                future.as_mut().poll(cx)
            }
        }
    }
}

fn background() -> Option<&'static Runtime> {
    BACKGROUND
        .get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            let made = builder.worker_threads(1).thread_name("cachekit").enable_all().build();
            made.inspect_err(|e| log::warn!("no background thread, stores will not answer: {e}"))
                .ok()
        })
        .as_ref()
}

/// A runtime on loan from the pool. It goes back when the future is done or panics.
struct Leased {
    runtime: Option<Runtime>,
    epoch: Epoch,
}

impl Leased {
    fn take() -> Option<Self> {
        let idle = POOL.get_or_init(|| Mutex::new(Vec::new())).lock().pop();
        let runtime = match idle {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                .build()
                .inspect_err(|e| log::warn!("no runtime for a store: {e}"))
                .ok()?,
        };
        Some(Self { runtime: Some(runtime), epoch: epoch() })
    }

    fn run<F: Future>(self, future: F) -> F::Output {
        match &self.runtime {
            Some(runtime) => runtime.block_on(future),
            None => park_on(future),
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.epoch != epoch() {
            // A child of a fork under way: the reactor is shared with the parent, whose
            // registrations a drop would undo.
            std::mem::forget(runtime);
            return;
        }
        let mut pool = POOL.get_or_init(|| Mutex::new(Vec::new())).lock();
        if pool.len() < KEPT {
            pool.push(runtime);
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn park_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_with_a_timer_runs_on_any_executor() {
        let wait =
            || async { within(Duration::from_millis(1), std::future::pending::<()>()).await };
        assert!(block_on(wait()).is_none());
        assert!(park_on(anywhere(wait())).is_none());
        let inside = Builder::new_current_thread().build().expect("runtime");
        assert!(inside.block_on(async { block_on(wait()) }).is_none());
    }

    #[test]
    fn a_panic_gives_the_runtime_back() {
        let panicked = thread::spawn(|| block_on(async { panic!("on purpose") })).join();
        assert!(panicked.is_err());
        assert_eq!(block_on(async { 7 }), 7);
    }
}
