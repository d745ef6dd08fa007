"""What a lying store may send: each lie with the error it gets, none with more memory or code."""

import dataclasses
import enum
import functools
import os
import struct
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachekit.exceptions import SerializationError
from cachekit.serializers import DefaultSerializer


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Row:
    number: int


SERIALIZER = DefaultSerializer(allow=[Colour, Row])


def extension(code, payload):
    return struct.pack(">BIb", 0xC9, len(payload), code) + payload


def text(string):
    return struct.pack(">BI", 0xDB, len(string.encode())) + string.encode()


def array(*items):
    return struct.pack(">BI", 0xDD, len(items)) + b"".join(items)


def a_class(cls, *fields):
    return array(text(f"{cls.__module__}:{cls.__qualname__}"), *map(text, fields))


NAIVE = struct.pack(">HBBBBBBH", 2024, 1, 1, 0, 0, 0, 0, 0)

LIES = {
    "nothing": (b"", "end inside"),
    "a cut string": (b"\xa5abc", "promises more"),
    "a cut integer": (b"\xcd\x01", "end inside"),
    "two values": (b"\xc0\xc0", "1 bytes follow"),
    "the marker that is never used": (b"\xc1", "0xC1"),
    "an array of 2^32 - 1": (b"\xdd\xff\xff\xff\xff\xc0", "promises more"),
    "a map of 2^32 - 1": (b"\xdf\xff\xff\xff\xff\xc0", "promises more"),
    "a string of 4 GiB": (b"\xdb\xff\xff\xff\xffabc", "promises more"),
    "an extension of 4 GiB": (b"\xc9\xff\xff\xff\xff\x05abc", "promises more"),
    "arrays that share their elements": (b"\xdc\x00\x40" * 60 + b"\xc0" * 70, "promises more"),
    "an array 100 000 deep": (b"\x91" * 100_000 + b"\xc0", "deeper than 128"),
    "a map 100 000 deep": (b"\x81\xc0" * 100_000 + b"\xc0", "deeper than 128"),
    "tuples 200 deep": (
        functools.reduce(lambda inner, _: extension(5, b"\x91" + inner), range(200), b"\xc0"),
        "deeper than 128",
    ),
    "a key twice": (b"\x82\xa1a\x01\xa1a\x02", "twice"),
    "keys that are equal": (b"\x82\x01\xc0\xcb\x3f\xf0\0\0\0\0\0\0\xc0", "twice"),
    "an element twice": (extension(6, b"\x92\x01\x01"), "twice"),
    "a list as a key": (b"\x81\x90\xc0", "TypeError"),
    "no UTF-8": (b"\xa2\xff\xff", "UTF-8"),
    "no UTF-8 in a key": (b"\x81\xa2\xff\xff\xc0", "UTF-8"),
    "a code of a later release": (extension(99, b""), "extension 99"),
    "a timestamp": (extension(-1, b"\0\0\0\0"), "extension -1"),
    "an extension with two values": (extension(5, b"\x90\xc0"), "bytes follow"),
    "an extension with none": (extension(5, b""), "end inside"),
    "a tuple that is no array": (extension(5, b"\x80"), "sequence"),
    "an integer of 2 MiB": (extension(1, b"\x01" * (2 << 20)), "integer"),
    "a complex number of 15 bytes": (extension(2, b"\0" * 15), "complex"),
    "the 32nd of January": (extension(16, NAIVE[:3] + b"\x20" + NAIVE[4:]), "datetime"),
    "25 o'clock": (extension(18, b"\x19\0\0\0\0\0"), "time"),
    "the year 0": (extension(17, b"\0\0\x01\x01"), "date"),
    "a zone that is a file": (extension(16, NAIVE + text("../../../etc/passwd")), "time zone"),
    "a zone two days east": (
        extension(20, b"\xd3" + struct.pack(">q", 2 * 86400 * 10**6)),
        "ValueError",
    ),
    "a zone on a zone": (extension(16, NAIVE + extension(20, b"\0")), "time zone"),
    "a duration that overflows": (
        extension(19, array(b"\xd3" + b"\x7f" * 8, b"\0", b"\0")),
        "OverflowError",
    ),
    "a decimal that is none": (extension(24, b"abc"), "InvalidOperation"),
    "a third of nothing": (extension(25, b"\x92\x01\x00"), "ZeroDivisionError"),
    "a fraction of fractions": (extension(25, b"\x92\xc3\x01"), "fraction"),
    "a UUID of 15 bytes": (extension(26, b"\0" * 15), "UUID"),
    "a path of no flavour": (extension(27, b"\x92\x09\xa1a"), "path"),
    "an address of no kind": (extension(28, b"\x091.2.3.4"), "internet address"),
    "a pattern that prints": (extension(29, b"\x92\xa1a\xcc\x80"), "pattern"),
    "a pattern of 1 MiB": (extension(29, array(text("a" * 2**20), b"\0")), "regular expression"),
    "patterns that take long": (
        array(*[extension(29, array(text("[\0-\uffff]" * 100), b"\x22"))] * 8),
        "length of its regular expressions",
    ),
    "1001 patterns": (array(*[extension(29, b"\x92\xa1a\x20")] * 1001), "number of regular"),
    "a factory that is code": (extension(10, array(text("eval"), b"\x80")), "defaultdict"),
    "a deque that drops": (extension(8, b"\x92\x01\x92\x01\x02"), "deque"),
    "an array of objects": (
        extension(40, array(text("|O"), b"\x91\x01", b"\0", b"\xc3", b"\xc4\x08" + b"\x41" * 8)),
        "NumPy data type",
    ),
    "objects in a structure": (
        extension(
            40,
            array(
                array(extension(5, array(text("a"), text("|O")))),
                b"\x91\x01",
                b"\0",
                b"\xc3",
                b"\xc4\x08" + b"\x41" * 8,
            ),
        ),
        "NumPy data type",
    ),
    "a dtype by a dictionary": (extension(41, array(b"\x80", b"\xc4\0")), "NumPy data type"),
    "an array larger than its data": (
        extension(
            40,
            array(
                text("<i8"), b"\x91\xce\x7f\xff\xff\xff", b"\0", b"\xc3", b"\xc4\x08" + b"\0" * 8
            ),
        ),
        "NumPy array",
    ),
    "sides whose product wraps": (
        extension(
            40,
            array(
                text("<i8"),
                array(*[b"\xcf" + struct.pack(">Q", 2**62)] * 4),
                b"\0",
                b"\xc3",
                b"\xc4\0",
            ),
        ),
        "NumPy array",
    ),
    "a scalar of another size": (
        extension(41, array(text("<i8"), b"\xc4\x04\0\0\0\0")),
        "NumPy scalar",
    ),
    "a class that nobody named": (
        extension(34, array(array(text("os:system")), b"\x90")),
        "does not name",
    ),
    "a class that no module has": (extension(34, array(array(text("")), b"\x90")), "does not name"),
    "a class by a number not given": (extension(34, b"\x92\x05\x90"), "class"),
    "a class of another form": (extension(34, array(a_class(Colour), b"\x90")), "class"),
    "a class with other fields": (
        extension(34, array(a_class(Row, "other"), b"\x91\x01")),
        "other fields",
    ),
    "a class with a field too few": (extension(34, array(a_class(Row), b"\x90")), "other fields"),
    "a state too short": (extension(34, array(a_class(Row, "number"), b"\x90")), "state"),
    "no such member": (extension(32, array(a_class(Colour), text("BLUE"))), "member"),
    "a member by an attribute": (
        extension(32, array(a_class(Colour), text("__class__"))),
        "member",
    ),
}


