"""A value under a shared name, as the annotation says, whoever wrote it."""

import collections
import datetime as dt
import decimal
import fractions
import ipaddress
import itertools
import pathlib
import re
import sys
import typing
from collections import abc

import pytest
from shared_classes import (
    BOUNDED,
    DEFAULTING,
    NUMBER,
    ORDERED,
    Aliased,
    AttrsLater,
    Bits,
    Box,
    ByName,
    Colour,
    DataLater,
    Deep,
    FromElsewhere,
    Level,
    Node,
    OfPoints,
    Other,
    Pair,
    Patient,
    Permission,
    Plain,
    Point,
    Renamed,
    Root,
    Row,
    Tagged,
    Underscored,
    Unkept,
    Wider,
    WithInitVar,
    Word,
)

from cachekit import cache, testing
from cachekit._neutral import reader

MISS = object()
PLAIN_TYPES = (bool, int, float, str, bytes, list, dict, type(None))


@pytest.fixture
def read(memory_url):
    """Reads what was written by another program, as a function of that annotation does."""

    names = map(str, itertools.count())

    def read(annotation, written, **options):
        options |= {"backend": memory_url, "name": next(names), "l1": False}

        def function():
            return written

        cache(**options)(function)()
        testing.reset()

        def function():
            return MISS

        function.__annotations__["return"] = annotation
        cached = cache(**options)(function)
        value, info = cached(), cached.cache_info()
        # What is no hit is counted as what did not fit, and nothing else.
        assert (info.undecodable == 1) == (value is MISS) == (info.hits == 0)
        return value

    return read


def same(one, other):
    return type(one) is type(other) and repr(one) == repr(other) and one == other


WRITTEN_BY_PYTHON = [
    (typing.Sequence[Point], (Point(1),)),
    (abc.Iterable[Point], (Point(1),)),
    (abc.Collection[Point], {"a": Point(1)}),
    (list[Point], (Point(1),)),
    (abc.Mapping[str, Point], ORDERED),
    (collections.OrderedDict[str, Point], ORDERED),
    (dict[str, Point], ORDERED),
    (dict[str, Point], DEFAULTING),
    (collections.defaultdict[str, list[Point]], DEFAULTING),
    (collections.deque[Point], BOUNDED),
    (dict[str, list[Point]], {"a": (Point(1),), "b": [Point(2)]}),
    (dict[Colour, Point], {Colour.RED: Point(1)}),
    (list[Pair], [(1,), Pair(1)]),
    (list[Point], [Wider(1)]),
    (typing.Optional[Point], Wider(1)),
    (typing.Union[Point, Other], Other(1)),
    (abc.Set[int], frozenset({1})),
    (set[Point], frozenset()),
    (tuple[Point, ...], {1, 2}),
    (decimal.Decimal, fractions.Fraction(1, 2)),
    (dt.date, dt.datetime(2020, 1, 1)),
    (dt.timedelta, dt.timedelta(1)),
    (Box[Point], Box(Point(1))),
    (Row, {"id": NUMBER, "more": 1}),
    (typing.Union[Point, dict], {"x": 1}),
    (list[typing.Any], [(1,), {"x": 1}]),
    (Level, Level.LOW),
    (Permission, Permission(0)),
    # That there is nothing is an answer.
    (Point, None),
    # What the annotation makes nothing of is not looked at.
    (int, "text"),
    (list[int], ["text"]),
    (Plain, {"id": "text", "more": 1}),
    ("Unknown[", [1]),
]


@pytest.mark.parametrize(("annotation", "value"), WRITTEN_BY_PYTHON, ids=str)
def test_what_python_wrote_is_left_as_it_is(read, annotation, value):
    found = read(
        annotation, value, allow=[Point, Wider, Other, Pair, Box, Colour, Level, Permission]
    )
    assert same(found, value)


