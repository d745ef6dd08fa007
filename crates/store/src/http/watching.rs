//! Hearing of what others change, on a thread of its own: the runtimes of callers stand still between
//! calls, and a stream has to be read meanwhile.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::{
    runtime::Builder,
    sync::oneshot,
    time::{sleep, timeout},
};

use super::{
    events::{Changed, Event, Parser},
    request::Requests,
    server::Server,
};
use crate::{Change, Error, ErrorKind, OnChange, Watch, backoff::jittered, digest};

/// A stream shows every 15 seconds that it lives.
const LONGEST_SILENCE: Duration = Duration::from_secs(45);
/// A server without events is asked again so much later.
const LATER: Duration = Duration::from_secs(60);
/// Writes of our own that are known when they are told back to us.
const MOST_OWN: usize = 4096;

/// What this store wrote itself: told back, it is no news.
#[derive(Default)]
pub(super) struct OwnWrites {
    /// Whether anybody listens, and so needs to know.
    wanted: AtomicBool,
    tags: Mutex<HashMap<Box<str>, String>>,
}

impl OwnWrites {
    /// Takes note before the write is sent: its event may come before its answer.
    pub(super) fn note(&self, key: &str, value: &[u8]) {
        if !self.wanted.load(Relaxed) {
            return;
        }
        let tag = format!("\"{}\"", digest::sha256_hex(value));
        let mut tags = self.tags.lock();
        if tags.len() >= MOST_OWN {
            tags.clear();
        }
        tags.insert(key.into(), tag);
    }

    fn is_own(&self, changed: &Changed) -> bool {
        let Some(tag) = &changed.etag else { return false };
        self.tags.lock().get(&*changed.name).is_some_and(|own| own == tag)
    }
}

/// Why a stream ended.
enum Ended {
    /// It was read for a while.
    Lost,
    Unreachable,
    NotOffered,
}

struct Listener {
    server: Arc<Server>,
    requests: Arc<Requests>,
    own: Arc<OwnWrites>,
    connect_timeout: Duration,
    changed: OnChange,
}

/// Begins to listen.
///
/// # Errors
///
/// `Unavailable`: there is no thread to be had.
pub(super) fn begin(
    server: &Arc<Server>,
    requests: &Arc<Requests>,
    own: &Arc<OwnWrites>,
    connect_timeout: Duration,
    changed: OnChange,
) -> Result<Watch, Error> {
    own.wanted.store(true, Relaxed);
    let listener = Listener {
        server: Arc::clone(server),
        requests: Arc::clone(requests),
        own: Arc::clone(own),
        connect_timeout,
        changed,
    };
    let failed = |error: std::io::Error| {
        let seen = "no thread to listen on";
        Error::caused(ErrorKind::Unavailable, &**server.address(), seen, error)
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (kept, over) = oneshot::channel::<()>();
    let listen = move || {
        runtime.block_on(async {
            tokio::select! {
                () = listener.listen() => {}
                // Never sent: it ends when the watch is dropped.
                _ = over => {}
            }
        });
    };
    thread::Builder::new().name("cachekit-events".into()).spawn(listen).map_err(failed)?;
    Ok(Watch::new(kept))
}

impl Listener {
    async fn listen(&self) {
        let mut failures = 0_u32;
        loop {
            let pause = match self.once().await {
                Ended::NotOffered => LATER,
                Ended::Lost => {
                    failures = 1;
                    jittered(failures)
                }
                Ended::Unreachable => {
                    failures = failures.saturating_add(1);
                    jittered(failures)
                }
            };
            sleep(pause).await;
        }
    }

    async fn once(&self) -> Ended {
        let begun = async {
            let mut connection = self.server.dial().await.ok()?;
            let response = connection.open(&self.requests.events()).await.ok()?;
            Some((connection, response))
        };
        let Ok(Some((_connection, response))) = timeout(self.connect_timeout, begun).await else {
            return Ended::Unreachable;
        };
        if response.is_overloaded() {
            return Ended::Unreachable;
        }
        match response.events() {
            Some(body) => self.read(body).await,
            None => Ended::NotOffered,
        }
    }

    async fn read(&self, mut body: Incoming) -> Ended {
        let mut parser = Parser::default();
        while let Ok(Some(Ok(frame))) = timeout(LONGEST_SILENCE, body.frame()).await {
            let Ok(bytes) = frame.into_data() else { continue };
            if parser.feed(&bytes, |event| self.tell(&event)).is_err() {
                break;
            }
        }
        Ended::Lost
    }

    fn tell(&self, event: &Event) {
        match event {
            Event::Changed(changed) if self.own.is_own(changed) => {}
            Event::Changed(changed) => (self.changed)(Change::Key(&changed.name)),
            // After a new beginning everything from before is in doubt.
            Event::Ready | Event::Missed => (self.changed)(Change::Anything),
        }
    }
}
