//! The one door through which the GIL is released.
//!
//! It is released for whatever may wait: stores, other computations, locks that another thread may
//! hold while it waits for the GIL. It is not released for a first-level hit, which takes less time
//! than the release. See `docs/decisions/0061-when-the-gil-is-released.md`.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::engine;
use pyo3::prelude::*;

use crate::logging;

/// How often a thread that waits looks whether somebody pressed Ctrl-C.
const SIGNALS_EVERY: Duration = Duration::from_millis(100);

/// Drives a future to its end on this thread, without the GIL.
///
/// # Errors
/// What a signal handler raised meanwhile; the future is dropped then.
pub(crate) fn wait<F>(py: Python<'_>, future: F) -> PyResult<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let output = py.detach(|| engine::block_on(interruptible(future)));
    logging::hand_over(py);
    output
}

/// Runs what takes locks or long, without the GIL.
pub(crate) fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    let output = py.detach(work);
    logging::hand_over(py);
    output
}

async fn interruptible<F: Future>(future: F) -> PyResult<F::Output> {
    let mut future = pin!(future);
    loop {
        match tokio::time::timeout(SIGNALS_EVERY, future.as_mut()).await {
            Ok(output) => return Ok(output),
            // An interpreter that is shutting down has no signals to tell of.
            Err(_) => Python::try_attach(|py| py.check_signals()).unwrap_or(Ok(()))?,
        }
    }
}
