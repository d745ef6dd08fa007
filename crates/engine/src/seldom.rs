//! What happens often is said seldom.

use std::time::Duration;

use cachekit_process::BootMillis;
use parking_lot::Mutex;

const APART: Duration = Duration::from_secs(60);

/// Whether to say something: the first time, then at most once a minute.
#[derive(Default)]
pub(crate) struct Seldom(Mutex<Said>);

#[derive(Default)]
struct Said {
    last: Option<BootMillis>,
    unsaid: u64,
}

impl Seldom {
    /// `None` to be quiet; else how often that was the answer since something was said.
    pub(crate) fn ask(&self, now: BootMillis) -> Option<u64> {
        let mut said = self.0.lock();
        if said.last.is_some_and(|last| now.since(last) < APART) {
            said.unsaid = said.unsaid.saturating_add(1);
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_then_one_a_minute_with_the_count() {
        let seldom = Seldom::default();
        let said: Vec<_> =
            [0, 1, 59_999, 60_000, 60_001].map(|ms| seldom.ask(BootMillis(ms))).into();
        assert_eq!(said, [Some(0), None, None, Some(2), None]);
    }
}
