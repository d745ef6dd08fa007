//! Many names in one request.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::stream;

use crate::{
    body::receive,
    caller::Caller,
    entries::Put,
    metrics::{Operation, count},
    name::Name,
    refusal::Refusal,
    shared::Shared,
    tag::Condition,
    wire::{self, Asked},
};

const TYPE: &str = "application/octet-stream";

pub(super) async fn batch(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    Condition::none(request.headers())?;
    check_type(request.headers())?;
    let mut share = shared.budget.share();
    let (limit, patience) = (shared.largest_batch(), shared.patience());
    let body =
        receive(request.into_body(), limit, patience, &mut share, Vec::with_capacity).await?;
    match wire::read(&body, shared.entries.most_names(), shared.largest)? {
        Asked::Read(names) => reads(&shared, &caller, &names).await,
        Asked::Write(puts) => writes(&shared, &caller, puts).await,
    }
}

async fn reads(shared: &Shared, caller: &Caller, names: &[Name]) -> Result<Response, Refusal> {
    caller.charge(names.len().saturating_sub(1))?;
    let found = shared.entries.get_many(&caller.space, names).await?;
    let hits = found.iter().flatten().count();
    count(&caller.traffic.hits, hits as u64);
    count(&caller.traffic.misses, (found.len() - hits) as u64);
    let (pieces, length) = wire::answer(found);
    if length > shared.largest_batch() {
        let message = "the answer would be too large: ask for fewer names";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "answer_too_large", message));
    }
    count(&caller.traffic.bytes_out, length as u64);
    let pieces = pieces.into_iter().map(|piece| shared.budget.hold(piece));
    let pieces = pieces.collect::<Result<Vec<Bytes>, _>>()?;
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    Ok(answer(Operation::BatchRead, body, length))
}

async fn writes(shared: &Shared, caller: &Caller, puts: Vec<Put>) -> Result<Response, Refusal> {
    caller.must_write()?;
    caller.charge(puts.len().saturating_sub(1))?;
    let number = puts.len();
    let bytes: usize = puts.iter().map(|put| put.draft.value().len()).sum();
    shared.entries.put_many(caller, puts).await?;
    count(&caller.traffic.writes, number as u64);
    count(&caller.traffic.bytes_in, bytes as u64);
    let body = wire::written(number);
    let length = body.len();
    Ok(answer(Operation::BatchWrite, Body::from(body), length))
}

fn answer(operation: Operation, body: Body, length: usize) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response.extensions_mut().insert(operation);
    response
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_TYPE) {
        None => Ok(()),
        Some(kind) if kind == TYPE => Ok(()),
        Some(_) => {
            let message = "a batch is application/octet-stream";
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_body", message))
        }
    }
}
