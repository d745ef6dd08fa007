//! Encryption of what is served: TLS 1.2 and 1.3, HTTP/2 where the client knows it.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{error::Error, settings::TlsFiles};

/// HTTP/2's name in a handshake (RFC 9113, section 3.2).
pub(crate) const H2: &[u8] = b"h2";

/// The certificate as it was read last.
pub(crate) struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    pub(crate) fn load(files: TlsFiles) -> Result<Self, Error> {
        let config = RwLock::new(read(&files)?);
        Ok(Self { files, config })
    }

    /// For the next connection.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read())
    }

    /// Reads the files again; if they are not good, what was read before stays.
    pub(crate) fn reload(&self) -> Result<(), Error> {
        *self.config.write() = read(&self.files)?;
        Ok(())
    }
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, Error> {
    let certificate_wrong = |seen: String| Error::File { path: files.certificate.clone(), seen };
    let key_wrong = |seen: String| Error::File { path: files.key.clone(), seen };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| certificate_wrong(format!("no certificate can be read: {error}")))?;
    if chain.is_empty() {
        return Err(certificate_wrong("there is no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| key_wrong(format!("no private key can be read: {error}")))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate_wrong(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| certificate_wrong(format!("it does not go with the key: {error}")))?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
