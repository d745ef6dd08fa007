"""One value of each type that people cache, made anew in each process."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import re
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

import attrs
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic

if TYPE_CHECKING:
    from collections.abc import Callable


class Colour(enum.Enum):
    RED = "r"


class Level(str, enum.Enum):
    HIGH = "high"


class Word(enum.StrEnum):
    YES = "yes"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Named(NamedTuple):
    x: int


class Typed(TypedDict):
    x: int


@dataclasses.dataclass
class Data:
    x: int
    inner: Data | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    x: int


@attrs.define
class Attrs:
    x: int


class Struct(msgspec.Struct):
    x: int


class Model(pydantic.BaseModel):
    x: int


BERLIN: Final = "Europe/Berlin"

VALUES: Final[dict[str, Callable[[], Any]]] = {
    "None in a list": lambda: [None],
    "bool": lambda: True,
    "int": lambda: 7,
    "int of 100 bits": lambda: 1 << 100,
    "float": lambda: 1.5,
    "float NaN": lambda: float("nan"),
    "float infinity": lambda: float("inf"),
    "float -0.0": lambda: -0.0,
    "complex": lambda: 1 + 2j,
    "str": lambda: "ü",
    "str with a lone surrogate": lambda: "\ud800",
    "bytes": lambda: b"x",
    "bytearray": lambda: bytearray(b"x"),
    "list": lambda: [1, [2]],
    "tuple": lambda: (1, (2,)),
    "named tuple": lambda: Named(1),
    "set": lambda: {1, 2},
    "frozenset": lambda: frozenset({1}),
    "dict": lambda: {"b": 1, "a": 2},
    "TypedDict": lambda: Typed(x=1),
    "dict with int keys": lambda: {1: "a"},
    "dict with tuple keys": lambda: {(1, 2): "a"},
    "OrderedDict": lambda: collections.OrderedDict(a=1),
    "defaultdict": lambda: collections.defaultdict(list, a=[1]),
    "Counter": lambda: collections.Counter("aab"),
    "deque": lambda: collections.deque([1, 2], maxlen=3),
    "range": lambda: range(3),
    "slice": lambda: slice(1, 2),
    "datetime, naive": lambda: dt.datetime(2026, 2, 28, 12),  # noqa: DTZ001 - that is the point
    "datetime, UTC": lambda: dt.datetime(2026, 2, 28, 12, tzinfo=dt.timezone.utc),
    "datetime, ZoneInfo": lambda: dt.datetime(2026, 2, 28, tzinfo=zoneinfo.ZoneInfo(BERLIN)),
    "date": lambda: dt.date(2026, 2, 28),
    "time": lambda: dt.time(12, 30),
    "timedelta": lambda: dt.timedelta(seconds=1.5),
    "Decimal": lambda: decimal.Decimal("1.10"),
    "Fraction": lambda: fractions.Fraction(1, 3),
    "UUID": lambda: uuid.UUID(int=7),
    "Path": lambda: pathlib.Path("/a/b"),
    "Enum": lambda: Colour.RED,
    "str Enum": lambda: Level.HIGH,
    "StrEnum": lambda: Word.YES,
    "Flag": lambda: Access.READ | Access.WRITE,
    "IPv4Address": lambda: ipaddress.ip_address("127.0.0.1"),
    "IPv6Address": lambda: ipaddress.ip_address("2001:db8::1"),
    "IPv4Network": lambda: ipaddress.ip_network("10.0.0.0/8"),
    "IPv6Network": lambda: ipaddress.ip_network("2001:db8::/32"),
    "re.Pattern": lambda: re.compile("a+", re.IGNORECASE),
    "dataclass": lambda: Data(1, Data(2)),
    "dataclass, frozen with slots": lambda: Slotted(1),
    "attrs class": lambda: Attrs(1),
    "msgspec.Struct": lambda: Struct(1),
    "pydantic model": lambda: Model(x=1),
    "NumPy scalar": lambda: np.float32(1.5),
    "NumPy array": lambda: np.arange(6, dtype="i2").reshape(2, 3),
    "NumPy datetime64 array": lambda: np.array(["2026-02-28"], "M8[D]"),
    "pandas DataFrame": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
    "pandas DataFrame, categories and zone": lambda: pd.DataFrame(
        {"c": pd.Categorical(["x"]), "t": pd.date_range("2026", periods=1, tz=BERLIN)}
    ),
    "pandas DataFrame in a dict": lambda: {"frame": pd.DataFrame({"a": [1]})},
    "polars DataFrame": lambda: pl.DataFrame({"a": [1, None]}),
    "polars DataFrame in a list": lambda: [pl.DataFrame({"a": [[1], None]})],
    "pyarrow Table": lambda: pa.table({"a": [1, None], "b": [["x"], []]}),
    "pyarrow Table in a dict": lambda: {"table": pa.table({"a": [1]})},
    "an open lock": lambda: __import__("threading").Lock(),
}


def same(one: Any, other: Any) -> bool:
    """Equal, of equal type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (pd.DataFrame, pl.DataFrame, pa.Table)):
        types = [it.schema if isinstance(it, pa.Table) else list(it.dtypes) for it in (one, other)]
        return bool(one.equals(other) and types[0] == types[1])
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)
