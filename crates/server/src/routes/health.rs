//! What this server can do, and whether it can do it now.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{caller::Caller, name, refusal::Refusal, shared::Shared};

pub(super) async fn health(
    State(shared): State<Arc<Shared>>,
    _caller: Caller,
) -> Result<Json<Value>, Refusal> {
    shared.entries.probe().await?;
    let entries = &shared.entries;
    let mut features = vec!["ttl-ms", "batch", "events"];
    if entries.can_compare() {
        features.push("compare");
    }
    if entries.can_snapshot() {
        features.push("snapshot");
    }
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "features": features,
        "limits": {
            "largest_entry": shared.largest,
            "largest_batch": shared.largest_batch(),
            "most_names": entries.most_names(),
            "longest_name": name::LONGEST,
        },
    })))
}

/// For whoever starts and restarts servers: no token, and no word about what is inside.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}
