"""Keys and padding, from docs/format.md, with nothing but the standard library."""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869, section 2.2)."""
    return hmac.digest(salt, ikm, "sha256")


def expand(prk: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-Expand (RFC 5869, section 2.3)."""
    okm = block = b""
    counter = 1
    while len(okm) < length:
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        okm += block
        counter += 1
    return okm[:length]


def variable(text: str | None) -> bytes:
    """A variable field: two bytes of length, then UTF-8."""
    encoded = (text or "").encode()
    return struct.pack(">H", len(encoded)) + encoded


def tenant_info(tenant: str | None) -> bytes:
    if tenant is None:
        return b"cachekit/2 no tenant"
    return b"cachekit/2 tenant" + variable(tenant)


@dataclass(frozen=True)
class Master:
    """What a master key gives before any tenant is known."""

    key: bytes

    @property
    def prk(self) -> bytes:
        return extract(b"cachekit/2 master", self.key)

    @property
    def kid(self) -> bytes:
        return expand(self.prk, b"cachekit/2 kid", 4)

    def tenant_salt(self, tenant: str | None) -> bytes:
        return expand(self.prk, tenant_info(tenant))

    def k_t(self, tenant: str | None, secret: bytes) -> bytes:
        return extract(self.tenant_salt(tenant), secret)

    def k_seal(self, tenant: str | None, secret: bytes) -> bytes:
        return expand(self.k_t(tenant, secret), b"cachekit/2 seal")

    def session_key(self, tenant: str | None, secret: bytes, suite: int, sid: bytes) -> bytes:
        return expand(self.k_seal(tenant, secret), b"cachekit/2 session" + bytes([suite]) + sid)


@dataclass(frozen=True)
class Naming:
    """What a naming root gives."""

    root: bytes

    @property
    def n(self) -> bytes:
        return extract(b"cachekit/2 naming", self.root)

    def salt(self, tenant: str | None) -> bytes:
        return expand(self.n, tenant_info(tenant))

    def k_name(self, tenant: str | None, secret: bytes) -> bytes:
        return expand(extract(self.salt(tenant), secret), b"cachekit/2 name")


def padme(length: int) -> int:
    """Padmé, with everything under 256 bytes padded to 256."""
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << (exponent - kept)) - 1
    return (length + mask) & ~mask
