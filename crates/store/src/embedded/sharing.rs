//! One open file for each directory of a process: LMDB forbids two.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use cachekit_process::PerProcess;
use tokio::sync::oneshot;

use super::{
    opening::{self, Opened, Wanted},
    writer::Writer,
};
use crate::{Error, ErrorKind};

/// A file that this process has open, and its writer.
pub(super) struct Shared {
    pub(super) opened: Arc<Opened>,
    pub(super) writer: Writer,
}

/// By directory, without symbolic links. A forked child starts without any: what it inherits is its
/// parent's, and it may not even close it.
static OPEN: PerProcess<Mutex<HashMap<PathBuf, Arc<Shared>>>> = PerProcess::new();

/// Opens on a thread of its own, since it may wait for other processes and for the disk.
pub(super) async fn share(wanted: &Wanted) -> Result<Arc<Shared>, Error> {
    let (answer, receiver) = oneshot::channel();
    let (address, wanted) = (Arc::clone(&wanted.address), wanted.clone());
    let spawned = thread::Builder::new()
        .name("cachekit-opening".to_owned())
        // Whoever has stopped waiting finds it open the next time.
        .spawn(move || drop(answer.send(find_or_open(&wanted))));
    let failed = |seen: &'static str| Error::new(ErrorKind::Unavailable, &*address, seen);
    spawned.map_err(|_| failed("no thread could be started to open the file"))?;
    receiver.await.unwrap_or_else(|_| Err(failed("opening the file failed unexpectedly")))
}

fn find_or_open(wanted: &Wanted) -> Result<Arc<Shared>, Error> {
    // Held while opening: of two threads one opens, the other finds it open.
    let open = OPEN.get_or_init(Mutex::default).lock();
    let mut open = open.unwrap_or_else(PoisonError::into_inner);
    let key = wanted.directory.canonicalize().unwrap_or_else(|_| wanted.directory.clone());
    if let Some(shared) = open.get(&key) {
        return Ok(Arc::clone(shared));
    }
    let opened = Arc::new(opening::open(wanted)?);
    let writer = Writer::start(Arc::clone(&opened)).map_err(|error| {
        let seen = "no thread could be started to write";
        Error::caused(ErrorKind::Unavailable, &*wanted.address, seen, error)
    })?;
    let key = opened.directory().to_owned();
    Ok(Arc::clone(open.entry(key).or_insert(Arc::new(Shared { opened, writer }))))
}
