"""Every value comes back equal and of the same type, or is refused."""

import collections
import datetime as dt
import decimal
import fractions
import importlib.resources
import ipaddress
import math
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys
import time
import uuid
import zoneinfo

import numpy as np
import ormsgpack
import pytest
from sameness import same

from cachekit.exceptions import SerializationError
from cachekit.serializers import DefaultSerializer

SERIALIZER = DefaultSerializer()


def back(value):
    return SERIALIZER.deserialize(SERIALIZER.serialize(value))


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")
READ_ONLY = np.arange(3)
READ_ONLY.flags.writeable = False

VALUES = [
    None,
    True,
    False,
    *(
        sign * (1 << bits) + step
        for bits in (0, 5, 7, 8, 15, 16, 31, 32, 63, 64, 65, 1000)
        for sign in (1, -1)
        for step in (-1, 0, 1)
    ),
    10**400,
    1.5,
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    sys.float_info.min,
    5e-324,
    struct.unpack(">d", bytes.fromhex("7ff8000000000123"))[0],
    1j,
    complex(-0.0, math.nan),
    "",
    "a",
    "é",
    "\0",
    "\U0001f600",
    "x" * 31,
    "x" * 32,
    "x" * 70_000,
    "lone \ud800 surrogate",
    "\udc80",
    b"",
    b"\0",
    b"x" * 255,
    b"x" * 256,
    bytearray(),
    bytearray(b"abc"),
    [],
    [1, [2, [3]]],
    list(range(20)),
    (),
    (1,),
    (1, (2, ("x", []))),
    set(),
    {1, "a", (2, None)},
    frozenset(),
    frozenset([frozenset([1])]),
    {},
    {"b": 1, "a": 2},
    {1: "a", None: 2, (1, 2): 3, b"k": 4, True + 1: 5, 1.5: 6},
    {frozenset([1]): {}, dt.date(2020, 1, 1): [], uuid.UUID(int=5): ()},
    {str(number): number for number in range(1000)},
    collections.deque(),
    collections.deque([1, 2]),
    collections.deque([1, 2], maxlen=2),
    collections.deque(maxlen=0),
    collections.OrderedDict(b=1, a=2),
    collections.Counter("hello"),
    collections.Counter(a=-1),
    collections.defaultdict(None),
    collections.defaultdict(list, a=[1]),
    collections.defaultdict(int, {1: 2}),
    collections.defaultdict(dict),
    range(0),
    range(5),
    range(10, 0, -3),
    range(0, 10**30, 7),
    slice(None),
    slice(1, None, 2),
    slice("a", (1,), b""),
    dt.datetime.min,
    dt.datetime.max,
    dt.datetime(2024, 2, 29, 1, 2, 3, 4, fold=1),
    dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 1, 1, tzinfo=INDIA),
    dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(microseconds=-1))),
    dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    dt.date.min,
    dt.date.max,
    dt.time.min,
    dt.time.max,
    dt.time(1, 2, fold=1),
    dt.time(1, tzinfo=INDIA),
    dt.time(1, tzinfo=BERLIN),
    dt.timedelta.min,
    dt.timedelta.max,
    dt.timedelta(microseconds=-1),
    dt.timezone.utc,
    INDIA,
    BERLIN,
    *map(decimal.Decimal, ["0", "-0", "1.10", "1E+5", "-1E-999", "NaN", "-sNaN12", "Infinity"]),
    decimal.Decimal("3." + "1" * 500),
    fractions.Fraction(-1, 3),
    fractions.Fraction(10**50, 7),
    uuid.uuid4(),
    uuid.uuid1(),
    uuid.UUID(int=0),
    pathlib.Path("/a/b"),
    pathlib.Path(),
    pathlib.PurePosixPath("a\udc80"),
    pathlib.PureWindowsPath("c:\\x"),
    type(pathlib.Path())("x"),
    *map(ipaddress.ip_address, ["1.2.3.4", "::1", "fe80::1%eth0"]),
    *map(ipaddress.ip_network, ["10.0.0.0/8", "::/0"]),
    *map(ipaddress.ip_interface, ["10.0.0.1/8", "fe80::1%1/64"]),
    re.compile("a(?P<n>b)", re.IGNORECASE | re.VERBOSE),
    re.compile(rb"\w", re.LOCALE),
    re.compile("(?s)x"),
    re.compile("x", re.ASCII),
    np.bool_(True),
    np.int8(-3),
    np.uint64(2**64 - 1),
    np.float16(2),
    np.float64(1.5),
    np.longdouble("1.1"),
    np.complex64(1j),
    np.str_(""),
    np.str_("aé"),
    np.bytes_(b"a\0b"),
    np.datetime64("2024-01-01", "ns"),
    np.timedelta64(5, "D"),
    np.datetime64("2024", "Y"),
    np.zeros(2, [("a", "i4"), ("b", "M8[s]")])[1],
    np.void(b"abc"),
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array(5),
    np.zeros((0, 3)),
    np.array(["a", "bcd"]),
    np.array([b"x", b""]),
    np.array([True, False]),
    np.array(["2024-01-01", "NaT"], "M8[ns]"),
    np.array([1, 2], ">i4"),
    READ_ONLY,
    np.zeros(3, [("a", "i4"), ("b", "f8", (2,)), ("c", [("d", "S3")])]),
    np.zeros(2, np.dtype([("a", "i1"), ("b", "i4")], align=True)),
    np.zeros((2, 2), "V5"),
    np.arange(3, dtype=np.longdouble),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}-{value!r:.30}")
