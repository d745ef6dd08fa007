//! Who asks, as every handler gets him.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};

use crate::{
    metrics::Traffic,
    name::Name,
    refusal::Refusal,
    shared::Shared,
    token::{Access, Holder},
};

/// What stands before a name, below the base.
const ENTRIES: &str = "/v1/cache/";

/// Somebody with a token that is known, and within his rate.
pub(crate) struct Caller {
    holder: Arc<Holder>,
    pub(crate) traffic: Arc<Traffic>,
}

/// One who may write.
pub(crate) struct Writer(pub(crate) Caller);

/// The name in the path.
pub(crate) struct Named(pub(crate) Name);

impl Caller {
    /// For what a request asks beside the first name.
    pub(crate) fn charge(&self, requests: usize) -> Result<(), Refusal> {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        self.holder.take(requests).map_err(|seconds| {
            let message = "more requests than the token's rate allows";
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).after(seconds)
        })
    }

    pub(crate) fn must_write(&self) -> Result<(), Refusal> {
        match self.holder.access {
            Access::ReadWrite => Ok(()),
            Access::Read => {
                let message = "this token may only read";
                Err(Refusal::new(StatusCode::FORBIDDEN, "read_only", message))
            }
        }
    }
}

impl Deref for Caller {
    type Target = Holder;

    fn deref(&self) -> &Holder {
        &self.holder
    }
}

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let holder = shared.holders().find(bearer(&parts.headers)).ok_or_else(|| {
            let message = "no token, or not one that is known: send `Authorization: Bearer …`";
            Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
        })?;
        let traffic = shared.metrics.traffic(holder.space.id());
        let caller = Self { holder, traffic };
        caller.charge(1)?;
        Ok(caller)
    }
}

impl FromRequestParts<Arc<Shared>> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, shared).await?;
        caller.must_write()?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Arc<Shared>> for Named {
    type Rejection = Refusal;

    /// From the path as it was sent: what the framework hands out is decoded already.
    async fn from_request_parts(parts: &mut Parts, _: &Arc<Shared>) -> Result<Self, Refusal> {
        let rest = parts.uri.path().strip_prefix(ENTRIES).unwrap_or("");
        let segment = rest.split_once('/').map_or(rest, |(segment, _)| segment);
        Name::from_segment(segment).map(Self)
    }
}

/// The token of the one `Authorization` header (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}
