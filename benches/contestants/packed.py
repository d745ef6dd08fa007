"""`ormsgpack`: MessagePack by Rust, the quickest there is for Python. It keeps no types."""

from __future__ import annotations

from typing import Final

import ormsgpack

from benches.call import Call, Cases
from benches.values import RECORD

NAME: Final = "ormsgpack"


def round_trip(_url: str) -> Call:
    pack, unpack = ormsgpack.packb, ormsgpack.unpackb
    return Call(lambda _: unpack(pack(RECORD)))


CASES: Final[Cases] = {"six-field dict": round_trip}
