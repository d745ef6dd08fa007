//! Every check run to its end, and what became of each.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cachekit_store::StoreOptions;
use futures_util::FutureExt;

use crate::{CHECKS, Check, Subject, applies};

/// A check that takes longer will not end.
const PATIENCE: Duration = Duration::from_secs(120);

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its name: the file that it is in, and what the store must do.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The store does it.
    Passed,
    /// The store says that it cannot, or it cannot be tried here.
    DoesNotApply,
    /// It does not; what was expected and what was seen, with the line of the suite.
    Failed(String),
}

impl Outcome {
    /// Whether the store did not do what it must.
    pub fn is_failure(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

/// Runs every check that the store's capabilities call for, whatever becomes of the others.
///
/// Meanwhile what panics anywhere in the process is taken down rather than printed.
pub async fn report(subject: &dyn Subject) -> Vec<Outcome> {
    let capabilities = subject.open(StoreOptions::default()).capabilities();
    let listening = Listening::begin();
    let mut outcomes = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        let verdict = match applies(check, capabilities, subject) {
            true => verdict(check, subject, &listening).await,
            false => Verdict::DoesNotApply,
        };
        outcomes.push(Outcome { check: check.name, verdict });
    }
    outcomes
}

async fn verdict(check: &Check, subject: &dyn Subject, listening: &Listening) -> Verdict {
    listening.forget();
    let check = AssertUnwindSafe((check.run)(subject)).catch_unwind();
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(_)) => Verdict::Failed(listening.heard()),
        Err(_) => Verdict::Failed(format!("it did not end within {PATIENCE:?}")),
    }
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// What panicked last. One list for the process, as panic hooks are the process'.
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// While it lives, panics are taken down in place of the hook that was there, which it puts back.
struct Listening(Option<Hook>);

impl Listening {
    fn begin() -> Self {
        let before = panic::take_hook();
        panic::set_hook(Box::new(|panicked| {
            let place = panicked.location().map(ToString::to_string).unwrap_or_default();
            heard().push(format!("{} ({place})", words(panicked.payload())));
        }));
        Self(Some(before))
    }

    fn forget(&self) {
        heard().clear();
    }

    /// The first panic: those after it follow from it.
    fn heard(&self) -> String {
        heard().first().cloned().unwrap_or_else(|| "it panicked without a word".to_owned())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            panic::set_hook(before);
        }
    }
}

fn words(payload: &(dyn Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no words")
}

fn heard() -> MutexGuard<'static, Vec<String>> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}