WRITTEN_BY_RUST = [
    (Point, {"x": 1, "y": 2}, Point(1, 2)),
    (Point, {"x": 1}, Point(1)),
    (list[Point], [{"x": 1}], [Point(1)]),
    (abc.Sequence[Point], [{"x": 1}], [Point(1)]),
    (abc.Iterable[Point], [{"x": 1}], [Point(1)]),
    (dict[str, Point], {"a": {"x": 1}}, {"a": Point(1)}),
    (dict[Colour, int], {"RED": 1}, {Colour.RED: 1}),
    (collections.OrderedDict[str, Point], {"a": {"x": 1}}, ORDERED),
    (collections.OrderedDict, {"a": 1}, collections.OrderedDict(a=1)),
    (collections.Counter[str], {"a": 2}, collections.Counter(a=2)),
    (collections.deque[Point], [{"x": 1}], collections.deque([Point(1)])),
    (tuple[Point, int], [{"x": 1}, 2], (Point(1), 2)),
    (tuple[int, ...], [1, 2], (1, 2)),
    (tuple, [1], (1,)),
    (set[Colour], ["RED"], {Colour.RED}),
    (frozenset, [1], frozenset({1})),
    (abc.Set[int], [1], {1}),
    (typing.Optional[Point], {"x": 1}, Point(1)),
    (typing.Optional[Point], None, None),
    (typing.Union[Point, list[Point], str], [{"x": 1}], [Point(1)]),
    (typing.Union[Point, str], "text", "text"),
    (typing.NewType("Given", Point), {"x": 1}, Point(1)),
    (typing.Annotated[Point, "more"], {"x": 1}, Point(1)),
    (typing.TypeVar("Bound", bound=Point), {"x": 1}, Point(1)),
    (typing.Literal[Colour.RED, "GREEN"], "RED", Colour.RED),
    (typing.Literal[Colour.RED, "GREEN"], "GREEN", "GREEN"),
    (Node, {"label": 1, "children": [{"label": 2}]}, Node(1, [Node(2)])),
    (Box[Point], {"value": {"x": 1}, "more": [{"x": 2}]}, Box(Point(1), [Point(2)])),
    (OfPoints, {"value": [{"x": 1}], "one": {"x": 2}}, OfPoints([Point(1)], [], Point(2))),
    (Underscored, {"_private": 1, "b": 2}, Underscored(1, 2)),
    (Underscored, {"private": 1}, Underscored(1)),
    (WithInitVar, {"a": 1}, WithInitVar(1)),
    (Pair, {"a": 1, "b": [1]}, Pair(1, (1,))),
    (Renamed, {"my_field": 1}, Renamed(1)),
    (Renamed, {"myField": 1}, Renamed(1)),
    (Tagged, {"type": "tagged", "a": 1}, Tagged(1)),
    (Tagged, {"a": 1}, Tagged(1)),
    (Aliased, {"a": 1, "b": 2}, Aliased(AA=1, bb=2)),
    (Aliased, {"AA": 1, "bbb": 2}, Aliased(AA=1, bb=2)),
    (ByName, {"a": 1, "more": 2}, ByName(AA=1, more=2)),
    (ByName, {"AA": 1}, ByName(AA=1)),
    (Root, {"root": ["RED"]}, Root([Colour.RED])),
    (Root, ["RED"], Root([Colour.RED])),
    (
        Patient,
        {"colour": "RED", "number": NUMBER.bytes, "points": [{"x": 1}], "given": {"_private": 1}},
        Patient(colour=Colour.RED, number=NUMBER, points=[Point(1)], given=Underscored(1)),
    ),
    (Row, {"rows": [{"id": NUMBER.bytes}]}, {"rows": [{"id": NUMBER}]}),
    (type(NUMBER), str(NUMBER), NUMBER),
    (type(NUMBER), NUMBER.bytes, NUMBER),
    (Colour, "RED", Colour.RED),
    (Word, "YES", Word.YES),
    (Level, "LOW", Level.LOW),
    (Level, 1, Level.LOW),
    (Permission, 3, Permission.READ | Permission.WRITE),
    (Bits, 9, Bits.A | Bits.B),
    (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
    (dt.date, "2020-01-02", dt.date(2020, 1, 2)),
    (dt.datetime, "2020-01-02T03:04:05Z", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)),
    (dt.datetime, "2020-01-02T03:04:05", dt.datetime(2020, 1, 2, 3, 4, 5)),
    (dt.time, "03:04:05.000006", dt.time(3, 4, 5, 6)),
    (pathlib.Path, "/a", pathlib.Path("/a")),
    (pathlib.PureWindowsPath, "c:/a", pathlib.PureWindowsPath("c:/a")),
    (bytearray, b"x", bytearray(b"x")),
    (ipaddress.IPv4Address, "1.2.3.4", ipaddress.IPv4Address("1.2.3.4")),
    (ipaddress.IPv6Network, "::/8", ipaddress.IPv6Network("::/8")),
    (ipaddress.IPv4Interface, "1.2.3.4/8", ipaddress.IPv4Interface("1.2.3.4/8")),
    (
        typing.Union[ipaddress.IPv4Address, ipaddress.IPv6Address],
        "::1",
        ipaddress.IPv6Address("::1"),
    ),
]


