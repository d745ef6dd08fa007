"""Opening entries, from docs/format.md, section "Opening"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from derivation import padme
from rotation import parse_list

Vector = dict[str, Any]

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
NEVER = 2**64 - 1


def secret_of(vector: Vector) -> bytes:
    return bytes.fromhex(vector["tenant_secret"] or "")


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
