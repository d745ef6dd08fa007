//! Every answer that is not what was asked for, as status and JSON.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cachekit_store::ErrorKind;
use serde_json::json;

use crate::complaint;

/// Why a request was not done. Holds nothing of what was sent.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    retry_after: Option<u64>,
}

/// What a refused response carries for the log and the counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str);

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub(crate) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such entry")
    }

    pub(crate) fn changed() -> Self {
        let message = "the condition does not hold: somebody else was first";
        Self::new(StatusCode::PRECONDITION_FAILED, "changed", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    pub(crate) fn unavailable(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).after(1)
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed")
    }

    /// Not before so many seconds.
    pub(crate) fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// For statuses that the framework answers without a body.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "the method is not one for this path")
            }
            StatusCode::NOT_FOUND => ("no_such_path", "there is nothing at this path"),
            _ => ("bad_request", "the request is not well formed"),
        };
        Self::new(status, code, message)
    }
}

impl From<cachekit_store::Error> for Refusal {
    /// The message says what class of failure it was; the log has the rest.
    fn from(error: cachekit_store::Error) -> Self {
        use StatusCode as S;
        let kind = error.kind();
        let (status, code, message) = match kind {
            ErrorKind::Unavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "the store below cannot be reached")
            }
            ErrorKind::Timeout => {
                (S::GATEWAY_TIMEOUT, "store_timeout", "the store below did not answer in time")
            }
            ErrorKind::Full => {
                (S::INSUFFICIENT_STORAGE, "store_full", "the store below has no room")
            }
            ErrorKind::TooLarge => {
                (S::PAYLOAD_TOO_LARGE, "answer_too_large", "too large for one answer")
            }
            ErrorKind::Unsupported => {
                (S::NOT_IMPLEMENTED, "unsupported", "the store below cannot do this")
            }
            _ => (S::BAD_GATEWAY, "store_failed", "the store below failed"),
        };
        complaint::store_failed(&error);
        let refusal = Self::new(status, code, message);
        if status == S::SERVICE_UNAVAILABLE { refusal.after(1) } else { refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": {"code": self.code, "message": self.message}}));
        let mut response = (self.status, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(Code(self.code));
        response
    }
}
