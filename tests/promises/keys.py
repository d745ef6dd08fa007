"""Master keys of these tests, and what the clear bytes of an entry mean."""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

HEADER = struct.Struct(">BBH4s16sQ4s")


def master(label: str) -> str:
    """A key of full length that nobody else uses."""
    return hashlib.sha256(f"cachekit tests {label}".encode()).hexdigest()


class Header(NamedTuple):
    """The 36 bytes that are not encrypted (docs/format.md, "Entries")."""

    magic: int
    suite: int
    zero: int
    key_id: bytes
    session: bytes
    counter: int
    randomness: bytes

    @classmethod
    def of(cls, entry: bytes) -> Header:
        return cls(*HEADER.unpack_from(entry))
