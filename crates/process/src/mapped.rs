//! A file of entries that several processes map into memory.

use std::path::Path;

use heed::{Env, EnvFlags, EnvOpenOptions, Error, WithTls};

/// What is done before a write counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Its data are on the disk: after a power failure the file is whole, and at most the last
    /// write is undone.
    Disk,
    /// The kernel has it: it outlives every process, not the machine.
    Kernel,
}

/// Threads that may read at once, over all processes; each takes 64 bytes of the lock file.
const READERS: u32 = 4096;

/// Opens the LMDB environment in `file`, of at most `bytes`, and makes it if there is none.
///
/// `bytes` must be a multiple of the page size, and the same in every process. The file is made
/// readable and writable for its owner alone; beside it lies a lock file of its name and `-lock`.
///
/// What this cannot check, the caller owes: the file lies on a local file system and not on one
/// shared with other machines, in a directory that no other user can write to, nobody cuts or
/// rewrites it while it is open, and no forked child uses what its parent opened.
///
/// # Errors
///
/// LMDB's, and `EnvAlreadyOpened` if this process, or one it was forked from, has opened it.
pub fn open(file: &Path, bytes: usize, durability: Durability) -> Result<Env<WithTls>, Error> {
    let synced = match durability {
        // One flush for each write: the page that names the newest state follows with the next.
        Durability::Disk => EnvFlags::NO_META_SYNC,
        Durability::Kernel => EnvFlags::NO_SYNC,
    };
    let mut options = EnvOpenOptions::new();
    options.map_size(bytes).max_dbs(4).max_readers(READERS);
    // SAFETY: unsafe are flags that give up locking or let the map be written to. These give up
    // neither: without `WRITE_MAP` and `NO_LOCK` only the order of flushes changes.
    unsafe { options.flags(EnvFlags::NO_SUB_DIR | EnvFlags::NO_READ_AHEAD | synced) };
    // SAFETY: unsafe because the map shows what other writers do to the file. All writers go
    // through LMDB's lock; that no others can reach the file is the caller's part, above. Nothing
    // is read through the map outside a transaction, during which LMDB leaves its pages alone.
    unsafe { options.open(file) }
}
