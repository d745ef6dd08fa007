//! Redis over TLS keeps the contract, and nobody can stand in for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::{error::Error as _, fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_store::{Error, ErrorKind, StoreOptions, open};
use cachekit_testkit::{
    AtUrl, Authority, Certificate, Clients, RedisServer, RedisSetup, Validity, conformance,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

const LONG: Duration = Duration::from_secs(60);

fn brisk() -> StoreOptions {
    let brisk = Duration::from_millis(500);
    StoreOptions::default().with_connect_timeout(brisk).with_operation_timeout(brisk)
}

fn server_for(authority: &Authority, names: &[&str], validity: Validity) -> RedisServer {
    RedisSetup::new().tls(&authority.issue(names, validity), Clients::Anybody).start()
}

fn url(port: u16, authority: &Path) -> String {
    format!("rediss://127.0.0.1:{port}/0?ca={}", authority.display())
}

fn with_identity(url: &str, Certificate { chain, key }: &Certificate) -> String {
    format!("{url}&cert={}&key={}", chain.display(), key.display())
}

async fn set(url: &str) -> Result<(), Error> {
    let store = open(url, &brisk()).unwrap();
    store.set("k", Bytes::from_static(b"value"), LONG).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let authority = Authority::new();
    let server = server_for(&authority, &["127.0.0.1"], Validity::Current);
    let url = url(server.tls_port(), &authority.file());
    conformance::run(&AtUrl::new(url).outage(&server)).await;
}

#[tokio::test]
async fn keeps_the_contract_with_a_client_certificate_and_a_password() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let setup = RedisSetup::new().tls(&certificate, Clients::CertifiedBy(&clients));
    let server = setup.password("pw").start();
    let place = format!("rediss://:pw@localhost:{}/2", server.tls_port());
    let url = format!("{place}?ca={}", authority.file().display());
    let url = with_identity(&url, &clients.issue(&["client"], Validity::Current));
    conformance::run(&AtUrl::new(url).outage(&server)).await;
}

#[tokio::test]
async fn who_cannot_prove_who_it_is_is_sent_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (names, validity, trusted, expected) in [
        (["127.0.0.1"], Validity::Current, &other, "no authority that is trusted"),
        (["127.0.0.1"], Validity::Expired, &authority, "has expired"),
        (["127.0.0.1"], Validity::NotYet, &authority, "not valid yet"),
        (["cache.example.com"], Validity::Current, &authority, "another host name"),
    ] {
        let server = server_for(&authority, &names, validity);
        let error = set(&url(server.tls_port(), &trusted.file())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
        assert!(!error.retryable() && error.to_string().contains(expected), "{error}");
        assert!(error.source().is_some());
        assert_eq!(server.query::<u64>(&["DBSIZE"]), 0);
    }
}

#[tokio::test]
async fn the_systems_authorities_do_not_know_ours() {
    let authority = Authority::new();
    let server = server_for(&authority, &["127.0.0.1"], Validity::Current);
    let error = set(&format!("rediss://127.0.0.1:{}", server.tls_port())).await.unwrap_err();
    // Where the system trusts nobody at all, it says so.
    let kinds = [ErrorKind::Untrusted, ErrorKind::Misconfigured];
    assert!(kinds.contains(&error.kind()), "{error}");
}

