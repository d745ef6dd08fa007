//! Bodies on their way in: bounded each, and bounded together.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire},
        },
    },
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
};
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::{record::Draft, refusal::Refusal};

/// How many bytes of bodies and answers may be in memory at once.
pub(crate) struct Budget {
    left: AtomicUsize,
}

/// A part of a [`Budget`], given back when dropped.
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }

    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), bytes: 0 }
    }

    /// These bytes, counted until the last copy of them is gone.
    pub(crate) fn hold(self: &Arc<Self>, bytes: Bytes) -> Result<Bytes, Refusal> {
        struct Held(Bytes, #[expect(dead_code, reason = "kept for its drop")] Share);
        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        if bytes.is_empty() {
            return Ok(bytes);
        }
        let mut share = self.share();
        share.grow(bytes.len())?;
        Ok(Bytes::from_owner(Held(bytes, share)))
    }
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let taken = self
            .budget
            .left
            .fetch_update(AcqRel, Acquire, |left| left.checked_sub(bytes))
            .map_err(|_| Refusal::unavailable("too many bytes are on their way already"))?;
        debug_assert!(taken >= bytes);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes, AcqRel);
    }
}

/// What takes a body's bytes as they come.
pub(crate) trait Sink {
    fn take(&mut self, bytes: &[u8]);
}

impl Sink for Draft {
    fn take(&mut self, bytes: &[u8]) {
        self.extend(bytes);
    }
}

impl Sink for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Reads a body of at most `limit` bytes. One that says that it is larger is refused unread.
pub(crate) async fn receive<S: Sink>(
    body: Body,
    limit: usize,
    patience: Duration,
    share: &mut Share,
    make: impl FnOnce(usize) -> S,
) -> Result<S, Refusal> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Refusal::too_large(limit));
    }
    // What was announced is allocated as it comes: to announce costs nothing.
    let mut sink = make(usize::try_from(announced).unwrap_or(0).min(64 * 1024));
    within(patience, collect(body, limit, share, &mut sink)).await?;
    Ok(sink)
}

async fn collect(
    mut body: Body,
    limit: usize,
    share: &mut Share,
    sink: &mut impl Sink,
) -> Result<(), Refusal> {
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Refusal::bad("bad_body", "the body ended before it was complete"))?;
        let Ok(mut data) = frame.into_data() else { continue };
        length = length.saturating_add(data.remaining());
        if length > limit {
            return Err(Refusal::too_large(limit));
        }
        share.grow(data.remaining())?;
        sink.take(&data);
        data.advance(data.remaining());
    }
    Ok(())
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    timeout(patience, work).await.unwrap_or_else(|_| {
        let message = "the body did not arrive in time";
        Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout", message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_is_held_is_given_back() {
        let budget = Budget::new(10);
        let held = budget.hold(Bytes::from_static(b"12345678")).expect("room");
        let copy = held.slice(2..3);
        drop(held);
        assert!(budget.hold(Bytes::from_static(b"123")).is_err());
        drop(copy);
        assert!(budget.hold(Bytes::from_static(b"1234567890")).is_ok());
    }

    #[tokio::test]
    async fn a_body_is_bounded_alone_and_together() {
        let budget = Budget::new(10);
        let read = async |text: &'static str, limit| {
            let mut share = budget.share();
            receive(Body::from(text), limit, LONG, &mut share, Vec::with_capacity).await.ok()
        };
        assert_eq!(read("12345", 5).await, Some(b"12345".to_vec()));
        assert_eq!(read("12345", 4).await, None);
        assert_eq!(read("12345678901", 100).await, None);
        assert_eq!(read("1234567890", 100).await, Some(b"1234567890".to_vec()));
    }
}
