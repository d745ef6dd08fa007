//! Opening a store's file: one process at a time, checked if nobody else has it open.
//!
//! | name | what it is |
//! |---|---|
//! | `entries.mdb`, `entries.mdb-lock` | LMDB's |
//! | `opening` | locked while a process opens |
//! | `users` | locked by every process for as long as it has the file open |
//! | `capacity` | the size that all of them use |
//! | `damaged` | there if a process met damage; the next that is alone sets the file aside |

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cachekit_process::mapped::{self, Durability};
use heed::{Env, MdbError, WithTls};
use rustix::fs::{FlockOperation, flock};

use super::{
    directory::{prepare, unusable},
    failure::{is_damage, sorted},
    table::Table,
};
use crate::{Error, ErrorKind};

const DATA: &str = "entries.mdb";
const DAMAGED: &str = "damaged";
const CAPACITY: &str = "capacity";
/// Below, LMDB's own pages leave no room.
const LEAST: usize = 1024 * 1024;
/// A multiple of every page size there is.
const STEP: usize = 64 * 1024;

/// An open file and its trees. It is never closed: other threads may be in it.
pub(super) struct Opened {
    pub(super) env: Env<WithTls>,
    pub(super) table: Table,
    directory: PathBuf,
    /// Locked, so that nobody sets aside what is used here.
    _users: File,
}

impl Opened {
    /// Where it lies, without symbolic links.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Leaves word that the file is damaged: a process that is alone with it can do something.
    pub(super) fn note_damage(&self, error: &heed::Error) {
        if is_damage(error) && File::create_new(self.directory.join(DAMAGED)).is_ok() {
            log::error!("the store in {} is damaged: {error}", self.directory.display());
        }
    }
}

/// How a store wants its file.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) directory: PathBuf,
    pub(super) durability: Durability,
    pub(super) capacity: usize,
    /// How long others may take to open it first.
    pub(super) patience: Duration,
    pub(super) address: Arc<str>,
}

/// The map's size for a capacity that was asked for.
pub(super) fn map_size(capacity: usize) -> usize {
    (capacity.max(LEAST) / STEP).saturating_mul(STEP)
}

/// Opens the file, or makes it; what is damaged is set aside, if nobody else uses it.
pub(super) fn open(wanted: &Wanted) -> Result<Opened, Error> {
    let directory = prepare(&wanted.directory, &wanted.address)?;
    let io = |error| unusable(&directory, &wanted.address, error);
    let _turn = Turn::take(&directory, wanted)?;
    let users = lock_file(&directory, "users").map_err(io)?;
    let alone = flock(&users, FlockOperation::NonBlockingLockExclusive).is_ok();
    if alone && directory.join(DAMAGED).exists() {
        set_aside(&directory).map_err(io)?;
    }
    let capacity = settle_capacity(&directory, wanted, alone).map_err(io)?;
    let opened = match open_whole(&directory, wanted.durability, capacity, alone) {
        Err(error) if alone && is_damage(&error) => {
            set_aside(&directory).map_err(io)?;
            open_whole(&directory, wanted.durability, capacity, alone)
        }
        result => result,
    };
    let (env, table) = opened.map_err(|error| sorted(error, &wanted.address))?;
    flock(&users, FlockOperation::LockShared).map_err(|error| io(error.into()))?;
    // Of processes that were killed while they read: their pages would never be used again.
    let _ = env.clear_stale_readers();
    Ok(Opened { env, table, directory, _users: users })
}

/// Opens and checks, and makes the trees.
fn open_whole(
    directory: &Path,
    durability: Durability,
    capacity: usize,
    alone: bool,
) -> Result<(Env<WithTls>, Table), heed::Error> {
    let data = directory.join(DATA);
    let env = match mapped::open(&data, capacity, durability) {
        Err(heed::Error::EnvAlreadyOpened) => open_by_another_name(&data, capacity, durability)?,
        result => result?,
    };
    let before = if alone { lengthen(&env, &data)? } else { Length::Whole };
    let table = Table::open(&env, capacity)?;
    let txn = env.read_txn()?;
    table.check(&txn)?;
    if let Length::Cut { at } = before {
        table.check_all(&txn, env.info().map_addr as usize, at)?;
    }
    drop(txn);
    Ok((env, table))
}