@pytest.mark.parametrize(("data", "error"), LIES.values(), ids=LIES.keys())
def test_a_lie_is_refused(data, error):
    with pytest.raises(SerializationError, match=error):
        SERIALIZER.deserialize(data)


def test_state_goes_into_the_instance_and_nowhere_else():
    state = b"\x82" + text("__class__") + b"\x01" + text("number") + b"\x02"
    row = SERIALIZER.deserialize(extension(34, array(a_class(Row, "number"), state)))
    assert type(row) is Row
    assert row == Row(2)
    assert row.__dict__ == {"__class__": 1, "number": 2}


def test_no_module_is_imported_because_bytes_ask(tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text(
        "import os\nos.environ['TRAP'] = 'sprung'\nclass Trap: pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SerializationError):
        SERIALIZER.deserialize(extension(34, array(array(text("trap:Trap")), b"\x90")))
    assert "TRAP" not in os.environ


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\x00\x7f\xff\xff" + b"\xc0" * 100,
        b"\xdc\xff\xff" * 100 + b"\xc0" * 65_536,
        extension(1, b"\x01" * (1 << 20) + b"\x01"),
        extension(40, array(text("<i8"), b"\x91\xce\x7f\xff\xff\xff", b"\0", b"\xc3", b"\xc4\0")),
        b"\x9f" * 128 + b"\xc0" * 2000,
    ],
    ids=["array", "nested arrays", "integer", "ndarray", "full arrays"],
)
def test_a_lie_costs_no_more_than_its_bytes(data):
    for _ in range(2):
        tracemalloc.start()
        with pytest.raises(SerializationError):
            SERIALIZER.deserialize(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 8 * len(data) + 65_536


def test_a_small_thread_survives_the_deepest_value():
    seen = []

    def read():
        value = None
        for _ in range(64):
            value = Row(value)
        seen.append(SERIALIZER.deserialize(SERIALIZER.serialize(value)) == value)
        for lie in [b"\x91" * 10_000, LIES["tuples 200 deep"][0]]:
            decodes_or_refuses(lie)
        seen.append(True)

    before = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert seen == [True, True]


def decodes_or_refuses(data):
    try:
        SERIALIZER.deserialize(data)
    except SerializationError as error:
        assert str(error)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(data):
    decodes_or_refuses(data)


@given(
    code=st.integers(-3, 45),
    payload=st.binary(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                b"\x90",
                b"\x91",
                b"\x92",
                b"\x93",
                b"\x80",
                b"\xc0",
                b"\x01",
                text("<i8"),
                text("UTC"),
                b"\xc4\0",
                a_class(Row, "number"),
                a_class(Colour),
            ]
        ),
        max_size=6,
    ).map(b"".join),
)
def test_any_extension_is_a_value_or_refused(code, payload):
    decodes_or_refuses(extension(code, payload))


SEEDS = [
    SERIALIZER.serialize([Row(1), Colour.RED, {"a": (1, {2}), "b": b"x"}, 10**30, 1.5, "é"]),
    bytes.fromhex("92") + extension(16, NAIVE + b"\0") + extension(24, b"1.5"),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=2)), max_size=4),
)
def test_a_changed_value_is_a_value_or_refused(seed, changes):
    data = bytearray(seed)
    for place, replacement in changes:
        place %= len(data)
        data[place : place + 1] = replacement or b"\0"
    decodes_or_refuses(bytes(data))
