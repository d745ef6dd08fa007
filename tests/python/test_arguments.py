"""Values as arguments: which are the same, byte by byte."""

import collections
import datetime as dt
import decimal
import fractions
import http
import ipaddress
import math
import pathlib
import re
import struct
import uuid
import zoneinfo

import numpy as np
import pytest
from encoding import describe, one, reference, vectors
from hypothesis import given
from hypothesis import strategies as st

NAMES = {
    "collections": collections, "datetime": dt, "decimal": decimal, "fractions": fractions,
    "http": http, "ipaddress": ipaddress, "numpy": np, "pathlib": pathlib, "re": re,
    "struct": struct, "uuid": uuid, "zoneinfo": zoneinfo,
}  # fmt: skip


@pytest.mark.parametrize(
    "vector", [v for v in vectors["values"] if "python" in v], ids=lambda v: v["name"]
)
def test_known_answers(vector):
    assert one(eval(vector["python"], NAMES)).hex() == vector["hex"]  # our own text


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(), max_size=4),
    st.binary(max_size=4),
)
hashable = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)
    ),
    max_leaves=6,
)
values = st.recursive(
    hashable,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashable, inner, max_size=4),
        st.sets(hashable, max_size=4),
    ),
    max_leaves=16,
)


@given(values)
def test_the_reference_agrees(value):
    assert one(value) == reference.value(describe(value))


@given(st.lists(st.tuples(hashable, scalars), max_size=6, unique_by=lambda pair: repr(pair[0])))
def test_the_order_of_a_dict_does_not_matter(pairs):
    assert one(dict(pairs)) == one(dict(reversed(dict(pairs).items())))


def same(one_value, other):
    """Equal in value and type, all the way down; NaN is NaN."""
    if type(one_value) is not type(other):
        return False
    if isinstance(one_value, float):
        both_nan = math.isnan(one_value) and math.isnan(other)
        return both_nan or struct.pack(">d", one_value) == struct.pack(">d", other)
    if isinstance(one_value, (list, tuple)):
        return len(one_value) == len(other) and all(map(same, one_value, other))
    return one_value == other


ordered = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(ordered, ordered)
def test_two_values_share_an_encoding_only_if_they_are_the_same(left, right):
    assert (one(left) == one(right)) == same(left, right)


def test_what_python_calls_equal_and_we_do_not():
    groups = [
        [1, 1.0, True, "1", b"1", decimal.Decimal(1), fractions.Fraction(1), 1 + 0j],
        [0.0, -0.0, 0, False],
        [b"x", bytearray(b"x"), "x"],
        [{1}, frozenset({1}), [1], (1,)],
        [decimal.Decimal("1.0"), decimal.Decimal("1.00")],
        [
            {"a": 1},
            collections.OrderedDict(a=1),
            collections.Counter(a=1),
            collections.defaultdict(None, a=1),
        ],
        [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), pathlib.Path("a"), "a"],
        [
            dt.datetime(2024, 1, 1, 12, tzinfo=dt.timezone.utc),
            dt.datetime(2024, 1, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            dt.datetime(2024, 1, 1, 12),
            dt.datetime(2024, 1, 1, 12, fold=1),
        ],
        [dt.timezone.utc, dt.timezone(dt.timedelta(0), "Z"), zoneinfo.ZoneInfo("UTC")],
    ]
    for group in groups:
        assert len({one(value) for value in group}) == len(group), group


def test_a_decimal_does_not_depend_on_the_context():
    with decimal.localcontext() as context:
        context.capitals = 0
        assert one(decimal.Decimal("1e30")) == b"x\x07decimals\x051E+30"
