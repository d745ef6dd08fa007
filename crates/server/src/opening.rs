//! The store below, opened and counted.

use std::{sync::Arc, time::Duration};

use cachekit_process::{SystemClock, Timeline};
use cachekit_store::{EmbeddedStore, Store, StoreOptions, StoreUrl};

use crate::{
    entries::Entries,
    error::Error,
    record::{self, OVERHEAD},
    settings::Settings,
    shared::Counts,
};

/// A disk under load takes its time, and a client would rather wait than lose a write.
const OPERATION: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(2);

/// What requests are answered from.
pub(crate) struct Opened {
    pub(crate) entries: Entries,
    pub(crate) counts: Counts,
    /// Where the last write is on the disk only after it is asked to be.
    pub(crate) to_flush: Option<Arc<EmbeddedStore>>,
}

/// An embedded store is opened now, and what it holds is counted; another one is waited for by
/// requests, since it may come up later.
pub(crate) async fn open(settings: &Settings) -> Result<Opened, Error> {
    let options = StoreOptions::default()
        .with_connect_timeout(CONNECT)
        .with_operation_timeout(OPERATION)
        .with_memory_capacity(settings.capacity)
        .with_largest_entry(settings.largest_entry.saturating_add(OVERHEAD));
    let url: StoreUrl = settings.store.parse()?;
    let timeline = Timeline::new(Arc::new(SystemClock));
    let Some(embedded) = EmbeddedStore::at(&url, &options) else {
        let store = cachekit_store::open(&settings.store, &options)?;
        let entries = Entries::new(store, timeline);
        if entries.probe().await.is_err() {
            tracing::warn!(store = entries.store_address(), "the store does not answer yet");
        }
        return Ok(Opened { entries, counts: Counts::SinceStart, to_flush: None });
    };
    let embedded = Arc::new(embedded);
    let entries = Entries::new(Arc::clone(&embedded) as Arc<dyn Store>, timeline);
    count(&embedded, &entries).await?;
    Ok(Opened { entries, counts: Counts::Complete, to_flush: Some(embedded) })
}

async fn count(store: &EmbeddedStore, entries: &Entries) -> Result<(), Error> {
    let now = entries.now();
    store
        .survey(|digest, whole, _| {
            let Some((_, space, end)) = record::front(whole).filter(|(_, _, end)| now < *end)
            else {
                return;
            };
            let bytes = whole.len().saturating_sub(OVERHEAD) as u64;
            entries.ledger.note_digest(space, digest, bytes, end);
        })
        .await?;
    Ok(())
}
