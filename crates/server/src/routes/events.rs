//! Names, as they change.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::{broadcast::error::RecvError, watch};

use crate::{
    caller::Caller,
    hub::Changed,
    metrics::{Counted, Gauge, Metrics},
    refusal::Refusal,
    shared::{Shared, Stage},
};

/// All listeners of a server together.
const MOST: i64 = 1024;
const PERIOD: Duration = Duration::from_secs(15);

struct Listening {
    changes: tokio::sync::broadcast::Receiver<Changed>,
    ending: watch::Receiver<Stage>,
    _one_more: Counted<Listeners>,
}

struct Listeners(Arc<Metrics>);

impl AsRef<Gauge> for Listeners {
    fn as_ref(&self) -> &Gauge {
        &self.0.listeners
    }
}

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    if shared.metrics.listeners.now() >= MOST {
        return Err(Refusal::unavailable("too many listeners"));
    }
    let listening = Listening {
        changes: shared.entries.hub.listen(caller.space.id()),
        ending: shared.ending.clone(),
        _one_more: Counted::one_more(Listeners(Arc::clone(&shared.metrics))),
    };
    let stream = stream::unfold((listening, true), |(mut listening, first)| async move {
        let event = if first { Some(bare("ready")) } else { listening.next().await };
        event.map(|event| (Ok(event), (listening, false)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(PERIOD)))
}

impl Listening {
    /// `None` when the server ends.
    async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            change = self.changes.recv() => match change {
                Ok(change) => Some(told(&change)),
                Err(RecvError::Lagged(_)) => Some(bare("missed")),
                Err(RecvError::Closed) => None,
            },
            () = Stage::Ending.reached(&mut self.ending) => None,
        }
    }
}

fn bare(name: &'static str) -> Event {
    Event::default().event(name).data("{}")
}

fn told(change: &Changed) -> Event {
    let tag = change.tag.map(|tag| tag.to_string());
    let data = json!({"name": &*change.name, "etag": tag});
    Event::default().event("changed").data(data.to_string())
}