def test_comes_back_as_it_was(value):
    assert same(back(value), value)
    assert same(back([value, {"key": (value,)}]), [value, {"key": (value,)}])


def test_what_a_comparison_does_not_see():
    made_safely = uuid.UUID(int=7, is_safe=uuid.SafeUUID.safe)
    assert back(made_safely).is_safe is uuid.SafeUUID.safe
    assert back(uuid.UUID(int=7, is_safe=uuid.SafeUUID.unsafe)).is_safe is uuid.SafeUUID.unsafe
    assert back(dt.timezone.utc) is dt.timezone.utc
    assert back(BERLIN) is BERLIN
    assert back(INDIA).tzname(None) == "IST"
    moved = collections.OrderedDict(a=1, b=2)
    moved.move_to_end("a")
    assert list(back(moved)) == ["b", "a"]


def test_an_array_that_is_a_view_comes_back_with_its_elements():
    every_other = np.arange(12).reshape(3, 4)[::2, ::-1]
    assert np.array_equal(back(every_other), every_other)
    assert back(every_other).flags.c_contiguous


def test_plain_values_are_plain_messagepack():
    value = {"id": 1, "name": "é", "tags": ["a", None, True, -5, 2**63], "raw": b"\0", "score": 1.5}
    assert ormsgpack.unpackb(SERIALIZER.serialize(value)) == value
    assert SERIALIZER.serialize(value) == ormsgpack.packb(value)
    assert same(SERIALIZER.deserialize(ormsgpack.packb(value)), value)


def test_other_writers_widths_are_read():
    assert back(1) == SERIALIZER.deserialize(b"\xd3\0\0\0\0\0\0\0\1") == 1
    assert SERIALIZER.deserialize(b"\xca\x3f\x80\0\0") == 1.0
    assert SERIALIZER.deserialize(b"\xdd\0\0\0\1\xdb\0\0\0\1a") == ["a"]


class Text(str):
    __slots__ = ()


class Mapping(dict):
    pass


def with_attribute(value):
    value.note = "extra"
    return value


LOOP = []
LOOP.append(LOOP)

