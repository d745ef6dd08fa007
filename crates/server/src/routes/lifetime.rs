//! How long an entry has yet, and giving it another end.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
};
use cachekit_process::UnixMillis;
use serde_json::{Value, json};

use super::message::message;
use crate::{
    caller::{Caller, Named, Writer},
    refusal::Refusal,
    shared::Shared,
    ttl::{Change, Ttl},
};

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Named(name): Named,
) -> Result<Json<Value>, Refusal> {
    let record = shared.entries.get(&caller.space, &name).await?.ok_or_else(Refusal::absent)?;
    Ok(remaining(record.end(), shared.entries.now()))
}

pub(super) async fn patch(
    State(shared): State<Arc<Shared>>,
    Writer(caller): Writer,
    Named(name): Named,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (body, _share) = message(&shared, request).await?;
    let change: Change = serde_json::from_slice(&body).map_err(|_| {
        Refusal::bad("bad_ttl", "the body is not JSON like {\"ttl\": 7200} or {\"ttl_ms\": 1500}")
    })?;
    let ttl = Ttl::from_change(&change)?;
    let end = shared.entries.prolong(&caller, name, ttl).await?.ok_or_else(Refusal::absent)?;
    Ok(remaining(end, shared.entries.now()))
}

fn remaining(end: UnixMillis, now: UnixMillis) -> Json<Value> {
    let millis = end.0.saturating_sub(now.0).max(1);
    Json(json!({"ttl": millis.div_ceil(1000), "ttl_ms": millis}))
}
