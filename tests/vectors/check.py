#!/usr/bin/env python3
"""Checks every vector in this directory with an implementation of its own.

Written from docs/format.md; it shares no code with the Rust crate, and uses only the standard
library and `cryptography` (for AES-256-GCM). Prints a summary, and exits with 1 on any difference.

    python tests/vectors/check.py
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = Path(__file__).parent
Vector = dict[str, Any]

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
NEVER = 2**64 - 1


# --- Notation and keys ---------------------------------------------------------------------------


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


def secret_of(vector: Vector) -> bytes:
    return bytes.fromhex(vector["tenant_secret"] or "")


def naming_of(vector: Vector) -> Naming:
    return Naming(bytes.fromhex(vector["naming_key"] or vector["master"]))


def check_keys(vector: Vector) -> None:
    master, naming = Master(bytes.fromhex(vector["master"])), naming_of(vector)
    tenant, secret = vector["tenant"], secret_of(vector)
    sid = bytes.fromhex(vector["sid"])
    same(vector, "prk", master.prk)
    same(vector, "kid", master.kid)
    same(vector, "tenant_info", tenant_info(tenant))
    same(vector, "tenant_salt", master.tenant_salt(tenant))
    same(vector, "k_t", master.k_t(tenant, secret))
    same(vector, "k_seal", master.k_seal(tenant, secret))
    same(vector, "session_key", master.session_key(tenant, secret, 1, sid))
    same(vector, "n", naming.n)
    same(vector, "naming_salt", naming.salt(tenant))
    same(vector, "k_name", naming.k_name(tenant, secret))


# --- Names ---------------------------------------------------------------------------------------


def check_names(vector: Vector) -> None:
    fields = [
        vector[f] for f in ("purpose", "prefix", "namespace", "operation", "version", "schema")
    ]
    arguments = hashlib.sha256(bytes.fromhex(vector["arguments"])).digest()
    key = naming_of(vector).k_name(vector["tenant"], secret_of(vector))
    name = hmac.digest(key, b"".join(map(variable, fields)) + arguments, "sha256")
    same(vector, "name", name)
    if vector["purpose"] == "wrapper":
        return
    purpose, prefix, namespace, operation, version, schema = fields
    shown = base64.urlsafe_b64encode(name[:20]).decode().rstrip("=")
    equal(vector, "store_key", prefix + shown)
    hashed = [purpose, vector["tenant"], namespace, operation, version, schema]
    digest = hashlib.sha256(b"".join(map(variable, hashed)) + arguments).hexdigest()[:32]
    equal(vector, "plain_key", prefix + readable(purpose, namespace, operation) + digest)


def readable(purpose: str, namespace: str, operation: str) -> str:
    if purpose == "tag":
        return "tag:"
    if purpose == "clear":
        return f"clear:{namespace}:{operation}:" if operation else "clear:"
    return f"{namespace}:{operation}:"


# --- Sealing -------------------------------------------------------------------------------------


def padme(length: int) -> int:
    """Padmé, with everything under 256 bytes padded to 256."""
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << (exponent - kept)) - 1
    return (length + mask) & ~mask


def encode_fields(v: Vector) -> bytes:
    stored, tags = bytes.fromhex(v["stored"]), [bytes.fromhex(tag) for tag in v["tags"]]
    out = bytes([1, v["serializer"], v["codec"], v["kind"]])
    out += struct.pack(
        ">IIQQI",
        len(stored),
        len(v["body"]) // 2,
        v["created"],
        v["fresh_until"],
        v["stale_window"],
    )
    out += bytes.fromhex(v["generation"]) + bytes([len(tags)])
    for tag in tags:
        out += struct.pack(">H", len(tag)) + tag
    return out + stored


def check_entry(vector: Vector) -> None:
    master, secret = Master(bytes.fromhex(vector["master"])), secret_of(vector)
    sid = bytes.fromhex(vector["sid"])
    nonce = struct.pack(">Q", vector["counter"]) + bytes.fromhex(vector["randomness"])
    header = bytes([0xC2, 1, 0, 0]) + master.kid + sid + nonce
    plaintext = bytes(16) + encode_fields(vector)
    plaintext += bytes(padme(len(plaintext)) - len(plaintext))
    session_key = master.session_key(vector["tenant"], secret, 1, sid)
    associated = header + bytes.fromhex(vector["name"])
    sealed = header + AESGCM(session_key).encrypt(nonce, plaintext, associated)
    same(vector, "session_key", session_key)
    same(vector, "plaintext", plaintext)
    same(vector, "header", header)
    same(vector, "sealed", sealed)
    same(
        vector,
        "body",
        decode_body(vector["codec"], bytes.fromhex(vector["stored"]), len(vector["body"]) // 2),
    )


def check_plain(vector: Vector) -> None:
    same(vector, "encoded", bytes([0xC1, 1, 0, 0]) + encode_fields(vector))
    same(
        vector,
        "body",
        decode_body(vector["codec"], bytes.fromhex(vector["stored"]), len(vector["body"]) // 2),
    )


# --- Opening -------------------------------------------------------------------------------------


class Refused(Exception):
    """An entry that must not be used: how it is counted, and which check failed."""

    def __init__(self, counted_as: str, detail: str | None = None) -> None:
        super().__init__(counted_as, detail)
        self.counted_as, self.detail = counted_as, detail


def require(condition: bool, counted_as: str, detail: str | None = None) -> None:
    if not condition:
        raise Refused(counted_as, detail)


class Reader:
    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, length: int) -> bytes:
        require(length <= len(self.rest), "tampered", "Truncated")
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")


@dataclass
class Fields:
    kind: int
    raw_len: int
    codec: int
    created: int
    fresh_until: int
    stale_window: int
    generation: bytes
    stored: bytes


VALUE, NONE, ERROR, TOMBSTONE, BARRIER = range(5)
KINDS = {
    "entry": {VALUE, NONE, ERROR, TOMBSTONE},
    "clear": {BARRIER},
    "tag": {BARRIER},
    "wrapper": {VALUE, NONE},
}


def read_fields(data: bytes, vector: Vector) -> tuple[Fields, bytes]:
    """From the inner version to the body; also what is left after it."""
    reader = Reader(data)
    version, serializer, codec, kind = reader.take(4)
    require(version == 1, "unsupported", "InnerVersion")
    require(kind <= BARRIER, "unsupported", "Kind")
    require(kind in KINDS[vector["purpose"]], "tampered", "KindForName")
    require(serializer <= 3 or serializer >= 128, "unsupported", "Serializer")
    serialized = kind in (VALUE, ERROR)
    fits = (serializer != 0) == serialized and (kind != ERROR or serializer == 1)
    require(fits, "tampered", "Serializer")
    require(kind != VALUE or serializer == vector["serializer"], "outside_policy", "Serializer")
    require(codec in (0, 2), "unsupported", "Codec")
    require(codec == 0 or serialized, "tampered", "Codec")

    stored_len, raw_len = reader.number(4), reader.number(4)
    created, fresh_until, stale_window = reader.number(8), reader.number(8), reader.number(4)
    generation = reader.take(8)
    count = reader.number(1)
    for _ in range(count):
        tag = reader.take(reader.number(2))
        try:
            tag.decode()
        except UnicodeDecodeError:
            raise Refused("tampered", "Tags") from None
    require(count == 0 or kind not in (TOMBSTONE, BARRIER), "tampered", "Tags")
    stored = reader.take(stored_len)
    lengths = {NONE: 0, TOMBSTONE: 0, BARRIER: 16}
    fits = raw_len == lengths.get(kind, raw_len) and (codec != 0 or stored_len == raw_len)
    require(fits, "tampered", "Lengths")
    require(kind != BARRIER or generation == bytes(8), "tampered", "Fields")
    fields = Fields(kind, raw_len, codec, created, fresh_until, stale_window, generation, stored)
    return fields, reader.rest


def check_policy(fields: Fields, vector: Vector, demotion: int | None, kid: bytes | None) -> None:
    wrapper, barrier = vector["purpose"] == "wrapper", fields.kind == BARRIER
    if wrapper:
        bare = fields.fresh_until == NEVER and fields.generation == bytes(8)
        require(bare, "tampered", "Fields")
    longest = max(fields.raw_len, len(fields.stored))
    require(longest <= vector["max_body"], "outside_policy", "BodyLength")
    if not barrier:
        lives = fields.created <= fields.fresh_until
        require(lives, "outside_policy", "ExpiresBeforeCreated")
        require(fields.created - vector["now"] <= MINUTE_MS, "future")
    require(demotion is None or fields.created < demotion, "demoted")
    if not barrier:
        max_ttl = vector["max_ttl"]
        if fields.kind == TOMBSTONE:
            max_ttl = max(max_ttl, HOUR_MS)
        life = fields.fresh_until - fields.created
        require(wrapper or life <= max_ttl + HOUR_MS, "outside_policy", "Life")
        fits = fields.stale_window <= vector["max_stale_window"]
        require(fits, "outside_policy", "StaleWindow")


def decode_body(codec: int, stored: bytes, raw_len: int) -> bytes:
    if codec == 0:
        return stored
    body = one_frame(stored)
    require(len(body) == raw_len, "tampered", "Compressed")
    return body


def one_frame(data: bytes) -> bytes:
    """One Zstandard frame (RFC 8878) of the form in the vectors: one segment, raw or RLE blocks."""
    reader = Reader(data)
    try:
        require(reader.take(4) == b"\x28\xb5\x2f\xfd", "tampered", "Compressed")
        descriptor = reader.number(1)
        assert descriptor == 0x60, "the vectors hold no other frames"
        size = int.from_bytes(reader.take(2), "little") + 256
        body, last = b"", False
        while not last:
            block = int.from_bytes(reader.take(3), "little")
            last, form, length = bool(block & 1), block >> 1 & 3, block >> 3
            body += reader.take(length) if form == 0 else reader.take(1) * length
            assert form < 2, "the vectors hold no compressed blocks"
    except Refused:
        raise Refused("tampered", "Compressed") from None
    require(len(body) == size and not reader.rest, "tampered", "Compressed")
    return body


def open_sealed(data: bytes, vector: Vector) -> None:
    require(len(data) >= 308, "tampered", "Truncated")
    header, ciphertext = data[:36], data[36:]
    require(header[0] == 0xC2 and header[2:4] == bytes(2), "tampered", "NotAnEntry")
    kid, sid, nonce = header[4:8], header[8:24], header[24:36]
    require(sid != bytes(16), "tampered", "EmptySession")
    require(header[1] == 1, "unsupported", "Suite")
    key = next((key for key in parse_list(vector["list"]) if key.master.kid == kid), None)
    if key is None:
        raise Refused("unknown_key")
    require(key.state != "revoked", "revoked")
    session_key = key.master.session_key(vector["tenant"], secret_of(vector), 1, sid)
    try:
        name = bytes.fromhex(vector["name"])
        plaintext = AESGCM(session_key).decrypt(nonce, ciphertext, header + name)
    except InvalidTag:
        raise Refused("tampered", "Tag") from None
    require(plaintext[:16] == bytes(16), "tampered", "Commitment")
    fields, padding = read_fields(plaintext[16:], vector)
    exact = padme(len(plaintext) - len(padding)) == len(plaintext)
    require(exact and not any(padding), "tampered", "Padding")
    check_policy(fields, vector, key.demotion, kid)
    decode_body(fields.codec, fields.stored, fields.raw_len)


def open_plain(data: bytes, vector: Vector) -> None:
    require(len(data) >= 4, "tampered", "Truncated")
    require(data[0] == 0xC1 and data[2:4] == bytes(2), "tampered", "NotAnEntry")
    require(data[1] == 1, "unsupported", "InnerVersion")
    fields, rest = read_fields(data[4:], vector)
    require(not rest, "tampered", "Padding")
    check_policy(fields, vector, None, None)
    decode_body(fields.codec, fields.stored, fields.raw_len)


def check_refusal(vector: Vector) -> None:
    opener = open_plain if vector["protection"] == "plain" else open_sealed
    try:
        opener(bytes.fromhex(vector["bytes"]), vector)
        seen: tuple[str | None, str | None] = (None, None)
    except Refused as refused:
        seen = (refused.counted_as, refused.detail)
    if seen != (vector["refusal"], vector["detail"]):
        raise Difference(f"expected {vector['refusal']}, {vector['detail']}; got {seen}")


# --- Rotation ------------------------------------------------------------------------------------


@dataclass
class Key:
    master: Master
    state: str = "active"
    date: int | None = None
    demotion: int | None = None

    def may_seal(self, now: int) -> bool:
        if self.state == "seal-after":
            return now >= (self.date or 0)
        if self.state == "sealed-until":
            return now < (self.date or 0)
        return self.state == "active"


class BadList(Exception):
    def __init__(self, entry: int, problem: str) -> None:
        super().__init__(entry, problem)
        self.entry, self.problem = entry, problem


def parse_list(text: str, master: str | None = None) -> list[Key]:
    keys: list[Key] = []
    for entry, part in enumerate(text.split(","), start=1):
        key = parse_entry(part.strip(), entry)
        kids = [other.master.kid for other in keys]
        if key.master.kid in kids:
            raise BadList(entry, "Duplicate")
        keys.append(key)
    if master is not None:
        own = Master(bytes.fromhex(master))
        if all(key.master.kid != own.kid for key in keys):
            keys.append(Key(own, "open"))
    for position, key in enumerate(keys):
        key.demotion = demotion(keys, position)
    return keys


def parse_entry(text: str, entry: int) -> Key:
    if not text:
        raise BadList(entry, "Empty")
    digits, at, state = text.partition("@")
    key = Key(Master(b""))
    if at:
        word, equals, date = (part.strip() for part in state.partition("="))
        if word in ("open", "revoked") and not equals:
            key.state = word
        elif word in ("seal-after", "sealed-until") and equals:
            key.state, key.date = word, parse_date(date, entry)
        else:
            raise BadList(entry, "UnknownState")
    digits = digits.strip()
    if not re.fullmatch(r"([0-9a-fA-F]{2}){32,}", digits):
        raise BadList(entry, "KeyEncoding")
    key.master = Master(bytes.fromhex(digits))
    return key


def parse_date(text: str, entry: int) -> int:
    try:
        date = dt.datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        raise BadList(entry, "Date") from None
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
    if date.tzinfo is None or date < epoch:
        raise BadList(entry, "Date")
    return (date - epoch) // dt.timedelta(milliseconds=1)


def demotion(keys: list[Key], position: int) -> int | None:
    def earliest(others: list[Key]) -> int | None:
        dates = [key.date for key in others if key.state == "seal-after" and key.date is not None]
        return min(dates, default=None)

    key, before = keys[position], keys[:position]
    if key.state == "revoked":
        return None
    if key.state == "sealed-until":
        return key.date
    date = earliest(before)
    if date is None and key.state == "open":
        date = earliest(keys[position + 1 :])
    return date


def check_rotation(vector: Vector) -> None:
    try:
        keys = parse_list(vector["list"], vector["master"])
    except BadList as bad:
        equal(vector, "refused", {"entry": bad.entry, "problem": bad.problem})
        return
    described = [
        {"kid": k.master.kid.hex(), "state": k.state, "date": k.date, "demotion": k.demotion}
        for k in keys
    ]
    equal(vector, "keys", described)
    for moment in vector["seals"]:
        sealing = next((key for key in keys if key.may_seal(moment["now"])), None)
        equal(moment, "kid", sealing and sealing.master.kid.hex())


# --- Running -------------------------------------------------------------------------------------


class Difference(Exception):
    """A vector says one thing, and this implementation another."""


def equal(vector: Vector, field: str, ours: object) -> None:
    if vector.get(field) != ours:
        raise Difference(f"{field}: the vector says {vector.get(field)}, computed {ours}")


def same(vector: Vector, field: str, ours: bytes) -> None:
    equal(vector, field, ours.hex())


CHECKS: dict[str, Callable[[Vector], None]] = {
    "keys.json": check_keys,
    "names.json": check_names,
    "entries.json": check_entry,
    "plain.json": check_plain,
    "refusals.json": check_refusal,
    "rotation.json": check_rotation,
}


def main() -> int:
    differences = 0
    for file, check in CHECKS.items():
        vectors = json.loads((HERE / file).read_text())["vectors"]
        wrong = 0
        for vector in vectors:
            try:
                check(vector)
            except Difference as difference:
                wrong += 1
                print(f"{file}: {vector['comment']}: {difference}", file=sys.stderr)
        print(f"{file:<14} {len(vectors) - wrong:>3} of {len(vectors):>3} agree")
        differences += wrong if vectors else 1
    print("all vectors agree" if differences == 0 else f"{differences} vectors differ")
    return 0 if differences == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
