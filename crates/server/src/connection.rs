//! One connection, from its handshake to its end.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    metrics::{Metrics, count},
    paced::Paced,
    settings::Limits,
    shared::Stage,
    tls::{H2, Tls},
};

/// Of one request, and the head altogether.
const MOST_HEADERS: usize = 64;
const HEAD: usize = 32 * 1024;
/// Requests at once on one connection, and the window for each in bytes: what a client may send
/// before anybody has read it.
const STREAMS: u32 = 128;
const WINDOW: u32 = 256 * 1024;
/// How often a silent HTTP/2 client is asked whether it is there.
const PING: Duration = Duration::from_secs(20);

/// What a connection needs to know.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ending: watch::Receiver<Stage>,
}

impl Service {
    /// Serves until the client or the server has had enough. Errors are the client's affair.
    pub(crate) async fn serve(mut self, socket: TcpStream) {
        let mut ending = self.ending.clone();
        tokio::select! {
            () = self.shake_hands_and_serve(socket) => {}
            () = Stage::Now.reached(&mut ending) => {}
        }
    }

    async fn shake_hands_and_serve(&mut self, socket: TcpStream) {
        // Answers are written whole; waiting for more only delays them.
        let _ = socket.set_nodelay(true);
        let Some(tls) = self.tls.take() else {
            return self.http1(socket).await;
        };
        let acceptor = TlsAcceptor::from(tls.config());
        match timeout(self.limits.idle, acceptor.accept(socket)).await {
            Ok(Ok(encrypted)) => {
                if encrypted.get_ref().1.alpn_protocol() == Some(H2) {
                    self.http2(encrypted).await;
                } else {
                    self.http1(encrypted).await;
                }
            }
            _ => count(&self.metrics.failed_handshakes, 1),
        }
    }

    async fn http1(&mut self, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let socket = TokioIo::new(Paced::new(socket, self.limits.transfer));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle)
            .max_headers(MOST_HEADERS)
            .max_buf_size(HEAD);
        let service = TowerToHyperService::new(self.router.clone());
        let mut connection = std::pin::pin!(builder.serve_connection(socket, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = Stage::Ending.reached(&mut self.ending) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    async fn http2(&mut self, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let socket = TokioIo::new(Paced::new(socket, self.limits.transfer));
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW)
            .max_header_list_size(HEAD as u32)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        let service = TowerToHyperService::new(self.router.clone());
        let mut connection = std::pin::pin!(builder.serve_connection(socket, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = Stage::Ending.reached(&mut self.ending) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
