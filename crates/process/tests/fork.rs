//! Real children, made by `fork`, must not share a session, an epoch or a lock with their parent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::HashSet;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Mutex;

use cachekit_process::{PerProcess, epoch, writer};

/// Runs `work` in a child and fails unless the child ends with code 0.
struct Child(libc::pid_t);

impl Child {
    fn start(work: impl FnOnce()) -> Self {
        // SAFETY: the child runs `work` alone and leaves by `_exit`.
        Self::of(unsafe { libc::fork() }, work)
    }

    /// By the bare system call: no `pthread_atfork` hook runs.
    #[cfg(target_os = "linux")]
    fn start_unhooked(work: impl FnOnce()) -> Self {
        // SAFETY: as above; without flags but the signal, `clone` is what `fork` does.
        let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        Self::of(libc::pid_t::try_from(pid).unwrap(), work)
    }

    /// Called in the parent with the child's id, and in the child with 0.
    fn of(pid: libc::pid_t, work: impl FnOnce()) -> Self {
        match pid {
            -1 => panic!("fork: {}", std::io::Error::last_os_error()),
            0 => {
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                // SAFETY: ends the child without running the parent's exit handlers.
                unsafe { libc::_exit(i32::from(result.is_err())) }
            }
            pid => Self(pid),
        }
    }

    fn join(self) {
        let mut status = 0;
        // SAFETY: waits for a child of this process, `status` is writable.
        let pid = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!((pid, status), (self.0, 0), "the child failed");
    }
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_child_has_another_epoch_and_another_session() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("child");
    let (mine, slot) = (epoch(), writer::take(1));
    Child::start(|| {
        let theirs = writer::take(1);
        let bytes = [&epoch().get().to_be_bytes()[..], &theirs.sid].concat();
        std::fs::write(&path, bytes).unwrap();
    })
    .join();
    let child = read(&path);
    assert_eq!(child.len(), 24);
    assert_ne!(child[..8], mine.get().to_be_bytes());
    assert_ne!(child[8..], slot.sid);
    assert_eq!(epoch(), mine, "the parent stays who it is");
    assert_eq!(writer::take(1).sid, slot.sid);
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_made_behind_the_librarys_back_is_noticed_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("child");
    let (mine, slot) = (epoch(), writer::take(1));
    Child::start_unhooked(|| {
        let theirs = writer::take(1);
        let bytes = [&epoch().get().to_be_bytes()[..], &theirs.sid].concat();
        std::fs::write(&path, bytes).unwrap();
    })
    .join();
    let child = read(&path);
    assert_eq!(child.len(), 24);
    assert_ne!(child[..8], mine.get().to_be_bytes());
    assert_ne!(child[8..], slot.sid);
}

#[test]
fn a_child_of_a_child_is_somebody_else_again() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("1"), directory.path().join("2"));
    let mine = epoch();
    Child::start(|| {
        std::fs::write(&one, epoch().get().to_be_bytes()).unwrap();
        Child::start(|| std::fs::write(&two, epoch().get().to_be_bytes()).unwrap()).join();
    })
    .join();
    let seen: HashSet<_> = [mine.get().to_be_bytes().to_vec(), read(&one), read(&two)].into();
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_lock_held_at_the_fork_does_not_block_the_child() {
    static STATE: PerProcess<Mutex<u32>> = PerProcess::new();
    let held = STATE.get_or_init(|| Mutex::new(1)).lock().unwrap();
    Child::start(|| {
        assert!(STATE.get().is_none(), "inherited state is not served");
        *STATE.get_or_init(|| Mutex::new(10)).lock().unwrap() += 1;
        assert_eq!(*STATE.get().unwrap().lock().unwrap(), 11);
    })
    .join();
    assert_eq!(*held, 1);
}

#[test]
fn inherited_state_is_not_dropped_in_the_child() {
    struct TellTale<'a>(&'a Path);
    impl Drop for TellTale<'_> {
        fn drop(&mut self) {
            std::fs::write(self.0, epoch().get().to_be_bytes()).unwrap();
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dropped");
    let cell = PerProcess::new();
    cell.get_or_init(|| TellTale(&path));
    let mut cell = Some(cell);
    Child::start(|| drop(cell.take())).join();
    assert!(!path.exists(), "the child dropped what belongs to its parent");
    drop(cell);
    assert!(path.exists(), "the parent drops its own");
}

/// 8 threads in each of 4 processes take 1 000 000 nonces in all; no (sid, counter) comes twice.
#[test]
fn a_million_nonces_from_threads_and_forks_are_distinct() {
    const PROCESSES: usize = 4;
    const THREADS: usize = 8;
    const TAKES: usize = 1_000_000 / PROCESSES / THREADS;
    let directory = tempfile::tempdir().unwrap();
    // The session exists, and is used, before the forks: this is gunicorn's preload.
    let mut records = vec![record()];
    let paths: Vec<_> = (0..PROCESSES).map(|n| directory.path().join(n.to_string())).collect();
    let children: Vec<_> =
        paths.iter().map(|path| Child::start(|| take_in_threads(path, THREADS, TAKES))).collect();
    children.into_iter().for_each(Child::join);
    for path in &paths {
        let taken = read(path);
        assert_eq!(taken.len(), TAKES * THREADS * 24);
        records.extend(taken.chunks_exact(24).map(|chunk| <[u8; 24]>::try_from(chunk).unwrap()));
    }
    assert_eq!(records.len(), PROCESSES * THREADS * TAKES + 1);
    let sessions: HashSet<[u8; 16]> = records.iter().map(|r| r[..16].try_into().unwrap()).collect();
    assert_eq!(sessions.len(), PROCESSES + 1);
    records.sort_unstable();
    assert!(records.windows(2).all(|pair| pair[0] != pair[1]), "a nonce came twice");
}

fn take_in_threads(path: &Path, threads: usize, takes: usize) {
    let file = Mutex::new(BufWriter::new(std::fs::File::create(path).unwrap()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let taken: Vec<[u8; 24]> = (0..takes).map(|_| record()).collect();
                file.lock().unwrap().write_all(&taken.concat()).unwrap();
            });
        }
    });
    file.lock().unwrap().flush().unwrap();
}

fn record() -> [u8; 24] {
    let slot = writer::take(300);
    let mut record = [0; 24];
    record[..16].copy_from_slice(&slot.sid);
    record[16..].copy_from_slice(&slot.counter.to_be_bytes());
    record
}
