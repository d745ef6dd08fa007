//! Requests of the protocol.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
    },
};

use super::{
    batch,
    config::{HttpConfig, Way},
    name,
};
use crate::{Error, ErrorKind, Expected, StoreOptions, digest, lifetime::Lifetime};

const TTL: HeaderName = HeaderName::from_static("x-cachekit-ttl");
const TTL_MILLIS: HeaderName = HeaderName::from_static("x-cachekit-ttl-ms");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The media type of a stream of events.
pub(super) const EVENTS: &str = "text/event-stream";

/// What all requests to one server have in common.
pub(super) struct Requests {
    base: String,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
}

/// A request that may be sent more than once.
pub(super) struct Draft {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Requests {
    /// # Errors
    ///
    /// `Misconfigured`: a token that cannot stand in a header.
    pub(super) fn new(
        config: &HttpConfig,
        address: &Arc<str>,
        options: &StoreOptions,
    ) -> Result<Self, Error> {
        let wrong = |seen| Error::new(ErrorKind::Misconfigured, &**address, seen);
        let host = host(config).ok_or_else(|| wrong("a host that cannot stand in a header"))?;
        let authorization = match options.token() {
            None => None,
            Some(token) => {
                let seen = "a token that is empty or holds more than visible ASCII characters";
                Some(authorization(token).ok_or_else(|| wrong(seen))?)
            }
        };
        Ok(Self { base: config.base.clone(), host, authorization })
    }

    pub(super) fn get(&self, key: &str) -> Draft {
        self.draft(Method::GET, self.entry(key))
    }

    /// With both headers for the time to live: who does not know milliseconds keeps the entry a
    /// little longer.
    pub(super) fn put(&self, key: &str, value: Bytes, life: Lifetime) -> Draft {
        let mut draft = self.draft(Method::PUT, self.entry(key));
        let millis = batch::millis(life);
        draft.headers.insert(TTL, HeaderValue::from(millis.div_ceil(1000)));
        draft.headers.insert(TTL_MILLIS, HeaderValue::from(millis));
        draft.with_bytes(value)
    }

    pub(super) fn delete(&self, key: &str) -> Draft {
        self.draft(Method::DELETE, self.entry(key))
    }

    pub(super) fn batch(&self, body: Bytes) -> Draft {
        self.draft(Method::POST, format!("{}/v1/batch", self.base)).with_bytes(body)
    }

    pub(super) fn health(&self) -> Draft {
        self.draft(Method::GET, format!("{}/v1/cache/health", self.base))
    }

    pub(super) fn events(&self) -> Draft {
        let mut draft = self.draft(Method::GET, format!("{}/v1/events", self.base));
        draft.headers.insert(ACCEPT, HeaderValue::from_static(EVENTS));
        draft
    }

    fn entry(&self, key: &str) -> String {
        format!("{}/v1/cache/{}", self.base, name::segment(key))
    }

    fn draft(&self, method: Method, path: String) -> Draft {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(HOST, self.host.clone());
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Draft { method, path, headers, body: Bytes::new() }
    }
}

impl Draft {
    /// Only where this is there.
    pub(super) fn expecting(mut self, expected: Expected<'_>) -> Self {
        match expected {
            Expected::Absent => self.headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*")),
            Expected::Exactly(seen) => self.headers.insert(IF_MATCH, tag(seen)),
        };
        self
    }

    /// The request, to be sent once.
    ///
    /// # Errors
    ///
    /// Never, as a path is percent-encoded.
    pub(super) fn request(&self) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let body = Full::new(self.body.clone());
        let mut request = Request::builder().method(&self.method).uri(&self.path).body(body)?;
        request.headers_mut().clone_from(&self.headers);
        Ok(request)
    }

    fn with_bytes(mut self, body: Bytes) -> Self {
        self.headers.insert(CONTENT_TYPE, BYTES);
        self.body = body;
        self
    }
}

/// The entity tag of these bytes.
fn tag(bytes: &[u8]) -> HeaderValue {
    let tag = format!("\"{}\"", digest::sha256_hex(bytes));
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn host(HttpConfig { host, port, way, .. }: &HttpConfig) -> Option<HeaderValue> {
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{host}]"),
        _ => host.clone(),
    };
    let usual = match way {
        Way::Encrypted(_) => 443,
        Way::Loopback | Way::Unencrypted => 80,
    };
    HeaderValue::try_from(if *port == usual { host } else { format!("{host}:{port}") }).ok()
}

/// The header is marked as sensitive, and so not shown by what prints requests.
fn authorization(token: &str) -> Option<HeaderValue> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
