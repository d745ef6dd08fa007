//! A socket that gives up on a client who takes nothing, and lets go of one gently.
//!
//! Heads and bodies that come too slowly are bounded elsewhere; what nobody else notices is an
//! answer that is never taken, and would be kept in memory for as long as its client likes.
//!
//! Closing a socket while bytes of the client are on their way resets it, and he may lose the answer
//! that refuses them. So after the last byte of ours his are read for a moment, and dropped.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How long, and how much, is read after the last answer.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 1024 * 1024;

/// Fails a write that has not got on for `patience`.
pub(crate) struct Paced<S> {
    socket: S,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    lingers: Option<Lingering>,
}

struct Lingering {
    until: Pin<Box<Sleep>>,
    dropped: usize,
}

impl<S> Paced<S> {
    pub(crate) fn new(socket: S, patience: Duration) -> Self {
        Self { socket, patience, stalled: None, lingers: None }
    }

    fn got_on<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        // Whoever polls again after the error starts anew.
        stalled.as_mut().reset(Instant::now() + patience);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.got_on(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.got_on(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.socket).poll_flush(cx);
        self.got_on(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingers.is_none() {
            let outcome = Pin::new(&mut self.socket).poll_shutdown(cx);
            ready!(self.got_on(cx, outcome))?;
            let until = Box::pin(sleep(LINGER));
            self.lingers = Some(Lingering { until, dropped: 0 });
        }
        let Self { socket, lingers: Some(lingering), .. } = &mut *self else {
            return Poll::Ready(Ok(()));
        };
        ready!(lingering.poll(cx, socket));
        Poll::Ready(Ok(()))
    }
}

impl Lingering {
    /// Ready when the client has closed his side too, or had his time.
    fn poll(&mut self, cx: &mut Context<'_>, socket: &mut (impl AsyncRead + Unpin)) -> Poll<()> {
        let mut space = [0; 4096];
        while self.dropped < LINGER_BYTES && self.until.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.dropped += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_client_who_takes_nothing_is_given_up() {
        let (near, far) = duplex(4);
        let mut paced = Paced::new(near, Duration::from_millis(20));
        let error = paced.write_all(b"12345678").await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(far);
    }
}
