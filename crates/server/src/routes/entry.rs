//! `GET`, `HEAD`, `PUT` and `DELETE` of an entry.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cachekit_store::Deleted;

use super::observe::Done;
use crate::{
    body::receive,
    caller::{Caller, Named, Writer},
    entries::{Put, tag_of},
    metrics::{Operation, count},
    record::Draft,
    refusal::Refusal,
    shared::Shared,
    tag::Condition,
    ttl::Ttl,
};

/// `HEAD` comes here too: the framework leaves the bytes out.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Named(name): Named,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Condition::none(&headers)?;
    let Some(record) = shared.entries.get(&caller.space, &name).await? else {
        count(&caller.traffic.misses, 1);
        return Err(Refusal::absent());
    };
    let value = shared.budget.hold(record.value())?;
    count(&caller.traffic.hits, 1);
    count(&caller.traffic.bytes_out, value.len() as u64);
    let tag = tag_of(&value).await?;
    let mut response = Response::new(Body::from(value));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ETAG, tag.header());
    Ok(response)
}

pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    Writer(caller): Writer,
    Named(name): Named,
    request: Request,
) -> Result<Response, Refusal> {
    let condition = Condition::of_write(request.headers())?;
    let ttl = Ttl::from_headers(request.headers())?.unwrap_or(shared.default_ttl);
    let mut share = shared.budget.share();
    let (limit, patience) = (shared.largest, shared.patience());
    let draft =
        receive(request.into_body(), limit, patience, &mut share, Draft::with_capacity).await?;
    let size = draft.value().len() as u64;
    let tag = shared.entries.put(&caller, Put { name, draft, ttl }, condition).await?;
    count(&caller.traffic.writes, 1);
    count(&caller.traffic.bytes_in, size);
    let status = match condition {
        Condition::Absent => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok((status, [(header::ETAG, tag.header())]).into_response())
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Writer(caller): Writer,
    Named(name): Named,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let condition = Condition::of_removal(&headers)?;
    match shared.entries.delete(&caller, name, condition).await? {
        Deleted::Removed => {
            count(&caller.traffic.removals, 1);
            Ok(Done(Operation::Delete, StatusCode::NO_CONTENT).into_response())
        }
        Deleted::Absent => Err(Refusal::absent()),
    }
}
