//! Where methods run that block: on threads of their own, so that a call can stop waiting for one.

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::failure::Failure;

/// How many of a store's methods run at once. A store that hangs keeps so many threads and no more.
const THREADS: usize = 8;

/// The threads of one store in one process. They end when they have had nothing to do for a while.
pub(super) struct Workers(Option<Runtime>);

impl Workers {
    pub(super) fn new() -> Self {
        let mut builder = Builder::new_current_thread();
        let made = builder.max_blocking_threads(THREADS).thread_name("cachekit-store").build();
        Self(made.inspect_err(|e| log::warn!("no threads for a store: {e}")).ok())
    }

    /// Runs `job` with the GIL on one of the threads, for nobody who waits.
    pub(super) fn begin(&self, job: impl FnOnce(Python<'_>) + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn_blocking(move || Python::try_attach(job));
        }
    }

    /// Runs `job` with the GIL on one of the threads, and waits for what it returns. A job whose
    /// caller has gone before it began does not begin.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(Python<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(runtime) = &self.0 else { return Err(Failure::Gone) };
        let (tell, told) = oneshot::channel();
        runtime.spawn_blocking(move || {
            if tell.is_closed() {
                return;
            }
            if let Some(answer) = Python::try_attach(job) {
                let _nobody_may_be_waiting = tell.send(answer);
            }
        });
        told.await.unwrap_or(Err(Failure::Gone))
    }
}

impl Drop for Workers {
    /// Waits for nobody: a method that hangs may never return.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