#[tokio::test]
async fn a_client_that_cannot_prove_who_it_is_is_refused() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
    let server = RedisSetup::new().tls(&certificate, Clients::CertifiedBy(&clients)).start();
    let url = url(server.tls_port(), &authority.file());
    let error = set(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("wants a client certificate"), "{error}");
    for stranger in [
        authority.issue(&["client"], Validity::Current),
        clients.issue(&["client"], Validity::Expired),
    ] {
        let error = set(&with_identity(&url, &stranger)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    }
    set(&with_identity(&url, &clients.issue(&["client"], Validity::Current))).await.unwrap();
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = server_for(&authority, &["127.0.0.1"], Validity::Current);
    let (good, stray) =
        (authority.issue(&["a"], Validity::Current), other.issue(&["b"], Validity::Current));
    let nonsense = authority.file().with_file_name("nonsense.pem");
    fs::write(&nonsense, "nonsense").unwrap();
    let trusted = url(server.tls_port(), &authority.file());
    let mixed = Certificate { chain: good.chain.clone(), key: stray.key };
    for (url, expected) in [
        (url(server.tls_port(), Path::new("/nowhere/ca.pem")), "`ca` cannot be read"),
        (url(server.tls_port(), &nonsense), "`ca` holds no such PEM block"),
        (url(server.tls_port(), &good.key), "`ca` holds no such PEM block"),
        (
            with_identity(&trusted, &Certificate { key: nonsense.clone(), ..good.clone() }),
            "`key` holds no such PEM block",
        ),
        (with_identity(&trusted, &Certificate { chain: nonsense, ..good }), "`cert` holds no"),
        (with_identity(&trusted, &mixed), "do not belong together"),
    ] {
        let error = set(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_renewed_authority_is_read_without_a_restart() {
    let (old, new) = (Authority::new(), Authority::new());
    let server = server_for(&new, &["127.0.0.1"], Validity::Current);
    let trusted = old.file().with_file_name("trusted.pem");
    fs::copy(old.file(), &trusted).unwrap();
    let store = open(&url(server.tls_port(), &trusted), &brisk()).unwrap();
    let get = || async { store.get_many(&["k"]).await };
    assert_eq!(get().await.unwrap_err().kind(), ErrorKind::Untrusted);
    fs::copy(new.file(), &trusted).unwrap();
    cachekit_testkit::eventually_async("the new file is read", || async { get().await.is_ok() })
        .await;
}

#[tokio::test]
async fn what_is_not_tls_is_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = client.read(&mut [0; 16 * 1024]).await;
    });
    let error = set(&url(port, &Authority::new().file())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.to_string().contains("not TLS"), "{error}");
}

#[tokio::test]
async fn nothing_can_be_read_on_the_way() {
    let authority = Authority::new();
    let server = server_for(&authority, &["127.0.0.1"], Validity::Current);
    let (listener, sniffed) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), server.tls_port());
    let port = listener.local_addr().unwrap().port();
    let wire = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = tokio::net::TcpStream::connect(("127.0.0.1", sniffed)).await.unwrap();
        let (mut seen, mut answer) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        let mut all = Vec::<u8>::new();
        loop {
            tokio::select! {
                read = client.read(&mut seen) => match read.unwrap_or(0) {
                    0 => return all,
                    read => { all.extend(&seen[..read]); server.write_all(&seen[..read]).await.unwrap(); }
                },
                read = server.read(&mut answer) => client.write_all(&answer[..read.unwrap()]).await.unwrap(),
            }
        }
    });
    let url = url(port, &authority.file());
    let store = open(&url, &brisk()).unwrap();
    store.set("k", Bytes::from_static(b"s3cret-value"), LONG).await.unwrap();
    drop(store);
    let all = wire.await.unwrap();
    assert!(!all.is_empty() && !all.windows(12).any(|window| window == b"s3cret-value"));
}

/// Answers each connection with these bytes after the first request, well encrypted.
async fn liar(certificate: &Certificate, answer: Vec<u8>) -> u16 {
    let chain = CertificateDer::pem_file_iter(&certificate.chain).unwrap();
    let chain = chain.collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(&certificate.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 1024];
            // The greeting first.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"+OK\r\n").await;
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.flush().await;
            let _ = stream.read(&mut request).await;
        }
    });
    port
}

#[tokio::test]
async fn answers_are_bounded_under_the_encryption_as_well() {
    let authority = Authority::new();
    let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
    for (answer, kind) in [
        (&b"*1\r\n$99999999999\r\nand so on"[..], ErrorKind::TooLarge),
        (&b"*2147483647\r\n"[..], ErrorKind::TooLarge),
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ErrorKind::Protocol),
    ] {
        let port = liar(&certificate, answer.to_vec()).await;
        let store = open(&url(port, &authority.file()), &brisk()).unwrap();
        let error = store.get_many(&["k"]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}