/// A forked child finds its parent's file open in its own memory, where it must not be used, and
/// the library refuses to open a path twice. By a hard link it is another path and the same file.
fn open_by_another_name(
    data: &Path,
    capacity: usize,
    durability: Durability,
) -> Result<Env<WithTls>, heed::Error> {
    let named = |suffix: &str| data.with_file_name(format!("{DATA}.{}{suffix}", process::id()));
    let links = [
        (data.to_owned(), named("")),
        (data.with_file_name(format!("{DATA}-lock")), named("-lock")),
    ];
    for (file, link) in &links {
        // Left by a process of this number that was killed while it opened.
        let _ = fs::remove_file(link);
        fs::hard_link(file, link)?;
    }
    let env = mapped::open(&named(""), capacity, durability);
    for (_, link) in &links {
        let _ = fs::remove_file(link);
    }
    env
}

enum Length {
    /// Every page is in the file.
    Whole,
    /// The file ended here, before the last page that was ever given out.
    Cut { at: usize },
}

/// Reading a mapped page beyond the file's end kills the process. Pages that were given out and
/// taken back in one write never reach the file, so a short one need not be damaged.
fn lengthen(env: &Env<WithTls>, data: &Path) -> Result<Length, heed::Error> {
    let page = u64::from(env.unnamed_database_stat().page_size);
    let pages = u64::try_from(env.info().last_page_number).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::options().write(true).open(data)?;
    let length = file.metadata()?.len();
    let needed = pages.saturating_mul(page);
    if length >= needed {
        return Ok(Length::Whole);
    }
    if needed > u64::try_from(env.info().map_size).unwrap_or(u64::MAX) {
        return Err(heed::Error::Mdb(MdbError::Corrupted));
    }
    file.set_len(needed)?;
    Ok(Length::Cut { at: usize::try_from(length).unwrap_or(usize::MAX) })
}

/// Alone, a process has the size that it asks for, and a larger file is given up; otherwise that
/// of the others, since a map must not be smaller than what they write.
fn settle_capacity(directory: &Path, wanted: &Wanted, alone: bool) -> io::Result<usize> {
    let (path, asked) = (directory.join(CAPACITY), map_size(wanted.capacity));
    if !alone {
        let theirs = fs::read_to_string(&path)?.trim().parse().map_err(io::Error::other)?;
        if theirs != asked {
            log::warn!(
                "the store in {} has {theirs} bytes, not {asked}: others use it already",
                directory.display()
            );
        }
        return Ok(map_size(theirs));
    }
    let data = directory.join(DATA);
    let length = fs::metadata(&data).map_or(0, |found| found.len());
    if length > u64::try_from(asked).unwrap_or(u64::MAX) {
        log::info!("the store in {} is made smaller and starts empty", directory.display());
        fs::remove_file(&data)?;
    }
    fs::write(&path, asked.to_string())?;
    Ok(asked)
}

/// Moves the file out of the way. It is never deleted: somebody may want to know what happened.
fn set_aside(directory: &Path) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis());
    let aside = directory.join(format!("{DATA}.damaged-{now}"));
    match fs::rename(directory.join(DATA), &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(()) => log::error!(
            "the store in {} is damaged and starts empty; the old file is {}",
            directory.display(),
            aside.display()
        ),
    }
    match fs::remove_file(directory.join(DAMAGED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn lock_file(directory: &Path, name: &str) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600).open(directory.join(name))
}

/// The right to open, among all processes.
struct Turn(File);

impl Turn {
    fn take(directory: &Path, wanted: &Wanted) -> Result<Self, Error> {
        let io = |error| unusable(directory, &wanted.address, error);
        let file = lock_file(directory, "opening").map_err(io)?;
        let until = Instant::now() + wanted.patience;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io(error.into())),
            }
            if Instant::now() >= until {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    &*wanted.address,
                    "another process has been opening the store for too long",
                ));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Turn {
    /// By name, not by closing: a child forked meanwhile holds the same lock.
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}
