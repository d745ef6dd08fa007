#!/usr/bin/env python3
"""Checks every vector in this directory with an implementation of its own.

It follows docs/format.md, shares no code with the Rust crate, and uses only the standard library
and `cryptography` (for AES-256-GCM). Prints a summary, and exits with 1 on any difference.

    python tests/vectors/check.py
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from derivation import Master, Naming, padme, tenant_info, variable
from opening import Refused, Vector, decode_body, open_plain, open_sealed, secret_of
from rotation import BadList, parse_list

HERE = Path(__file__).parent


class Difference(Exception):
    """A vector says one thing, and this implementation another."""


def equal(vector: Vector, field: str, ours: object) -> None:
    if vector.get(field) != ours:
        raise Difference(f"{field}: the vector says {vector.get(field)}, computed {ours}")


def same(vector: Vector, field: str, ours: bytes) -> None:
    equal(vector, field, ours.hex())


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


def check_refusal(vector: Vector) -> None:
    opener = open_plain if vector["protection"] == "plain" else open_sealed
    try:
        opener(bytes.fromhex(vector["bytes"]), vector)
        seen: tuple[str | None, str | None] = (None, None)
    except Refused as refused:
        seen = (refused.counted_as, refused.detail)
    if seen != (vector["refusal"], vector["detail"]):
        raise Difference(f"expected {vector['refusal']}, {vector['detail']}; got {seen}")


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
