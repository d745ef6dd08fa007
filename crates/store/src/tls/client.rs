//! Encrypted connections: whom we trust, who we are, and never without looking.
//!
//! There is no setting that accepts a certificate unseen: a store that anybody can stand in for
//! learns the password of the real one.

use std::{path::PathBuf, sync::Arc};

use cachekit_process::PerProcess;
use parking_lot::Mutex;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject},
    },
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Identity, TlsFiles, failure};
use crate::{Error, ErrorKind};

/// How the connections to one server are encrypted.
///
/// Files are read by the first connection and, since certificates are renewed, again after one
/// that could not be made. A forked child reads them itself: what it inherits has locks in it.
pub(crate) struct Tls {
    files: TlsFiles,
    loaded: PerProcess<Mutex<Option<Arc<ClientConfig>>>>,
}

impl Tls {
    pub(crate) fn new(files: TlsFiles) -> Self {
        Self { files, loaded: PerProcess::new() }
    }

    /// The handshake, which ends with a server that has proved to be `host`.
    pub(crate) async fn encrypt<S>(
        &self,
        socket: S,
        host: &str,
        address: &str,
    ) -> Result<TlsStream<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            let seen = "the host is no name that a certificate could be for";
            Error::caused(ErrorKind::Misconfigured, address, seen, error)
        })?;
        let connector = TlsConnector::from(self.config(address)?);
        let encrypted = connector.connect(name, socket).await;
        encrypted.map_err(|error| failure::of_handshake(error, address))
    }

    /// The next connection reads the files again.
    pub(crate) fn forget(&self) {
        *self.here().lock() = None;
    }

    fn here(&self) -> &Mutex<Option<Arc<ClientConfig>>> {
        self.loaded.get_or_init(Mutex::default)
    }

    fn config(&self, address: &str) -> Result<Arc<ClientConfig>, Error> {
        let mut loaded = self.here().lock();
        if let Some(config) = &*loaded {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.files.load(address)?);
        *loaded = Some(Arc::clone(&config));
        Ok(config)
    }
}

impl TlsFiles {
    fn load(&self, address: &str) -> Result<ClientConfig, Error> {
        let wrong = |seen: &'static str| {
            move |error| Error::caused(ErrorKind::Misconfigured, address, seen, error)
        };
        // Named here, so that nothing hangs on what else in the process chose as its default.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(wrong("no version of TLS can be spoken"))?
            .with_root_certificates(self.roots(address)?);
        let Some(Identity { chain, key }) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates(chain).map_err(unreadable("cert", address))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(unreadable("key", address))?;
        let wrong = wrong("`cert` and `key` that do not belong together or cannot be used");
        builder.with_client_auth_cert(chain, key).map_err(wrong)
    }

    fn roots(&self, address: &str) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.authorities else {
            // Some of a system's certificates are always odd; those are not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                let seen = "the system trusts no certificate authority: name one with `ca=`";
                return Err(Error::new(ErrorKind::Misconfigured, address, seen));
            }
            return Ok(roots);
        };
        for authority in certificates(path).map_err(unreadable("ca", address))? {
            roots.add(authority).map_err(|error| {
                let seen = "the file of `ca` holds something that is no authority's certificate";
                Error::caused(ErrorKind::Misconfigured, address, seen, error)
            })?;
        }
        Ok(roots)
    }
}

/// All certificates of a file, at least one.
fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?;
    if certificates.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(certificates) }
}

fn unreadable(setting: &'static str, address: &str) -> impl Fn(pem::Error) -> Error {
    move |error| {
        let seen = match &error {
            pem::Error::Io(_) => format!("the file of `{setting}` cannot be read"),
            pem::Error::NoItemsFound => format!("the file of `{setting}` holds no such PEM block"),
            _ => format!("the file of `{setting}` is not well-formed PEM"),
        };
        Error::caused(ErrorKind::Misconfigured, address, seen, error)
    }
}
