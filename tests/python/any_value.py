"""Values of every type that is kept, nested at random."""

import collections
import datetime as dt
import decimal
import fractions
import ipaddress
import pathlib
import re
import uuid
import zoneinfo

import numpy as np
from any_class import CLASSES, MEMBERS, NAMED_TUPLES, RECORDS, Frozen, Pair, Typed
from any_frame import FRAME_TYPES, FRAMES
from hypothesis import strategies as st

# Leaves -----------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
ZONE_NAMES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5"])
OFFSETS = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23))
ZONES = st.one_of(
    st.just(dt.timezone.utc),
    ZONE_NAMES.map(zoneinfo.ZoneInfo),
    OFFSETS.map(dt.timezone),
    st.builds(dt.timezone, OFFSETS, ANY_TEXT),
)
MOMENTS = st.one_of(
    st.datetimes(timezones=st.none() | ZONES), st.times(timezones=st.none() | ZONES)
)


V4, V6 = st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1)
INTERNET = [
    st.ip_addresses(),
    st.sampled_from(["fe80::1%eth0", "::1%1"]).map(ipaddress.ip_address),
    st.tuples(V4, st.integers(0, 32)).map(ipaddress.IPv4Interface),
    st.tuples(V6, st.integers(0, 128)).map(ipaddress.IPv6Interface),
    st.tuples(V4, st.integers(0, 32)).map(lambda it: ipaddress.IPv4Network(it, strict=False)),
    st.tuples(V6, st.integers(0, 128)).map(lambda it: ipaddress.IPv6Network(it, strict=False)),
]
# What hypothesis itself has for these takes five times as long to draw.
DECIMALS = st.one_of(
    st.builds(
        lambda number, exponent: decimal.Decimal(f"{number}E{exponent}"),
        st.integers(),
        st.integers(-999, 999),
    ),
    st.sampled_from(["-0", "-0E+9", "NaN", "-NaN12", "Infinity", "-Infinity"]).map(decimal.Decimal),
)
PATTERNS = st.one_of(
    st.builds(
        re.compile,
        st.sampled_from(["", "a+", "(?P<name>é|b)*", "[^\\W\\d]", "\0 # x"]),
        st.sampled_from([0, re.IGNORECASE, re.VERBOSE | re.ASCII, re.MULTILINE | re.DOTALL]),
    ),
    st.sampled_from([re.compile(rb"\d", re.LOCALE), re.compile(b"(\xff)")]),
    st.text(max_size=5).map(lambda text: re.compile(re.escape(text))),
)
STEPS = st.integers(1) | st.integers(max_value=-1)
HASHABLE = [
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**300), 2**300),
    st.floats(),
    st.complex_numbers(),
    ANY_TEXT,
    st.binary(),
    DECIMALS,
    st.builds(fractions.Fraction, st.integers(), st.integers(1, 10**30)),
    st.uuids(),
    st.dates(),
    MOMENTS,
    MOMENTS.map(lambda moment: moment.replace(fold=1)),
    st.timedeltas(),
    ZONES,
    *INTERNET,
    ANY_TEXT.map(pathlib.Path),
    ANY_TEXT.map(pathlib.PurePosixPath),
    ANY_TEXT.map(pathlib.PureWindowsPath),
    st.sampled_from(MEMBERS),
    PATTERNS,
    st.builds(range, st.integers(), st.integers(), STEPS),
]


@st.composite
def hashable(draw):
    """A name for all of those: a draw that is tried again is noted with what it was drawn from."""
    return draw(st.one_of(HASHABLE))


# Equal keys of different type are one key, in a dictionary as in a set.
KEYS = st.recursive(
    hashable(),
    lambda inner: st.one_of(
        st.tuples(inner, inner),
        st.frozensets(inner, max_size=2),
        st.builds(Frozen, inner, inner),
        st.builds(Pair, inner, inner),
    ),
    max_leaves=3,
)

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s"]
DTYPES = [
    np.dtype(order + code)
    for order in "<>"
    for code in [
        *("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"),
        *("f2", "f4", "f8", "c8", "c16", "S1", "S3", "V3"),
        *(f"{moment}8[{unit}]" for moment in "Mm" for unit in UNITS),
    ]
]
STRUCTURED = [
    np.dtype("i2,>f4"),
    np.dtype([("a", "S3"), ("é", "<i8", (2,)), ("in", [("x", "?"), ("t", "M8[s]")])]),
    np.dtype([("a", "i1"), ("b", "f8")], align=True),
    np.dtype({"names": ["a", "b"], "formats": ["u1", ">u4"], "offsets": [1, 4], "itemsize": 11}),
]
SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 0, 2), (1, 2, 2), (2, 3, 2)]
LAYOUTS = [
    lambda array: array,
    np.asfortranarray,
    lambda array: array.T,
    lambda array: array[::-2] if array.ndim else array,
    lambda array: np.swapaxes(array, 0, -1) if array.ndim else array,
]
LONG = [np.longdouble, np.clongdouble]


