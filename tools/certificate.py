"""A certificate that nobody but a test trusts."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def self_signed(directory: Path, host: str) -> tuple[Path, Path]:
    """The files of a certificate for a name or an IP address, good for a day, and of its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now, day = dt.datetime.now(dt.timezone.utc), dt.timedelta(days=1)
    here: x509.GeneralName
    try:
        here = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        here = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    (directory / "cert.pem").write_bytes(certificate.public_bytes(encoding))
    (directory / "key.pem").write_bytes(pem)
    return directory / "cert.pem", directory / "key.pem"
