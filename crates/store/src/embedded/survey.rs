//! What only an embedded store can tell: everything that it holds.

use cachekit_process::UnixMillis;

use super::{EmbeddedStore, failure::sorted, store::digest};
use crate::{Error, StoreOptions, StoreUrl, url::Target};

impl EmbeddedStore {
    /// The embedded store at `url`, without any I/O; `None` if the address is another kind's.
    pub fn at(url: &StoreUrl, options: &StoreOptions) -> Option<Self> {
        match url.clone().into_target() {
            Target::Embedded(config) => Some(Self::new(config, options)),
            _ => None,
        }
    }

    /// By what the file knows a key: its BLAKE3 digest.
    pub fn digest(key: &str) -> [u8; 32] {
        digest(key)
    }

    /// Shows every entry that has not run out, with the [`digest`](Self::digest) of its key and its
    /// end, as of one moment and in no order. The keys themselves are not in the file.
    ///
    /// It takes about a microsecond for
    /// each entry and blocks the thread meanwhile; what is written beside it needs more room, since
    /// no page that is being looked at is used again.
    ///
    /// # Errors
    ///
    /// Those of reading; some entries may have been shown by then.
    pub async fn survey(
        &self,
        mut visit: impl FnMut(&[u8; 32], &[u8], UnixMillis),
    ) -> Result<(), Error> {
        let shared = self.shared().await?;
        let now = self.now();
        let failed = |error: heed::Error| {
            shared.opened.note_damage(&error);
            sorted(error, self.place())
        };
        let txn = shared.opened.env.read_txn().map_err(failed)?;
        shared.opened.table.each_live(&txn, now, &mut visit).map_err(failed)
    }

    /// Has everything that was written so far on the disk when it returns, so that not even a power
    /// failure undoes the last write. Blocks the thread. In shared memory there is nothing to do.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn flush(&self) -> Result<(), Error> {
        let shared = self.shared().await?;
        shared.opened.env.force_sync().map_err(|error| sorted(error, self.place()))
    }
}