@pytest.mark.parametrize(("annotation", "written", "expected"), WRITTEN_BY_RUST, ids=str)
def test_what_rust_wrote_is_what_the_annotation_says(read, annotation, written, expected):
    assert same(read(annotation, written), expected)


@pytest.mark.parametrize("cls", [AttrsLater, DataLater])
def test_a_field_that_no_constructor_takes_is_set(read, cls):
    found = read(cls, {"a": 1, "b": NUMBER.bytes})
    assert type(found) is cls
    assert (found.a, found.b) == (1, NUMBER)


MISSES = [
    (Point, [1, 2]),
    (Point, {"y": 1}),
    (Point, {"x": 1, "more": 1}),
    (Point, {"x": "text"}),
    (list[Point], [None]),
    (list[Point], "text"),
    (list[Point], {"x": 1}),
    (dict[str, Point], [{"x": 1}]),
    (set[int], [1, 1]),
    (dict[Level, int], {"LOW": 1, 1: 2}),
    (tuple[int, int], [1]),
    (tuple[int, ...], "text"),
    (typing.Union[Point, Other], {"x": 1}),
    (typing.Union[Point, str], 1),
    (typing.Union[decimal.Decimal, pathlib.Path], "1"),
    (collections.defaultdict[str, int], {"a": 1}),
    (Box[Point], {"value": {"x": 1}, "more": [{"z": 2}]}),
    (OfPoints, {"value": {"x": 1}}),
    (DataLater, {"a": 1}),
    (Underscored, {"_private": 1, "private": 1}),
    (Tagged, {"type": "another", "a": 1}),
    (Aliased, {"a": 1, "AA": 1}),
    (Aliased, {"a": 1, "more": 1}),
    (Aliased, {"a": "text"}),
    (Deep, {"a": 1}),
    (Row, {"id": 1}),
    (Pair, [1, []]),
    (type(NUMBER), b"short"),
    (type(NUMBER), 7),
    (Colour, "r"),
    (Level, 2),
    (typing.Literal[Colour.RED], "GREEN"),
    (decimal.Decimal, 1),
    (decimal.Decimal, "text"),
    (dt.date, "2020-01-01T00:00:00"),
    # What Rust has no reading of.
    (dt.timedelta, [1, 0, 0]),
    (fractions.Fraction, "1/2"),
    (re.Pattern, "a+"),
    (Unkept, {"length": [1, 0, 0]}),
    (FromElsewhere, {"x": 1}),
]


@pytest.mark.parametrize(("annotation", "written"), MISSES, ids=str)
def test_what_does_not_fit_is_a_miss(read, annotation, written):
    assert read(annotation, written) is MISS


