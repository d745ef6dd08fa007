"""What the fuzzer of the Python faces starts from: a value of every type, encoded.

Without these it would have to guess an Arrow schema byte by byte, and never reach pyarrow, pandas
and polars behind the first checks.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import hashlib
import ipaddress
import pathlib
import re
import uuid
import warnings
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from any_class import CLASSES, MEMBERS, NAMED_TUPLES, RECORDS

from cachekit._native import json_to_bytes
from cachekit.serializers import ArrowSerializer, DefaultSerializer, OrjsonSerializer

if TYPE_CHECKING:
    from collections.abc import Iterator

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MOMENT = dt.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=BERLIN)
JSON = [
    *(None, True, 0, -1, 2**63, 1.5, -0.0, "", "é\0💩", [], {}, [1, [2, {"a": None}]]),
    {"name": "a", "numbers": [1, 2.5, 1e300], "nested": {"list": ["x", False]}},
]


def values() -> Iterator[Any]:
    """Of every family of `docs/values.md`."""
    yield from JSON
    yield from (2**100, -(2**200), 1 + 2j, "\ud800", b"x", bytearray(b"y"), (1, (2,)))
    yield from ({1, "a"}, frozenset({(1, 2)}), collections.deque([1], 3), range(1, 9, 2))
    yield from (slice(1, None), collections.OrderedDict(a=1), collections.Counter("aab"))
    yield from (collections.defaultdict(list, a=[1]), {(1, 2): "a", None: 1.5})
    yield from (MOMENT, MOMENT.replace(tzinfo=None), MOMENT.replace(tzinfo=dt.timezone.utc))
    yield from (MOMENT.date(), MOMENT.timetz(), dt.timedelta(1, 2, 3), BERLIN)
    yield dt.timezone(dt.timedelta(hours=2), "clinic")
    yield from (decimal.Decimal("1.10"), fractions.Fraction(1, 3), uuid.UUID(int=7))
    yield from (pathlib.PurePosixPath("/a"), pathlib.PureWindowsPath("C:/a"))
    yield from (ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8"))
    yield from (ipaddress.ip_interface("10.0.0.1/8"), re.compile("a+", re.IGNORECASE))
    # Read as copies of one another, but for the last.
    yield [*[dict.fromkeys("abcdefg", number) for number in range(4)], dict.fromkeys("abcdefh")]
    yield from MEMBERS
    yield from (record(a=1, b=[None]) for record in [*NAMED_TUPLES, *RECORDS])
    yield from (np.float32(1.5), np.datetime64(7, "ns"), np.str_("a"), np.arange(6).reshape(2, 3))
    yield from (np.zeros(2, [("a", "i4"), ("b", "S3")]), np.array(["é"]), np.zeros((2, 0)))
    yield {
        "frame": [pd.DataFrame({"a": [1.5]}), pl.Series("a", [1])],
        "table": pa.table({"a": [1]}),
    }


def pandas_frames() -> Iterator[Any]:
    moments = pd.date_range("2026-01-01", periods=3, tz=BERLIN)
    plain = pd.DataFrame({"i": [1, 2, 3], "f": [0.5] * 3, "s": ["a", None, "é"], "t": moments})
    yield from (plain, plain.iloc[:0], pd.DataFrame(), plain["i"], plain["s"].rename(None))
    plain.attrs = {"source": ["a", 1]}
    yield from (plain, plain.set_index("t"), plain.set_index(["s", "i"]), plain.set_axis([7, 8, 9]))
    yield pd.DataFrame([[1, 2], [3, 4]])
    yield pd.DataFrame({"o": pd.Series(["a", None], dtype=object), "b": [True, False]})
    yield pd.DataFrame({"o": pd.Series([b"x", None], dtype=object), "s": [dt.timedelta(1)] * 2})
    yield pd.DataFrame({"c": pd.Categorical(["x", "y"], ["y", "x"], ordered=True)})
    yield pd.DataFrame({"n": pd.array([1, None], "Int8"), "f": pd.array([1.5, None], "Float64")})
    yield pd.DataFrame({"p": pd.period_range("2026", periods=2, freq="M")})
    yield pd.DataFrame([[1, "a"], [2, None]], ["x", "y"], ["a", "a"])
    yield pd.DataFrame({"z": [1j, 2], "s": pd.arrays.SparseArray([0, 1])})
    yield pd.DataFrame({"o": pd.Series([[1], None], dtype=object), "b": [True, False]})
    yield pd.DataFrame({"a": pd.array([[1], None], pd.ArrowDtype(pa.list_(pa.int64())))})
    yield pd.DataFrame(
        {"t": pd.array(["x", None], "string[python]")}, pd.Index([1, None], dtype="Int64")
    )
    yield pd.Series([1, 2], pd.date_range("2026", periods=2, freq="MS"), name=("a", 1))
    yield pd.DataFrame({"i": pd.arrays.IntervalArray.from_breaks([0, 1, 2])})


def polars_frames() -> Iterator[Any]:
    lists = pl.Series([[[1], None], []], dtype=pl.List(pl.List(pl.Int64)))
    yield pl.DataFrame({"a": [1, None], "s": ["a", "b" * 30], "l": lists, "n": [None, None]})
    yield pl.DataFrame({"st": [{"a": 1, "b": ["x"]}, {"a": None, "b": []}], "b": [b"x", None]})
    yield pl.DataFrame({"w": pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2)), "t": [MOMENT]})
    yield pl.Series("c", ["x", "y", None], dtype=pl.Categorical)
    yield pl.Series("e", [["b"], ["a"]], dtype=pl.List(pl.Enum(["b", "a"])))
    yield pl.DataFrame({"": pl.Series([2**100, None], dtype=pl.Int128), "column_0": [1, 2]})
    yield pl.DataFrame({"d": [decimal.Decimal("1.10")], "span": [dt.timedelta(1)], "o": [True]})


def tables() -> Iterator[Any]:
    dictionary = pa.array(["x", "y", "x"]).dictionary_encode()
    nested = pa.array([{"a": [1], "m": [("k", 2)]}], NESTED)
    yield pa.table({"n": [1, None, 3], "d": dictionary, "v": pa.array(["a"] * 3, pa.string_view())})
    yield from (pa.table({"s": nested}), pa.table({"z": pa.nulls(8)}), pa.table({}))
    yield pa.concat_tables([pa.table({"n": [1]}), pa.table({"n": [2]})])
    yield pa.RecordBatch.from_pydict({"b": [b"x"], "f": pa.array([1.5], pa.float16())})
    union = pa.UnionArray.from_dense(pa.array([0, 1], "i1"), pa.array([0, 0], "i4"), UNION)
    yield pa.table({"u": union, "r": pa.RunEndEncodedArray.from_arrays([2], ["x"])})


NESTED = pa.struct([("a", pa.list_(pa.int64())), ("m", pa.map_(pa.string(), pa.int8()))])
UNION = [pa.array([1]), pa.array(["x"])]


def encoded() -> list[list[bytes]]:
    """For each decoder of `faces`, in their order."""
    warnings.simplefilter("ignore")
    own, orjson, arrow = DefaultSerializer(allow=CLASSES), OrjsonSerializer(), ArrowSerializer()
    frames = [*pandas_frames(), *polars_frames(), *tables()]
    return [
        [own.serialize(value) for value in values()],
        [orjson.serialize(value) for value in JSON],
        [json_to_bytes(value) for value in JSON],
        [arrow.serialize(frame) for frame in frames],
    ]


def write(folder: Path, face: int | None) -> None:
    """One file for each, of one decoder or of all; its first byte chooses the decoder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seeds in enumerate(encoded()):
        for seed in seeds if face in {None, number} else ():
            data = bytes([number]) + seed
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
