//! One connection, in the hands of one call at a time.

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    Response, StatusCode,
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
    header::CONTENT_TYPE,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};

use super::{
    reply::Reply,
    request::{Draft, EVENTS},
};

/// Ours take some hundred bytes.
const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
/// More is not set aside on the server's word alone.
const FIRST_ROOM: usize = 1024 * 1024;
/// What is read of an answer that is no entry.
const LARGEST_MESSAGE: usize = 16 * 1024;

/// HTTP/1.1, kept alive. A call that is dropped takes its connection with it.
pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

/// A request that got no whole answer.
pub(super) enum Broken {
    Lost {
        error: Box<dyn std::error::Error + Send + Sync>,
        /// Whether some of the request may have reached the server.
        sent: bool,
    },
    /// It is, or announces, so many bytes.
    TooLarge { bytes: u64, limit: usize },
}

impl Connection {
    pub(super) async fn over<S>(socket: S) -> Result<Self, hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (requests, connection) = http1::Builder::new()
            .max_headers(MOST_HEADERS)
            .max_header_size(LARGEST_HEAD)
            .handshake(TokioIo::new(socket))
            .await?;
        // What ends it is told to the request that it ends; between requests nobody asks.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { requests, driver })
    }

    /// Sends a request and reads its answer, without a bound on the time. The body of an answer
    /// that succeeds is at most `largest` bytes.
    pub(super) async fn send(&mut self, draft: &Draft, largest: usize) -> Result<Reply, Broken> {
        let unsent = |error: hyper::Error| Broken::Lost { error: error.into(), sent: false };
        self.requests.ready().await.map_err(unsent)?;
        let request =
            draft.request().map_err(|error| Broken::Lost { error: error.into(), sent: false })?;
        let response = match self.requests.try_send_request(request).await {
            Ok(response) => response,
            Err(mut failed) => {
                let sent = failed.take_message().is_none();
                return Err(Broken::Lost { error: failed.into_error().into(), sent });
            }
        };
        read(response, largest).await
    }

    /// Sends a request whose answer is a stream.
    pub(super) async fn open(&mut self, draft: &Draft) -> Result<Opened, Broken> {
        let lost = |error| Broken::Lost { error, sent: true };
        self.requests.ready().await.map_err(|error| lost(error.into()))?;
        let request = draft.request().map_err(|error| lost(error.into()))?;
        let response = self.requests.send_request(request).await;
        response.map(Opened).map_err(|error| lost(error.into()))
    }

    /// Whether another request may be sent. On a runtime that stands still between calls only the
    /// next request finds out.
    pub(super) fn is_open(&self) -> bool {
        !self.requests.is_closed() && !self.driver.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// An answer whose body is still to come.
pub(super) struct Opened(Response<Incoming>);

impl Opened {
    /// Whether it is worth asking again soon.
    pub(super) fn is_overloaded(&self) -> bool {
        self.0.status() == StatusCode::TOO_MANY_REQUESTS || self.0.status().is_server_error()
    }

    /// The stream, if it is one of events.
    pub(super) fn events(self) -> Option<Incoming> {
        let kind = self.0.headers().get(CONTENT_TYPE)?.as_bytes();
        let is_events = self.0.status() == StatusCode::OK && kind.starts_with(EVENTS.as_bytes());
        is_events.then(|| self.0.into_body())
    }
}

async fn read(response: Response<Incoming>, largest: usize) -> Result<Reply, Broken> {
    let (head, body) = response.into_parts();
    let body = match head.status {
        StatusCode::OK => whole(body, largest).await?,
        _ => whole(body, LARGEST_MESSAGE).await?,
    };
    Ok(Reply::new(head.status, &head.headers, body))
}

/// The body, whatever length it announces and however it comes.
async fn whole(mut body: Incoming, limit: usize) -> Result<Bytes, Broken> {
    let announced = body.size_hint().lower();
    let too_large = |bytes: u64| Broken::TooLarge { bytes, limit };
    let expected = usize::try_from(announced).ok().filter(|bytes| *bytes <= limit);
    let expected = expected.ok_or_else(|| too_large(announced))?;
    let mut read = BytesMut::with_capacity(expected.min(FIRST_ROOM));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Broken::Lost { error: error.into(), sent: true })?;
        let Ok(data) = frame.into_data() else { continue };
        let length = read.len().saturating_add(data.len());
        if length > limit {
            return Err(too_large(length as u64));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}
