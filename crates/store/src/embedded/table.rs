//! Entries and the order in which they run out: two trees that are changed together.
//!
//! `entries` maps the BLAKE3 digest of a key (LMDB's keys end at 511 bytes) to eight bytes of
//! deadline and the blob; `deadlines` holds deadline and digest, and is read from its beginning.

use std::io::Write as _;

use cachekit_process::UnixMillis;
use heed::{
    CommitOrAbort, Database, DatabaseStat, Env, Error, MdbError, RoTxn, RwTxn, WithTls,
    types::Bytes,
};

/// The BLAKE3 digest of a key.
pub(super) type Digest = [u8; 32];
type Tree = Database<'static, Bytes, Bytes>;
type Slot = [u8; DEADLINE + 32];

const DEADLINE: usize = 8;
/// Branch pages that one entry may add, in both trees, with room to spare.
const PAGES_BESIDE: usize = 16;
/// No machine has larger pages by default.
const LARGE_PAGE: usize = 16 * 1024;
/// Pages that the removal or the writing of a small entry changes, in both trees.
const PAGES_CHANGED: usize = 8;
/// How much of the file entries may take, in quarters. The rest is for the copies that
/// LMDB writes beside the old pages, and for pages that a reader still looks at.
const QUARTERS_FOR_ENTRIES: usize = 3;

/// The two trees of one file.
pub(super) struct Table {
    entries: Tree,
    deadlines: Tree,
    capacity: usize,
}

/// Why an entry was not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// It is larger than entries may become here.
    TooLarge,
    /// LMDB failed; nothing of the transaction may be kept.
    Failed(Error),
}

impl From<Error> for Unwritten {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The largest value in a file of so many bytes: its pages must be neighbours, and those that are
/// always in use may lie anywhere between them.
pub(super) const fn largest(capacity: usize) -> usize {
    capacity / 8
}

impl Table {
    /// The trees in this file of `capacity` bytes, made if they are not there.
    pub(super) fn open(env: &Env<WithTls>, capacity: usize) -> Result<Self, Error> {
        let made = env.create_databases_and_commit(env.write_txn()?, |opener, txn| {
            let entries = opener.create_database::<Bytes, Bytes>(txn, Some("entries"))?;
            let deadlines = opener.create_database::<Bytes, Bytes>(txn, Some("deadlines"))?;
            Ok::<_, Error>(CommitOrAbort::<_, ()>::Commit((entries, deadlines)))
        })?;
        let (entries, deadlines) = made.commit().ok_or(Error::Mdb(MdbError::Invalid))?;
        Ok(Self { entries, deadlines, capacity })
    }

