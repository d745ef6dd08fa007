//! What the operator sees: a page, the numbers behind it, and the same for Prometheus.
//!
//! It has a listener of its own, by default on loopback, so that no token of a client and no mistake
//! in a proxy leads to it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};

use super::stats;
use crate::{caller::bearer, refusal::Refusal, shared::Shared, token::Digest};

const PAGE: &str = include_str!("../page/page.html");
const STYLE: &str = include_str!("../page/page.css");
const SCRIPT: &str = include_str!("../page/page.js");

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Who is let in.
#[derive(Clone)]
struct Door(Option<Digest>);

/// The operator's routes. Without a token they are for this machine's users alone.
pub(crate) fn admin(shared: &Arc<Shared>, token: Option<Digest>) -> Router {
    Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", PAGE)))
        .route("/page.css", get(|| file("text/css", STYLE)))
        .route("/page.js", get(|| file("text/javascript", SCRIPT)))
        .route("/stats.json", get(numbers))
        .route("/metrics", get(metrics))
        .fallback(super::nothing_here)
        .layer(middleware::from_fn_with_state(Door(token), let_in))
        .with_state(Arc::clone(shared))
}

async fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text)
}

async fn numbers(State(shared): State<Arc<Shared>>) -> Json<stats::Stats> {
    Json(stats::Stats::now(&shared))
}

async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    ([(header::CONTENT_TYPE, kind)], stats::exposition(&shared))
}

async fn let_in(State(Door(token)): State<Door>, request: Request, next: Next) -> Response {
    let mut response = match refused(token, request.headers(), request.uri().host()) {
        Some(refused) => refused,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// With a token, it must be there, in a form that a browser can ask for. Without one, the request
/// must be for this machine by name: a page elsewhere that has its own name resolve to 127.0.0.1
/// would otherwise read along (DNS rebinding).
fn refused(
    token: Option<Digest>,
    headers: &HeaderMap,
    authority: Option<&str>,
) -> Option<Response> {
    let Some(digest) = token else {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
        return (!host.is_some_and(is_this_machine)).then(|| {
            let message = "this page is for 127.0.0.1, [::1] and localhost";
            Refusal::new(StatusCode::MISDIRECTED_REQUEST, "bad_request", message).into_response()
        });
    };
    let sent = bearer(headers).map(str::to_owned).or_else(|| password(headers));
    if sent.is_some_and(|sent| digest.is_of(&sent)) {
        return None;
    }
    let message = "the operator's token is missing or wrong";
    let mut response =
        Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response();
    let scheme = HeaderValue::from_static("Basic realm=\"cachekit\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    Some(response)
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "::1")
}

/// What a browser sends when it has asked for name and password (RFC 7617); the name is free.
fn password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded.trim()).ok()?,
    )
    .ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &'static str) -> HeaderMap {
        [(header::HOST, HeaderValue::from_static(name))].into_iter().collect()
    }

    #[test]
    fn without_a_token_only_this_machine_is_meant() {
        for name in ["127.0.0.1:8788", "localhost", "[::1]:1", "localhost:80"] {
            assert!(refused(None, &host(name), None).is_none(), "{name}");
        }
        for name in ["evil.example", "127.0.0.1.evil.example:8788", "localhost:80.evil", ""] {
            assert!(refused(None, &host(name), None).is_some(), "{name}");
        }
    }

    #[test]
    fn with_a_token_nothing_else_will_do() {
        let token = "t".repeat(32);
        let digest = Some(Digest::of(&token));
        let sent = |value: String| {
            let value = HeaderValue::try_from(value).expect("a header");
            let headers = [(header::AUTHORIZATION, value)].into_iter().collect();
            refused(digest, &headers, None).is_none()
        };
        let basic = |text: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
        };
        assert!(sent(format!("Bearer {token}")));
        assert!(sent(basic(&format!("me:{token}"))));
        assert!(!sent(basic("me:password")));
        assert!(!sent(basic(&token)));
        assert!(!sent("Bearer x".into()));
        assert!(refused(digest, &host("127.0.0.1"), None).is_some());
    }
}
