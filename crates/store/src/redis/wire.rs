//! The byte stream under a connection: counted where it leaves the process, and bounded where the
//! protocol is read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Bounds, Framing, Violation};

/// How many bytes went each way: what tells a slow server from a silent one, and a request that
/// was sent from one that was not.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
    /// Why the encryption ended. The library tells only the call that it was reading for, and a
    /// server's verdict on our certificate may come before there is one.
    verdict: OnceLock<rustls::Error>,
    /// Why no more replies are read.
    violation: OnceLock<Violation>,
}

/// A reading of [`Traffic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odometer {
    pub(super) received: u64,
    pub(super) sent: u64,
}

impl Traffic {
    pub(super) fn verdict(&self) -> Option<&rustls::Error> {
        self.verdict.get()
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation.get().copied()
    }

    fn ended(&self, error: &io::Error) {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(verdict) = inner {
            let _first_counts = self.verdict.set(verdict.clone());
        }
    }

    pub(super) fn read(&self) -> Odometer {
        // Relaxed: the driver's and the caller's order comes from the channel between them.
        Odometer {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
        }
    }
}

/// A socket whose bytes are counted. It is beneath the encryption where there is some: what waits
/// there to be encrypted has not left.
pub(super) struct Counted<S> {
    socket: S,
    traffic: Arc<Traffic>,
}

impl<S> Counted<S> {
    pub(super) fn new(socket: S, traffic: Arc<Traffic>) -> Self {
        Self { socket, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let fresh = buf.filled().len().saturating_sub(before);
        self.traffic.received.fetch_add(fresh as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, buf))?;
        self.traffic.sent.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// A byte stream whose replies pass through [`Framing`].
pub(super) struct Wire<S> {
    socket: S,
    traffic: Arc<Traffic>,
    framing: Framing,
    broken: Option<Violation>,
}

impl<S> Wire<S> {
    pub(super) fn new(socket: S, traffic: Arc<Traffic>, bounds: Bounds) -> Self {
        Self { socket, traffic, framing: Framing::new(bounds), broken: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(violation) = self.broken {
            return Poll::Ready(Err(refusal(violation)));
        }
        let (before, room) = (buf.filled().len(), buf.remaining());
        let read = ready!(Pin::new(&mut self.socket).poll_read(cx, buf));
        read.inspect_err(|error| self.traffic.ended(error))?;
        let fresh = buf.filled().get(before..).unwrap_or(&[]);
        if fresh.is_empty() && room > 0 && !self.framing.between_replies() {
            // The library would call it a reply that makes no sense.
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        if let Err((good, violation)) = self.framing.follow(fresh) {
            self.broken = Some(violation);
            let _first_counts = self.traffic.violation.set(violation);
            // What came before it answers earlier calls: those bytes are passed on, and the
            // violation then meets the call that it belongs to.
            buf.set_filled(before + good);
            if good == 0 {
                return Poll::Ready(Err(refusal(violation)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn refusal(violation: Violation) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, violation)
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(stream: &[u8]) -> (Vec<u8>, io::Result<usize>, u64) {
        let bounds = Bounds { largest_bulk: 10, largest_reply: 100, most_elements: 3 };
        let traffic = Arc::<Traffic>::default();
        let mut wire =
            Wire::new(Counted::new(stream, Arc::clone(&traffic)), Arc::clone(&traffic), bounds);
        let mut passed = Vec::new();
        let outcome = wire.read_to_end(&mut passed).await;
        (passed, outcome, traffic.read().received)
    }

    #[tokio::test]
    async fn what_came_before_a_violation_is_passed_on() {
        let (passed, outcome, received) = read(b"+OK\r\n$11\r\n01234567890\r\n").await;
        assert!(passed.starts_with(b"+OK\r\n") && !passed.contains(&b'0'), "{passed:?}");
        let error = outcome.unwrap_err();
        let violation = error.get_ref().and_then(|inner| inner.downcast_ref::<Violation>());
        assert_eq!(violation, Some(&Violation::TooLarge { bytes: 11, limit: 10 }));
        assert_eq!(received, 23);
    }

    #[tokio::test]
    async fn an_end_in_the_middle_is_a_lost_connection() {
        assert_eq!(read(b"+OK\r\n").await.1.unwrap(), 5);
        for cut in [&b"+OK"[..], b"$5\r\nabc", b"*2\r\n:1\r\n"] {
            let error = read(cut).await.1.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut:?}");
        }
    }
}