    /// The entry, if it has not run out: a view into the file, no copy is made.
    pub(super) fn live<'t>(
        &self,
        txn: &'t RoTxn<'_>,
        digest: &Digest,
        now: UnixMillis,
    ) -> Result<Option<&'t [u8]>, Error> {
        let Some(record) = self.entries.get(txn, digest)? else { return Ok(None) };
        let (deadline, value) = split(record)?;
        Ok((now < UnixMillis(u64::from_be_bytes(deadline))).then_some(value))
    }

    /// Shows every entry that has not run out, and when it will.
    pub(super) fn each_live(
        &self,
        txn: &RoTxn<'_>,
        now: UnixMillis,
        visit: &mut dyn FnMut(&Digest, &[u8], UnixMillis),
    ) -> Result<(), Error> {
        for entry in self.entries.iter(txn)? {
            let (digest, record) = entry?;
            let digest = digest.try_into().map_err(|_| Error::Mdb(MdbError::Corrupted))?;
            let (deadline, value) = split(record)?;
            let deadline = UnixMillis(u64::from_be_bytes(deadline));
            if now < deadline {
                visit(digest, value, deadline);
            }
        }
        Ok(())
    }

    /// Writes an entry; what runs out soonest is forgotten until it fits.
    pub(super) fn put(
        &self,
        txn: &mut RwTxn<'_>,
        digest: &Digest,
        value: &[u8],
        deadline: UnixMillis,
    ) -> Result<(), Unwritten> {
        if value.len() > largest(self.capacity) {
            return Err(Unwritten::TooLarge);
        }
        self.remove(txn, digest)?;
        let room = self.for_entries().saturating_sub(value.len());
        if self.forget_down_to(txn, room, self.gentle())? == Room::Wanted {
            return Err(Unwritten::Failed(Error::Mdb(MdbError::MapFull)));
        }
        let deadline = deadline.0.to_be_bytes();
        self.entries.put_reserved(txn, digest, DEADLINE + value.len(), |record| {
            record.write_all(&deadline)?;
            record.write_all(value)
        })?;
        self.deadlines.put(txn, &slot(deadline, digest), &[])?;
        Ok(())
    }

    /// Removes an entry, whether it has run out or not.
    pub(super) fn remove(&self, txn: &mut RwTxn<'_>, digest: &Digest) -> Result<(), Error> {
        let Some(record) = self.entries.get(txn, digest)? else { return Ok(()) };
        let (deadline, _) = split(record)?;
        self.entries.delete(txn, digest)?;
        self.deadlines.delete(txn, &slot(deadline, digest))?;
        Ok(())
    }

    /// Removes up to `most` entries that have run out.
    pub(super) fn sweep(
        &self,
        txn: &mut RwTxn<'_>,
        now: UnixMillis,
        most: usize,
    ) -> Result<(), Error> {
        for _ in 0..most {
            match self.soonest(txn)? {
                Some((deadline, slot)) if deadline <= now => self.drop_slot(txn, &slot)?,
                _ => break,
            }
        }
        Ok(())
    }

    /// Forgets up to `most` of the entries that run out soonest, until all take `bytes` or less.
    pub(super) fn forget_down_to(
        &self,
        txn: &mut RwTxn<'_>,
        bytes: usize,
        most: usize,
    ) -> Result<Room, Error> {
        for _ in 0..most {
            if self.used(txn)? <= bytes {
                return Ok(Room::Made);
            }
            match self.soonest(txn)? {
                Some((_, slot)) => self.drop_slot(txn, &slot)?,
                None => return Ok(Room::Made),
            }
        }
        Ok(Room::Wanted)
    }

    /// Changes something and changes it back. LMDB uses the pages that a commit has freed only
    /// after another one, and takes the first that are free: done often, it moves what is always in
    /// use to the beginning of the file, and the free pages become neighbours.
    pub(super) fn touch(&self, txn: &mut RwTxn<'_>) -> Result<(), Error> {
        let nobodys = slot([0; DEADLINE], &[0; 32]);
        self.deadlines.put(txn, &nobodys, &[])?;
        self.deadlines.delete(txn, &nobodys)?;
        Ok(())
    }

    /// How many entries one transaction may change: each may copy a page of every level of both
    /// trees, and all copies must find room beside the old pages.
    pub(super) fn gentle(&self) -> usize {
        (self.capacity / 4 / LARGE_PAGE / PAGES_CHANGED).clamp(2, 512)
    }

    /// How many bytes of the file entries may take.
    pub(super) fn for_entries(&self) -> usize {
        self.capacity / 4 * QUARTERS_FOR_ENTRIES
    }

    /// Whether both trees agree on how many entries there are, and can be read at their ends.
    pub(super) fn check(&self, txn: &RoTxn<'_>) -> Result<(), Error> {
        if self.entries.len(txn)? != self.deadlines.len(txn)? {
            return Err(Error::Mdb(MdbError::Corrupted));
        }
        for (slot, _) in
            [self.deadlines.first(txn)?, self.deadlines.last(txn)?].into_iter().flatten()
        {
            self.check_slot(txn, slot)?;
        }
        Ok(())
    }

    /// Whether everything that the trees refer to lies in the first `whole` bytes of the file,
    /// which is mapped at address `map`. Reads all of it.
    pub(super) fn check_all(&self, txn: &RoTxn<'_>, map: usize, whole: usize) -> Result<(), Error> {
        let inside = |part: &[u8]| {
            let end = (part.as_ptr() as usize).wrapping_sub(map).saturating_add(part.len());
            if end <= whole { Ok(()) } else { Err(Error::Mdb(MdbError::Corrupted)) }
        };
        for entry in self.entries.iter(txn)? {
            let (digest, record) = entry?;
            inside(digest)?;
            inside(record)?;
        }
        for entry in self.deadlines.iter(txn)? {
            let (slot, _) = entry?;
            inside(slot)?;
            self.check_slot(txn, slot)?;
        }
        Ok(())
    }

    fn check_slot(&self, txn: &RoTxn<'_>, slot: &[u8]) -> Result<(), Error> {
        let damaged = Error::Mdb(MdbError::Corrupted);
        let Some((deadline, digest)) = slot.split_first_chunk::<DEADLINE>() else {
            return Err(damaged);
        };
        let Some(record) = self.entries.get(txn, digest)? else { return Err(damaged) };
        if split(record)?.0 == *deadline { Ok(()) } else { Err(damaged) }
    }

    fn soonest(&self, txn: &RoTxn<'_>) -> Result<Option<(UnixMillis, Slot)>, Error> {
        let Some((slot, _)) = self.deadlines.first(txn)? else { return Ok(None) };
        let slot = Slot::try_from(slot).map_err(|_| Error::Mdb(MdbError::Corrupted))?;
        let (deadline, _) = split(&slot)?;
        Ok(Some((UnixMillis(u64::from_be_bytes(deadline)), slot)))
    }

    fn drop_slot(&self, txn: &mut RwTxn<'_>, slot: &Slot) -> Result<(), Error> {
        let (_, digest) = split(slot)?;
        self.entries.delete(txn, digest)?;
        self.deadlines.delete(txn, slot)?;
        Ok(())
    }

    fn used(&self, txn: &RoTxn<'_>) -> Result<usize, Error> {
        let bytes = |stat: DatabaseStat| stat.non_free_page_size() + PAGES_BESIDE / 2 * page(&stat);
        Ok(bytes(self.entries.stat(txn)?).saturating_add(bytes(self.deadlines.stat(txn)?)))
    }
}

/// Whether [`Table::forget_down_to`] has reached its aim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Entries take as little as was asked, or there are none.
    Made,
    /// More must be forgotten.
    Wanted,
}

fn page(stat: &DatabaseStat) -> usize {
    usize::try_from(stat.page_size).unwrap_or(usize::MAX)
}

/// A record's deadline and blob, or a slot's deadline and digest.
fn split(record: &[u8]) -> Result<([u8; DEADLINE], &[u8]), Error> {
    let (deadline, rest) =
        record.split_first_chunk::<DEADLINE>().ok_or(Error::Mdb(MdbError::Corrupted))?;
    Ok((*deadline, rest))
}

fn slot(deadline: [u8; DEADLINE], digest: &Digest) -> Slot {
    let mut slot = [0; DEADLINE + 32];
    let (before, after) = slot.split_at_mut(DEADLINE);
    before.copy_from_slice(&deadline);
    after.copy_from_slice(digest);
    slot
}
