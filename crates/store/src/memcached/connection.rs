//! One connection to one server: made, greeted, used by many tasks at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufWriter},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    select,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    command::Request,
    config::Server,
    framing::{Bounds, Framing, Reply, Violation},
};
use crate::by_runtime::Connected;

/// Requests of many tasks go out in one stream and their replies come back in the same order, so
/// a task that stops waiting leaves its reply to be dropped and disturbs nobody.
///
/// Two tasks serve it. If one wrote and read, a server that stops reading until its replies are
/// taken would stand still with it.
pub(super) struct Connection {
    letters: mpsc::Sender<Letter>,
    received: Arc<AtomicU64>,
    writer: JoinHandle<()>,
    reader: JoinHandle<()>,
}

type Answer = Result<Vec<Reply>, Violation>;

struct Letter {
    request: Request,
    answer: oneshot::Sender<Answer>,
    /// Set before the first byte is handed to the socket.
    posted: Arc<AtomicBool>,
}

/// What the next replies answer.
struct Awaited {
    first: u64,
    commands: usize,
    answer: oneshot::Sender<Answer>,
}

/// A connection of no more use.
pub(super) enum Broken {
    /// It ended; whether some of the request may have been sent.
    Lost { sent: bool },
    /// What came was not to be read.
    Garbled(Violation),
}

/// How many requests may wait for the writer before their callers do.
const QUEUE: usize = 64;
const WRITE_BUFFER: usize = 16 * 1024;
const READ_BUFFER: usize = 64 * 1024;

impl Connection {
    /// Connects. Belongs to the runtime that calls, and to this process.
    pub(super) async fn dial(server: &Server, bounds: Bounds) -> io::Result<Self> {
        let socket = TcpStream::connect((server.host.as_str(), server.port)).await?;
        // Requests are small and whole when they are written: waiting for more only adds to the
        // round trip.
        socket.set_nodelay(true)?;
        let (read, write) = socket.into_split();
        let (letters, posted) = mpsc::channel(QUEUE);
        let (awaited, awaiting) = mpsc::unbounded_channel();
        let received = Arc::<AtomicU64>::default();
        let reader = Reader {
            socket: read,
            awaiting,
            framing: Framing::new(bounds),
            buffer: BytesMut::new(),
            received: Arc::clone(&received),
        };
        Ok(Self {
            letters,
            received,
            writer: tokio::spawn(write_on(posted, awaited, write)),
            reader: tokio::spawn(reader.run()),
        })
    }

    /// Sends a request and waits for all its replies, without a bound on the time.
    pub(super) async fn send(&self, request: &Request) -> Result<Vec<Reply>, Broken> {
        let posted = Arc::<AtomicBool>::default();
        let (answer, answered) = oneshot::channel();
        let letter = Letter { request: request.clone(), answer, posted: Arc::clone(&posted) };
        if self.letters.send(letter).await.is_err() {
            return Err(Broken::Lost { sent: false });
        }
        match answered.await {
            Ok(answer) => answer.map_err(Broken::Garbled),
            Err(_) => Err(Broken::Lost { sent: posted.load(Ordering::Acquire) }),
        }
    }

    /// How many bytes came so far: what tells a slow server from a silent one.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

impl Connected for Connection {
    /// On a runtime that stands still between calls only the next call finds out.
    fn is_lost(&self) -> bool {
        self.reader.is_finished() || self.writer.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.writer.abort();
        self.reader.abort();
    }
}

/// Writes what is posted until there is nobody to post or nowhere to write; what is posted
/// together goes out together.
async fn write_on(
    mut letters: mpsc::Receiver<Letter>,
    awaited: mpsc::UnboundedSender<Awaited>,
    socket: OwnedWriteHalf,
) {
    let mut socket = BufWriter::with_capacity(WRITE_BUFFER, socket);
    while let Some(letter) = letters.recv().await {
        let mut next = Some(letter);
        while let Some(Letter { request, answer, posted }) = next {
            // Whoever has gone away needs nothing done.
            if !answer.is_closed() {
                let Request { bytes, first, commands } = request;
                // Before the request, so that no reply comes that nobody is known to await.
                if awaited.send(Awaited { first, commands, answer }).is_err() {
                    return;
                }
                posted.store(true, Ordering::Release);
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            next = letters.try_recv().ok();
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

struct Reader {
    socket: OwnedReadHalf,
    awaiting: mpsc::UnboundedReceiver<Awaited>,
    framing: Framing,
    buffer: BytesMut,
    received: Arc<AtomicU64>,
}

impl Reader {
    /// Ends with the connection; whoever still waits learns it by their dropped senders.
    async fn run(mut self) {
        while let Some(Awaited { first, commands, answer }) = self.next_awaited().await {
            match self.replies(first, commands).await {
                // The caller may have gone away.
                Ok(Some(replies)) => drop(answer.send(Ok(replies))),
                Ok(None) => return,
                Err(violation) => {
                    drop(answer.send(Err(violation)));
                    return;
                }
            }
        }
    }

    /// Waits for a request, and meanwhile notices if the server hangs up.
    async fn next_awaited(&mut self) -> Option<Awaited> {
        loop {
            if !self.buffer.is_empty() {
                // Bytes that answer nobody's request end the connection.
                return self.awaiting.try_recv().ok();
            }
            if self.buffer.capacity() > 4 * READ_BUFFER {
                self.buffer = BytesMut::new();
            }
            self.buffer.reserve(READ_BUFFER);
            select! {
                biased;
                awaited = self.awaiting.recv() => return awaited,
                read = self.socket.read_buf(&mut self.buffer) => self.note(read)?,
            }
        }
    }

    /// All replies to a request, or `None` if the server hung up before the last.
    async fn replies(
        &mut self,
        first: u64,
        commands: usize,
    ) -> Result<Option<Vec<Reply>>, Violation> {
        self.framing.next_answer();
        let mut replies = Vec::with_capacity(commands);
        while replies.len() < commands {
            let number = first.saturating_add(replies.len() as u64);
            if let Some(reply) = self.framing.next(&mut self.buffer, number)? {
                replies.push(reply);
                continue;
            }
            self.buffer.reserve(READ_BUFFER);
            let read = self.socket.read_buf(&mut self.buffer).await;
            if self.note(read).is_none() {
                return Ok(None);
            }
        }
        Ok(Some(replies))
    }

    /// `None` is the end of the stream.
    fn note(&mut self, read: io::Result<usize>) -> Option<()> {
        let read = read.ok().filter(|read| *read > 0)?;
        self.received.fetch_add(read as u64, Ordering::Relaxed);
        Some(())
    }
}
