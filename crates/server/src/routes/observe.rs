//! Every request is counted, timed and, if asked for, logged; none by what it named.

use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    leftover::Leftover,
    metrics::Operation,
    refusal::{Code, Refusal},
    shared::Shared,
};

/// An answer without a body, of a request that is not told by its path alone.
pub(super) struct Done(pub(super) Operation, pub(super) StatusCode);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

pub(super) async fn observe(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let response = run(request, next).await;
    let mut response = explained(response, &method);
    let operation = response.extensions().get::<Operation>().copied();
    let operation = operation.unwrap_or_else(|| told_by(&method, path.as_ref()));
    let (status, took) = (response.status(), start.elapsed());
    shared.metrics.answered(operation, status.as_u16(), took);
    let code = response.extensions().get::<Code>().map(|Code(code)| *code);
    if let Some(code) = code {
        shared.metrics.refused(code);
    }
    tracing::debug!(
        operation = operation.label(),
        status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        code,
        "answered"
    );
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A refusal reaches the client only if nothing that he sent is left unread.
async fn run(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (body, leftover) = Leftover::of(body);
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        leftover.throw_away().await;
    }
    response
}

/// The framework's own refusals have no body; ours all have.
fn explained(response: Response, method: &Method) -> Response {
    let status = response.status();
    let ours = response.extensions().get::<Code>().is_some();
    if ours || !status.is_client_error() || method == Method::HEAD {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut explained = Refusal::of_status(status).into_response();
    if let Some(allow) = allow {
        explained.headers_mut().insert(header::ALLOW, allow);
    }
    explained
}

fn told_by(method: &Method, path: Option<&MatchedPath>) -> Operation {
    let path = path.map_or("", MatchedPath::as_str);
    let last = path.rsplit('/').next().unwrap_or("");
    match (last, method.as_str()) {
        ("{name}", "GET") => Operation::Get,
        ("{name}", "HEAD") => Operation::Head,
        ("{name}", "PUT") => Operation::Put,
        ("{name}", "DELETE") => Operation::Delete,
        ("ttl", "GET" | "HEAD") => Operation::Ttl,
        ("ttl", "PATCH") => Operation::Prolong,
        ("lock", "POST") => Operation::Lock,
        ("lock", "DELETE") => Operation::Unlock,
        ("batch", "POST") => Operation::BatchRead,
        ("events", _) => Operation::Events,
        ("health", _) => Operation::Health,
        _ => Operation::Other,
    }
}