REFUSED = {
    "a subclass of str": Text("a"),
    "a subclass of dict": Mapping(),
    "a function": len,
    "a class": int,
    "an object": object(),
    "a memoryview": memoryview(b"a"),
    "a generator": (x for x in ()),
    "an exception": ValueError("x"),
    "a match": re.match("a", "a"),
    "a value that holds itself": LOOP,
    "a factory that is code": collections.defaultdict(lambda: 1),
    "a counter with attributes": with_attribute(collections.Counter("a")),
    "an array of objects": np.array([object()]),
    "a masked array": np.ma.array([1], mask=[True]),
    "a record array": np.rec.array([(1,)], dtype=[("a", "i4")]),
    "a dtype with metadata": np.zeros(1, np.dtype("i4", metadata={"unit": "m"})),
    "a struct sequence": time.gmtime(0),
}


def test_a_zone_that_cannot_be_found_again_is_refused():
    with importlib.resources.files("tzdata").joinpath("zoneinfo/UTC").open("rb") as file:
        zone = zoneinfo.ZoneInfo.from_file(file)
    with pytest.raises(SerializationError, match="it has no key"):
        SERIALIZER.serialize(zone)


def test_a_pattern_that_prints_is_refused(capsys):
    with pytest.raises(SerializationError, match="flags"):
        SERIALIZER.serialize(re.compile("a", re.DEBUG))


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_change_is_refused(value):
    with pytest.raises(SerializationError):
        SERIALIZER.serialize(value)


def test_the_path_leads_to_the_culprit():
    with sqlite3.connect(":memory:") as connection:
        value = {"rows": [1, 2, 3, (0, {"conn": connection})]}
        with pytest.raises(SerializationError) as caught:
            SERIALIZER.serialize(value)
    connection.close()
    assert str(caught.value).startswith("result['rows'][3][1]['conn']: sqlite3.Connection ")


def test_the_path_shows_no_key_that_may_be_data():
    for key in ["ada@example.org", "123-45-6789", 123456, "x" * 41]:
        with pytest.raises(SerializationError) as caught:
            SERIALIZER.serialize({key: {key: object()}})
        assert str(key) not in str(caught.value)


def test_the_same_object_twice_is_two_objects():
    shared = [1]
    one, other = back([shared, shared])
    assert one == other
    assert one is not other


def test_values_nest_as_deep_as_documented():
    value = None
    for _ in range(128):
        value = [value]
    assert back(value) == value
    with pytest.raises(SerializationError, match="deeper than 128"):
        SERIALIZER.serialize([value])


def test_limits_are_the_same_in_both_directions():
    assert back(1 << (8 * 2**20 - 2)) == 1 << (8 * 2**20 - 2)
    many = [re.compile("a")] * 1000
    assert back(many) == many
    for value in [
        [*many, many[0]],
        1 << (8 * 2**20),
        fractions.Fraction(1, 1 << 40_000),
        re.compile("a" * 20_000),
    ]:
        with pytest.raises(SerializationError, match="over the limit"):
            SERIALIZER.serialize(value)


def test_nothing_is_imported_before_it_is_needed():
    program = """
import sys
from cachekit.serializers import DefaultSerializer
serializer = DefaultSerializer()
assert serializer.deserialize(serializer.serialize({"a": [1, 2.5, None, (b"x",)]}))
print(*sorted({"decimal", "uuid", "numpy", "fractions", "ipaddress", "zoneinfo", "pydantic",
               "dataclasses", "pathlib"} & set(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


def test_what_numpy_leaves_between_fields_is_not_stored():
    inner = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    dtype = np.dtype([("flag", "?"), ("pair", inner, (2,))], align=True)
    memory = np.frombuffer(bytearray(b"\xa5" * (dtype.itemsize * 8)), dtype)
    for array in [memory, memory[::2], memory.reshape(2, 4), memory[0]]:
        array["flag"] = True
        array["pair"]["a"] = 1
        array["pair"]["b"] = 2.0
        data = DefaultSerializer().serialize(array)
        assert b"\xa5" not in data
        again = DefaultSerializer().deserialize(data)
        assert again.dtype == array.dtype
        assert (again == array).all()


def test_a_numpy_text_keeps_its_nuls():
    text = np.str_("a\0")
    again = DefaultSerializer().deserialize(DefaultSerializer().serialize(text))
    assert (type(again), len(again), again == text) == (np.str_, 2, True)
