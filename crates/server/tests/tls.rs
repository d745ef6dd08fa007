//! Over TLS, and by HTTP/2.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{fs, path::Path, sync::Arc};

use bytes::Bytes;
use cachekit_testkit::{
    Authority, CachekitServer, CachekitServerSetup, Validity, eventually_async,
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

async fn connect(
    server: &CachekitServer,
    authority: &Path,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let socket = TcpStream::connect(("127.0.0.1", server.port())).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

fn request(server: &CachekitServer, method: &str, body: &'static [u8]) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri("https://localhost/v1/cache/a%2Fb")
        .header("host", "localhost")
        .header("authorization", format!("Bearer {}", server.token()))
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn serves_both_versions_over_tls() {
    let authority = Authority::new();
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let server = CachekitServerSetup::new().tls(&certificate).start();
    assert!(server.announced().starts_with("https://"));

    let socket = TokioIo::new(connect(&server, &authority.file(), b"http/1.1").await.unwrap());
    let (mut first, connection) = conn::http1::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let written = first.send_request(request(&server, "PUT", b"sealed")).await.unwrap();
    assert_eq!(written.status(), StatusCode::OK);

    let socket = TokioIo::new(connect(&server, &authority.file(), b"h2").await.unwrap());
    let (second, connection) = conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(connection);
    let mut many = Vec::new();
    for _ in 0..50 {
        many.push(second.clone().send_request(request(&server, "GET", b"")));
    }
    for answer in many {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), &b"sealed"[..]);
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_read_again() {
    let (old, new) = (Authority::new(), Authority::new());
    let (before, after) = (
        old.issue(&["localhost"], Validity::Current),
        new.issue(&["localhost"], Validity::Current),
    );
    let server = CachekitServerSetup::new().tls(&before).start();
    assert!(connect(&server, &new.file(), b"h2").await.is_err());
    fs::copy(&after.chain, &before.chain).unwrap();
    fs::copy(&after.key, &before.key).unwrap();
    server.signal("HUP");
    eventually_async("the new certificate is shown", || async {
        connect(&server, &new.file(), b"h2").await.is_ok()
    })
    .await;
    fs::write(&before.chain, "nonsense").unwrap();
    server.signal("HUP");
    eventually_async("the log says so", || async {
        server.log().contains("the certificate stays as it was")
    })
    .await;
    assert!(connect(&server, &new.file(), b"h2").await.is_ok());
}

#[tokio::test]
async fn plain_http_is_not_spoken_there() {
    let authority = Authority::new();
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let server = CachekitServerSetup::new().tls(&certificate).start();
    let socket = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    assert!(sender.send_request(request(&server, "GET", b"")).await.is_err());
}
