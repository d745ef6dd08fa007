//! The protocol as OpenAPI 3.1 has it.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};

/// The very file that is checked in; the tests hold it against the server.
const DESCRIPTION: &str = include_str!("../../openapi.json");

pub(super) async fn openapi() -> impl IntoResponse {
    let json: [(HeaderName, HeaderValue); 1] =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (json, DESCRIPTION)
}
