//! Requests whose body is a small piece of JSON.

use axum::extract::Request;

use crate::{
    body::{Share, receive},
    refusal::Refusal,
    shared::Shared,
};

/// The largest such body.
const LIMIT: usize = 4096;

/// The body, and its part of what all bodies may take: to be kept for as long as the body is.
pub(super) async fn message(
    shared: &Shared,
    request: Request,
) -> Result<(Vec<u8>, Share), Refusal> {
    let mut share = shared.budget.share();
    let patience = shared.patience();
    let body =
        receive(request.into_body(), LIMIT, patience, &mut share, Vec::with_capacity).await?;
    Ok((body, share))
}
