//! `cachekit.testing.check_store`: the suite that our own stores pass, for anybody's.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cachekit::{Backend, OpenStore, Settings};
use cachekit_conformance::{Outcome, Subject, Verdict, report};
use pyo3::prelude::*;

use crate::detach;
use crate::engine::process::{Clock, SystemClock};
use crate::engine::store::{Store, StoreOptions, open};
use crate::errors::{Result, wrong_type};
use crate::options;

/// Runs the suite on an object or on what is at a URL: for each check its name, how it ended and
/// why it failed.
#[pyfunction]
#[pyo3(signature = (store, /))]
pub(crate) fn check_store(
    store: &Bound<'_, PyAny>,
) -> Result<Vec<(&'static str, &'static str, String)>> {
    let place = match (store.extract::<String>(), options::backend(store)?) {
        (Ok(url), _) => {
            let settings = Settings::new().effective()?;
            open(&url, &settings.store_options(StoreOptions::default()))?;
            Place::Url { url, settings: Box::new(settings) }
        }
        (_, Backend::Opener(opener)) => Place::Opener(opener),
        _ => return Err(wrong_type("check_store takes a URL or an object, not None").into()),
    };
    let outcomes = detach::wait(store.py(), report(&place))?;
    Ok(outcomes.into_iter().map(row).collect())
}

fn row(outcome: Outcome) -> (&'static str, &'static str, String) {
    match outcome.verdict {
        Verdict::Passed => (outcome.check, "passed", String::new()),
        Verdict::DoesNotApply => (outcome.check, "does not apply", String::new()),
        Verdict::Failed(why) => (outcome.check, "failed", why),
    }
}

enum Place {
    /// Was opened once already, with what was configured and what the environment says.
    Url {
        url: String,
        settings: Box<Settings>,
    },
    Opener(Arc<dyn OpenStore>),
}

impl Subject for Place {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        match self {
            Self::Opener(opener) => Arc::clone(opener).open(&options),
            #[expect(clippy::expect_used, reason = "it could be opened a moment ago, without I/O")]
            Self::Url { url, settings } => open(url, &settings.store_options(options))
                .expect("an address that was good before"),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(by))
    }
}
