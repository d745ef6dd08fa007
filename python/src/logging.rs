//! Log lines of the Rust crates, handed to Python's `logging`.
//!
//! A line may be written by any thread, with any lock held; Python's logging needs the GIL, and
//! whoever has that may want the same lock. So lines are put on a short list and handed over by the
//! next thread of Python that comes back from Rust (see `detach`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use log::{Level, LevelFilter, Log, Metadata, Record};
use pyo3::intern;
use pyo3::prelude::*;

/// Lines kept until somebody comes; the oldest go first.
const KEPT: usize = 256;

struct Line {
    level: Level,
    logger: String,
    text: String,
}

struct Lines {
    waiting: AtomicBool,
    lines: Mutex<VecDeque<Line>>,
}

static LINES: Lines = Lines { waiting: AtomicBool::new(false), lines: Mutex::new(VecDeque::new()) };

impl Lines {
    /// Never waits: a forked child may inherit the lock held, by a thread that it does not have.
    /// A line that finds the list taken is lost.
    fn try_lock(&self) -> Option<MutexGuard<'_, VecDeque<Line>>> {
        self.lines.try_lock().ok()
    }
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        logger(metadata.target()).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        let Some(logger) = logger(record.target()) else { return };
        let line = Line { level: record.level(), logger, text: record.args().to_string() };
        let Some(mut lines) = self.try_lock() else { return };
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
        self.waiting.store(true, Relaxed);
    }

    fn flush(&self) {}
}

/// Makes the crates' log lines come here. A process in which somebody else set a logger keeps it.
pub(crate) fn install() {
    if log::set_logger(&LINES).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Hands the lines that wait to `logging`. An error in a handler is shown, not raised.
pub(crate) fn hand_over(py: Python<'_>) {
    if !LINES.waiting.swap(false, Relaxed) {
        return;
    }
    let lines = LINES.try_lock().map(|mut lines| std::mem::take(&mut *lines)).unwrap_or_default();
    for line in lines {
        if let Err(error) = tell(py, &line) {
            error.write_unraisable(py, None);
        }
    }
}

/// The logger of one of our modules: `cachekit::engine::store::redis` is `cachekit.store.redis`.
fn logger(target: &str) -> Option<String> {
    if target.starts_with("_native") {
        return Some("cachekit".to_owned());
    }
    let inside = target.strip_prefix("cachekit")?;
    Some(format!("cachekit{}", inside.replacen('_', ".", 1).replace("::", ".")))
}

fn tell(py: Python<'_>, line: &Line) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1(intern!(py, "getLogger"), (&line.logger,))?;
    let level = match line.level {
        Level::Error => 40,
        Level::Warn => 30,
        Level::Info => 20,
        Level::Debug | Level::Trace => 10,
    };
    // The text is an argument, so that a `%` in it is nobody's format.
    logger.call_method1(intern!(py, "log"), (level, "%s", &line.text))?;
    Ok(())
}
