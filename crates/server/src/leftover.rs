//! Bodies that a refusal has left unread.
//!
//! A connection that is closed with bytes unread is reset, and the client may lose the very answer
//! that explains it. So what little is still to come is taken, and thrown away.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::timeout;

/// More is not worth it: then the connection is closed.
const MOST: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(1);

/// A body in two hands: the handler's, and that of whoever throws away the rest.
#[derive(Clone)]
pub(crate) struct Leftover(Arc<Mutex<Body>>);

impl Leftover {
    /// The body for the handler, and the rest of it for afterwards.
    pub(crate) fn of(body: Body) -> (Body, Self) {
        let shared = Self(Arc::new(Mutex::new(body)));
        (Body::new(shared.clone()), shared)
    }

    /// Takes what is left, if that is little and comes soon.
    pub(crate) async fn throw_away(mut self) {
        if self.is_end_stream() || self.size_hint().lower() > MOST as u64 {
            return;
        }
        let all = async {
            let mut thrown = 0;
            while let Some(Ok(frame)) = self.frame().await {
                thrown += frame.data_ref().map_or(0, Buf::remaining);
                if thrown > MOST {
                    break;
                }
            }
        };
        // Whoever is slower gets his connection closed.
        let _ = timeout(PATIENCE, all).await;
    }
}

impl HttpBody for Leftover {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.0.lock()).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_handler_left_is_taken() {
        let (body, rest) = Leftover::of(Body::from("left"));
        drop(body);
        let after = rest.clone();
        rest.throw_away().await;
        assert!(after.is_end_stream());
    }
}
