//! Locks: who works on a name, for others to know.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, Request, State},
    http::StatusCode,
};
use cachekit_process::random;
use cachekit_store::Swap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::message::message;
use crate::{
    caller::{Named, Writer},
    refusal::Refusal,
    shared::Shared,
    ttl::Ttl,
};

/// In milliseconds: five minutes.
const LONGEST: u64 = 300_000;
const USUAL: u64 = 5_000;

#[derive(Deserialize)]
struct Wanted {
    timeout_ms: u64,
}

pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Writer(caller): Writer,
    Named(name): Named,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (body, _share) = message(&shared, request).await?;
    let ttl = wanted(&body)?;
    let mut id = [0; 16];
    random(&mut id);
    let id = hex::encode(id);
    match shared.entries.lock(&caller, name, id.clone(), ttl).await? {
        Swap::Done => Ok(Json(json!({"lock_id": id}))),
        Swap::Refused => {
            Err(Refusal::new(StatusCode::CONFLICT, "held", "somebody else has the lock"))
        }
    }
}

pub(super) async fn give_back(
    State(shared): State<Arc<Shared>>,
    Writer(caller): Writer,
    Named(name): Named,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let id = query.as_deref().and_then(|query| query.strip_prefix("lock_id="));
    let id = id.filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let id = id.ok_or_else(|| {
        Refusal::bad("bad_request", "`?lock_id=` and 32 hexadecimal digits are missing")
    })?;
    match shared.entries.unlock(&caller, name, id.to_ascii_lowercase()).await? {
        Swap::Done => Ok(Json(json!({}))),
        Swap::Refused => {
            let message = "the lock is not held by this id";
            Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", message))
        }
    }
}

fn wanted(body: &[u8]) -> Result<Ttl, Refusal> {
    let timeout = if body.is_empty() {
        Some(USUAL)
    } else {
        serde_json::from_slice::<Wanted>(body).ok().map(|wanted| wanted.timeout_ms)
    };
    timeout.filter(|timeout| *timeout <= LONGEST).and_then(Ttl::from_millis).ok_or_else(|| {
        Refusal::bad("bad_body", "the body is not JSON like {\"timeout_ms\": 5000}, 300000 at most")
    })
}
