//! Accepts connections, as many as may be.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    connection::Service,
    error::Error,
    metrics::{Counted, Gauge, Metrics, count},
    routes,
    shared::Stage,
};

/// After an error that is not one connection's: no descriptors left, most likely.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections beyond the limit that are told so at once; more are closed without a word.
const TOLD: usize = 64;

/// A socket that listens, and what its connections get.
pub(crate) struct Listener {
    socket: TcpListener,
    service: Service,
    places: Arc<Semaphore>,
    told: Arc<Semaphore>,
    full: Router,
}

struct Connections(Arc<Metrics>);

impl AsRef<Gauge> for Connections {
    fn as_ref(&self) -> &Gauge {
        &self.0.connections
    }
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr, service: Service) -> Result<Self, Error> {
        let socket =
            TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
        let places = Arc::new(Semaphore::new(service.limits.connections));
        let told = Arc::new(Semaphore::new(TOLD));
        Ok(Self { socket, service, places, told, full: routes::full() })
    }

    /// With the port that was found, if any would do.
    pub(crate) fn address(&self) -> Result<SocketAddr, Error> {
        Ok(self.socket.local_addr()?)
    }

    /// How long requests in flight may take at the end.
    pub(crate) fn patience(&self) -> Duration {
        self.service.limits.shutdown
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.service.metrics)
    }

    /// Accepts until the server ends, then waits for what is in flight, as long as it may take.
    pub(crate) async fn run(self, mut ending: watch::Receiver<Stage>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((socket, _)) => self.begin(socket, &mut connections),
                    Err(error) => {
                        tracing::warn!(error = %error, "a connection could not be accepted");
                        sleep(PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = Stage::Ending.reached(&mut ending) => break,
            }
        }
        drop(self.socket);
        // At the last stage each of them lets go by itself.
        while connections.join_next().await.is_some() {}
    }

    fn begin(&self, socket: TcpStream, connections: &mut JoinSet<()>) {
        let metrics = &self.service.metrics;
        count(&metrics.accepted, 1);
        let mut service = self.service.clone();
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                count(&metrics.turned_away, 1);
                let Ok(place) = Arc::clone(&self.told).try_acquire_owned() else { return };
                service.router = self.full.clone();
                place
            }
        };
        let counted = Counted::one_more(Connections(Arc::clone(metrics)));
        connections.spawn(async move {
            service.serve(socket).await;
            drop((counted, place));
        });
    }
}
