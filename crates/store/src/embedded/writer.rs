//! The one thread of a process that writes to a file.
//!
//! LMDB's lock for writers has no time-out, and its holder may be a process that was stopped. So
//! nobody who has other things to do waits for it: callers hand their writes over and wait for
//! an answer, as long as they like. What gathers meanwhile is committed together.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use bytes::Bytes;
use cachekit_process::{Timeline, UnixMillis};
use heed::RwTxn;
use tokio::sync::oneshot;

use super::{
    failure::is_full,
    opening::Opened,
    table::{Digest, Room, Table, Unwritten},
};
use crate::lifetime::Lifetime;

/// Writes that wait at most; more would only time out.
const WAITING: usize = 1024;
/// Writes of one commit at most, and their bytes: the first of them waits for the last.
const TOGETHER: usize = 64;
const TOGETHER_BYTES: usize = 1024 * 1024;
/// Entries that have run out, removed beside each write.
const SWEPT: usize = 4;
/// How often a write is tried that finds no room, forgetting more each time.
const ATTEMPTS: usize = 5;
/// Commits after which what was forgotten is room in one piece.
const TOUCHES: usize = 6;

/// What is asked of the writer.
pub(super) enum Change {
    Put(Vec<Put>),
    Swap { seen: Option<Vec<u8>>, put: Put },
    Remove { digest: Digest, seen: Option<Vec<u8>> },
}

/// An entry to write.
pub(super) struct Put {
    pub(super) digest: Digest,
    pub(super) value: Bytes,
    pub(super) life: Lifetime,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Something else was there than was seen, or nothing.
    Refused,
}

pub(super) type Answer = Result<Outcome, Unwritten>;

struct Job {
    change: Change,
    timeline: Arc<Timeline>,
    answer: oneshot::Sender<Answer>,
}

/// Where writes are handed over.
pub(super) struct Writer(SyncSender<Job>);

impl Writer {
    /// Starts the thread. It ends when the writer is dropped.
    pub(super) fn start(opened: Arc<Opened>) -> io::Result<Self> {
        let (sender, jobs) = sync_channel(WAITING);
        thread::Builder::new()
            .name("cachekit-writer".to_owned())
            .spawn(move || write_all(&opened, &jobs))?;
        Ok(Self(sender))
    }

    /// Hands a write over. `None` if too many wait already. Who drops the receiver before it is
    /// its turn takes the write back.
    pub(super) fn ask(
        &self,
        change: Change,
        timeline: &Arc<Timeline>,
    ) -> Option<oneshot::Receiver<Answer>> {
        let (answer, receiver) = oneshot::channel();
        match self.0.try_send(Job { change, timeline: Arc::clone(timeline), answer }) {
            Ok(()) => Some(receiver),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        }
    }
}

fn write_all(opened: &Opened, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut bytes = first.change.bytes();
        let mut together = vec![first];
        while together.len() < TOGETHER.min(opened.table.gentle()) && bytes < TOGETHER_BYTES {
            let Ok(next) = jobs.try_recv() else { break };
            bytes = bytes.saturating_add(next.change.bytes());
            together.push(next);
        }
        together.retain(|job| !job.answer.is_closed());
        let answers = match commit(opened, &together) {
            Ok(answers) => answers,
            // One of them failed, and with it the transaction: each by itself.
            Err(_) => together.iter().map(|job| persist(opened, job)).collect(),
        };
        for (job, answer) in together.into_iter().zip(answers) {
            if let Err(Unwritten::Failed(error)) = &answer {
                opened.note_damage(error);
            }
            // Whoever has stopped waiting does not mind.
            let _ = job.answer.send(answer);
        }
    }
}

/// All of them in one transaction.
fn commit(opened: &Opened, jobs: &[Job]) -> Result<Vec<Answer>, heed::Error> {
    let mut txn = opened.env.write_txn()?;
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        // Read with the lock held, so that the order of the readings is that of the writes.
        let now = job.timeline.now();
        opened.table.sweep(&mut txn, now, SWEPT)?;
        match job.change.apply(&opened.table, &mut txn, now) {
            Err(Unwritten::Failed(error)) => return Err(error),
            answer => answers.push(answer),
        }
    }
    txn.commit()?;
    Ok(answers)
}

/// One by itself, again and again while there is no room and something to forget.
fn persist(opened: &Opened, job: &Job) -> Answer {
    let mut attempt = 1;
    loop {
        match commit(opened, std::slice::from_ref(job)) {
            Ok(answers) => return answers.into_iter().next().unwrap_or(Ok(Outcome::Refused)),
            Err(error) if is_full(&error) && attempt < ATTEMPTS => {
                make_room(opened, attempt, job.change.bytes())?;
                attempt += 1;
            }
            Err(error) => return Err(Unwritten::Failed(error)),
        }
    }
}

/// Frees pages: those that readers held who are dead, then by forgetting what is in the way of
/// `wanted` bytes and a little more, a half, three quarters, all of what may be kept. In small
/// commits of their own, since to forget needs room too.
fn make_room(opened: &Opened, attempt: usize, wanted: usize) -> Result<(), heed::Error> {
    opened.env.clear_stale_readers()?;
    let all = opened.table.for_entries();
    let bytes = match attempt {
        1 => (all - all / 16).saturating_sub(wanted),
        _ => (all / 4).saturating_mul(4_usize.saturating_sub(attempt)),
    };
    loop {
        let mut txn = opened.env.write_txn()?;
        let room = opened.table.forget_down_to(&mut txn, bytes, opened.table.gentle())?;
        txn.commit()?;
        if room == Room::Made {
            break;
        }
    }
    for _ in 0..TOUCHES {
        let mut txn = opened.env.write_txn()?;
        opened.table.touch(&mut txn)?;
        txn.commit()?;
    }
    Ok(())
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            Self::Put(puts) => puts.iter().map(|put| put.value.len()).sum(),
            Self::Swap { put, .. } => put.value.len(),
            Self::Remove { .. } => 0,
        }
    }

    fn apply(&self, table: &Table, txn: &mut RwTxn<'_>, now: UnixMillis) -> Answer {
        match self {
            Self::Put(puts) => puts.iter().try_for_each(|put| put.apply(table, txn, now))?,
            Self::Swap { seen, put } => {
                if table.live(txn, &put.digest, now)? != seen.as_deref() {
                    return Ok(Outcome::Refused);
                }
                put.apply(table, txn, now)?;
            }
            Self::Remove { digest, seen } => {
                let there = table.live(txn, digest, now)?;
                let as_seen = match seen {
                    Some(seen) => there == Some(&**seen),
                    None => there.is_some(),
                };
                if !as_seen {
                    return Ok(Outcome::Refused);
                }
                table.remove(txn, digest)?;
            }
        }
        Ok(Outcome::Done)
    }
}

impl Put {
    fn apply(&self, table: &Table, txn: &mut RwTxn<'_>, now: UnixMillis) -> Result<(), Unwritten> {
        let deadline = UnixMillis(now.0.saturating_add(self.life.as_millis()));
        table.put(txn, &self.digest, &self.value, deadline)
    }
}