def of(annotation):
    def function(): ...

    function.__annotations__["return"] = annotation
    return reader(function)


@pytest.mark.parametrize(
    "annotation",
    [
        *PLAIN_TYPES,
        *(None, typing.Any, object, dict, Plain, list[int], dict[str, list[float]]),
        *(typing.Sequence[str], typing.Union[int, None, list[str]], typing.Literal["a"]),
        *(typing.TypeVar("Free"), typing.SupportsInt, complex, "Unknown"),
    ],
    ids=str,
)
def test_where_there_is_nothing_to_make_nothing_is_walked(annotation):
    assert of(annotation) is None


def defined(text, **names):
    """What a text defines: syntax that not every version has, names that nobody has."""
    exec(text, names)
    return names


@pytest.mark.parametrize("parameters", ["", "session: 'Unknown'"])
def test_a_parameter_of_an_unknown_type_hides_nothing(parameters):
    found = defined(f"def function({parameters}) -> 'Point': ...", Point=Point)
    assert reader(found["function"])({"x": 1}) == Point(1)


def test_a_field_of_an_unknown_type_hides_no_other(read):
    found = defined(
        "import dataclasses\n"
        "@dataclasses.dataclass\n"
        "class Holder:\n"
        "    session: 'Unknown'\n"
        "    point: 'Point'\n",
        Point=Point,
    )
    found["Holder"].Point = Point  # where a name of an annotation is looked for too
    assert read(found["Holder"], {"session": 1, "point": {"x": 1}}).point == Point(1)


def test_classes_of_the_enclosing_function(read):
    local = Point

    def function() -> "list[local]":
        return local

    assert reader(function)([{"x": 1}]) == [Point(1)]


class Broken(type):
    def __getattr__(cls, name):
        raise RuntimeError(name)


@pytest.mark.parametrize(
    "annotation", [Broken("Class", (), {}), Broken, 5, [int], "\ud800"], ids=ascii
)
def test_what_cannot_be_read_is_not_looked_at(annotation):
    found = of(list[annotation])
    assert found is None or found([]) == []


def test_an_annotation_without_end():
    deep = Point
    for _ in range(400):
        deep = list[deep]
    assert of(deep) is None
    shallow = list[list[list[Point]]]
    assert of(shallow)([[[{"x": 1}]]]) == [[[Point(1)]]]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type aliases are statements since 3.12")
def test_type_aliases(read):
    found = defined(
        "type Json = dict[str, Json] | list[Json] | str | int | None\n"
        "type Tree = Point | list[Tree]\n"
        "type Many[T] = list[T] | dict[str, Many[T]]\n"
        "type Unending[T] = list[Unending[list[T]]] | dict[str, Unending[set[T]]]\n"
        "type Itself = Itself\n"
        "type Bad = Undefined\n",
        Point=Point,
    )
    assert of(found["Json"]) is None
    assert of(found["Itself"]) is None
    assert of(found["Bad"]) is None
    assert of(found["Unending"][int]) is None
    assert read(found["Tree"], [{"x": 1}, [{"x": 2}]]) == [Point(1), [Point(2)]]
    assert read(found["Tree"], [[Point(1)]], allow=[Point]) == [[Point(1)]]
    assert read(found["Tree"], [["text"]]) is MISS
    assert read(found["Many"][Point], {"a": [{"x": 1}]}) == {"a": [Point(1)]}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are syntax since 3.12")
def test_classes_with_type_parameters(read):
    found = defined(
        "import dataclasses\n"
        "@dataclasses.dataclass\n"
        "class Holder[T]:\n"
        "    value: 'T | None'\n"
        "def function[P: Point]() -> 'list[P]': ...\n",
        Point=Point,
    )
    held = read(found["Holder"][Point], {"value": {"x": 1}})
    assert held.value == Point(1)
    assert reader(found["function"])([{"x": 1}]) == [Point(1)]
