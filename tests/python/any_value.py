"""Values of every type that is kept, nested at random, and what makes two of them the same."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import pathlib
import re
import struct
import typing
import zoneinfo

import attrs
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pydantic
from hypothesis import strategies as st


class Colour(enum.Enum):
    RED = "r"


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(typing.NamedTuple):
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass
class Data:
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: typing.Any
    b: typing.Any


@attrs.define
class Attrs:
    a: typing.Any
    b: typing.Any


class Struct(msgspec.Struct):
    a: typing.Any
    b: typing.Any


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)

    a: typing.Any
    b: typing.Any

    def __init__(self, a, b):
        super().__init__(a=a, b=b)


RECORDS = [Data, Frozen, Attrs, Struct, Model]
CLASSES = [Colour, Permission, Pair, *RECORDS]


def state(record):
    return [record.a, record.b]


def same(one, other):
    """Equal, of equal type, all the way down; a NaN is the NaN with the same bits."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, decimal.Decimal):
        return one.as_tuple() == other.as_tuple()
    if isinstance(one, np.ndarray):
        return same_array(one, other)
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, (pd.DataFrame, pl.DataFrame)):
        return one.equals(other) and list(one.dtypes) == list(other.dtypes)
    if type(one) in RECORDS:
        return same(state(one), state(other))
    if isinstance(one, dict):
        default = getattr(one, "default_factory", None) is getattr(other, "default_factory", None)
        return default and same(list(one.items()), list(other.items()))
    if isinstance(one, collections.deque):
        return one.maxlen == other.maxlen and same(list(one), list(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and same_elements(one, other)
    if isinstance(one, slice):
        return same((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    if isinstance(one, dt.datetime | dt.time):
        same_zone = type(one.tzinfo) is type(other.tzinfo) and one.tzinfo == other.tzinfo
        return one == other and one.fold == other.fold and same_zone
    return one == other


def same_array(one, other):
    layout = ("c_contiguous", "writeable")
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and one.tobytes() == other.tobytes()
        and all(getattr(one.flags, name) == getattr(other.flags, name) for name in layout)
    )


def same_elements(one, other):
    left = list(other)
    for element in one:
        for index, candidate in enumerate(left):
            if same(element, candidate):
                del left[index]
                break
        else:
            return False
    return True


ZONES = st.one_of(
    st.none(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5"]).map(
        zoneinfo.ZoneInfo
    ),
    st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(dt.timezone),
)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
HASHABLE_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    ANY_TEXT,
    st.binary(),
    st.decimals(),
    st.fractions(max_denominator=10**30),
    st.uuids(),
    st.dates(),
    st.times(timezones=ZONES),
    st.datetimes(timezones=ZONES),
    st.timedeltas(),
    st.ip_addresses(),
    ANY_TEXT.map(pathlib.PurePosixPath),
    st.sampled_from(
        [Colour.RED, Permission.READ, Permission(0), Permission.READ | Permission.WRITE]
    ),
    st.ip_addresses(network="2001:db8::/32").map(
        lambda it: ipaddress.ip_network((it, 120), strict=False)
    ),
    st.sampled_from([re.compile("a+", re.IGNORECASE), re.compile(b"\\d")]),
    ANY_TEXT.map(pathlib.PureWindowsPath),
    st.builds(range, st.integers(), st.integers(), st.integers().filter(bool)),
)
# A signalling NaN cannot be hashed, and equal keys of different type are one key.
KEYS = st.recursive(
    st.one_of(ANY_TEXT, st.integers(), st.binary(), st.dates(), st.uuids(), st.none()),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)


@st.composite
def arrays(draw):
    dtype = np.dtype(
        draw(st.sampled_from(["u1", "<i4", ">f8", "c8", "M8[s]", "m8[ns]", "S2", "i2,f4"]))
    )
    shape = draw(st.sampled_from([(), (0,), (3,), (2, 3), (2, 0, 2), (1, 2, 2)]))
    data = draw(st.binary(min_size=1, max_size=8))
    count = int(np.prod(shape)) * dtype.itemsize
    array = np.frombuffer((data * (count + 1))[:count], dtype).reshape(shape).copy()
    return draw(st.sampled_from([array, np.asfortranarray(array)]))


LEAVES = st.one_of(
    HASHABLE_LEAVES,
    st.binary().map(bytearray),
    st.lists(st.integers(-128, 127), max_size=8).map(lambda items: np.array(items, "i1")),
    st.slices(10),
    arrays(),
    st.sampled_from(["i1", "u8", "f4", "f8", "c16", "?", "M8[us]", "S3", "U2"]).flatmap(
        lambda dtype: st.binary(min_size=16, max_size=16).map(
            lambda data: (
                np.frombuffer(bytes(data) * 2, dtype, 1)[0] if dtype != "U2" else np.str_("ü")
            )
        )
    ),
    st.lists(st.floats(width=32), max_size=4).map(
        lambda cells: pd.DataFrame({"a": cells, "b": "x"})
    ),
    st.lists(st.integers(0, 9), max_size=4).map(lambda cells: pl.DataFrame({"a": cells})),
)


def containers(inner):
    return st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(KEYS, inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=5).map(collections.OrderedDict),
        st.dictionaries(KEYS, inner, max_size=5).map(lambda d: collections.defaultdict(list, d)),
        st.sets(KEYS, max_size=5),
        st.frozensets(KEYS, max_size=5),
        *(st.builds(record, inner, inner) for record in [Pair, *RECORDS]),
        st.builds(collections.deque, st.lists(inner, max_size=3), st.sampled_from([None, 3, 9])),
    )


VALUE = st.recursive(LEAVES, containers, max_leaves=30)
