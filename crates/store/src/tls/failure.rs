//! Which class a failure of the encryption belongs to.

use std::io;

use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use crate::{Error, ErrorKind};

/// The connection was made, and the encryption not.
pub(crate) fn of_handshake(error: io::Error, address: &str) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(tls) => of_tls(tls, address),
        None => {
            let seen = "the connection was lost before it was encrypted";
            Error::caused(ErrorKind::Unavailable, address, seen, error)
        }
    }
}

/// We do not trust the server, it does not trust us, or we do not understand each other. With
/// TLS 1.3 its verdict on our certificate comes with the first reply, not with the handshake.
pub(crate) fn of_tls(error: &rustls::Error, address: &str) -> Error {
    let (kind, seen) = match error {
        rustls::Error::InvalidCertificate(reason) => (ErrorKind::Untrusted, distrust(reason)),
        rustls::Error::NoCertificatesPresented => {
            (ErrorKind::Untrusted, "it presented no certificate")
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            (ErrorKind::Refused, "it wants a client certificate (`cert=` and `key=`)")
        }
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied,
        ) => (ErrorKind::Refused, "it did not accept our client certificate"),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        ) => (ErrorKind::Unsupported, "it speaks no TLS as new as 1.2"),
        rustls::Error::InvalidMessage(_) => (ErrorKind::Protocol, "bytes that are not TLS"),
        _ => (ErrorKind::Protocol, "the encryption failed"),
    };
    Error::caused(kind, address, seen, error.clone())
}

fn distrust(reason: &CertificateError) -> &'static str {
    match reason {
        // The second is that of an authority with a trusted one's name and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is of no authority that is trusted"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host name"
        }
        CertificateError::Revoked => "its certificate was revoked",
        _ => "its certificate proves nothing",
    }
}
