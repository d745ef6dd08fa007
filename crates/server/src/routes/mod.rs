//! What is answered where: one file for each kind of path.

mod admin;
mod batch;
mod entry;
mod events;
mod health;
mod lifetime;
mod lock;
mod message;
mod observe;
mod openapi;
mod stats;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    middleware,
    routing::{get, post},
};

pub(crate) use admin::admin;

use crate::{refusal::Refusal, shared::Shared};

/// The protocol of `docs/http.md`, below `base`.
pub(crate) fn public(shared: &Arc<Shared>, base: &str) -> Router {
    let protocol = Router::new()
        .route("/v1/cache/health", get(health::health))
        .route("/v1/cache/{name}", get(entry::get).put(entry::put).delete(entry::delete))
        .route("/v1/cache/{name}/ttl", get(lifetime::get).patch(lifetime::patch))
        .route("/v1/cache/{name}/lock", post(lock::take).delete(lock::give_back))
        .route("/v1/batch", post(batch::batch))
        .route("/v1/events", get(events::events));
    let protocol = if base.is_empty() { protocol } else { Router::new().nest(base, protocol) };
    protocol
        .route("/openapi.json", get(openapi::openapi))
        .route("/livez", get(health::alive))
        .fallback(nothing_here)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), observe::observe))
        .with_state(Arc::clone(shared))
}

/// For connections beyond the limit.
pub(crate) fn full() -> Router {
    Router::new().fallback(|| async {
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        (close, Refusal::unavailable("too many connections"))
    })
}

async fn nothing_here() -> Refusal {
    Refusal::of_status(StatusCode::NOT_FOUND)
}