def filled(dtype, shape, data):
    """An array of those bytes, again and again."""
    count = int(np.prod(shape)) * dtype.itemsize
    return np.frombuffer((data * (count + 1))[:count], dtype).reshape(shape).copy()


def frozen(array, writeable):
    if not writeable:
        array = array.copy(order="K")
        array.flags.writeable = False
    return array


BYTES = st.binary(min_size=1, max_size=16)
ALL_DTYPES = st.sampled_from(DTYPES + STRUCTURED)
WIDE_TEXT = st.lists(st.text(max_size=3), min_size=1, max_size=4)
CONTIGUOUS = st.one_of(
    st.builds(filled, ALL_DTYPES, st.sampled_from(SHAPES), BYTES),
    WIDE_TEXT.map(np.array),
    WIDE_TEXT.map(lambda texts: np.array(texts).astype(">U4")),
    st.builds(np.array, st.lists(st.floats(), max_size=3), st.sampled_from(LONG)),
)
ARRAYS = st.builds(
    lambda array, layout, writeable: frozen(layout(array), writeable),
    CONTIGUOUS,
    st.sampled_from(LAYOUTS),
    st.sampled_from([True, True, False]),
)
SCALARS = st.one_of(
    st.builds(lambda dtype, data: filled(dtype, (1,), data)[0], ALL_DTYPES, BYTES),
    st.text(max_size=4).map(np.str_),
    st.builds(lambda make, it: make(it), st.sampled_from(LONG), st.floats()),
)


@st.composite
def scarce(draw):
    """What takes the longest to make and to keep is drawn less often."""
    return draw(SCALARS | FRAMES)


SIGNALLING = st.sampled_from(["sNaN", "-sNaN7"]).map(decimal.Decimal)
LEAVES = st.one_of(*HASHABLE, SIGNALLING, st.binary().map(bytearray), ARRAYS, scarce())


@st.composite
def leaf(draw):
    return draw(LEAVES)


# Containers -------------------------------------------------------------------------------------

FACTORIES = st.sampled_from([None, list, dict, int, set])


def containers(inner):
    entries = st.dictionaries(KEYS, inner, max_size=4)
    return st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        entries,
        entries.map(collections.OrderedDict),
        st.builds(collections.defaultdict, FACTORIES, entries),
        st.dictionaries(KEYS, st.integers(), max_size=3).map(collections.Counter),
        st.fixed_dictionaries({"a": inner}, optional={"b": inner}).map(lambda it: Typed(**it)),
        st.sets(KEYS, max_size=3),
        st.frozensets(KEYS, max_size=3),
        st.builds(slice, inner, inner, inner),
        *(st.builds(record, a=inner, b=inner) for record in [*NAMED_TUPLES, *RECORDS]),
        st.builds(collections.deque, st.lists(inner, max_size=3), st.sampled_from([None, 3, 9])),
    )


VALUE = st.recursive(leaf(), containers, max_leaves=30)

# What a long run has to have seen. A typed dictionary is a `dict` once it is there.
TYPES = {
    *(type(None), bool, int, float, complex, str, bytes, bytearray, decimal.Decimal),
    *(list, tuple, dict, set, frozenset, collections.deque, slice, range, re.Pattern),
    *(collections.OrderedDict, collections.defaultdict, collections.Counter),
    *(dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone, zoneinfo.ZoneInfo),
    *(fractions.Fraction, uuid.UUID, type(pathlib.Path())),
    *(pathlib.PurePosixPath, pathlib.PureWindowsPath),
    *(ipaddress.IPv4Address, ipaddress.IPv4Network, ipaddress.IPv4Interface),
    *(ipaddress.IPv6Address, ipaddress.IPv6Network, ipaddress.IPv6Interface),
    *(np.ndarray, *(dtype.type for dtype in DTYPES), np.str_, *LONG),
    *FRAME_TYPES,
    *CLASSES,
}
