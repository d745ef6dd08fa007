"""Which classes a decorated function names: by annotation, however deep, and by its module."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import gc
import typing
import uuid
import weakref

import pytest

from cachekit import cache
from cachekit.exceptions import SerializationError

KEY = "4f" * 16 + "a1" * 16
secure = cache.secure(backend=None, master_key=KEY, strict=True)


def elsewhere(name, **fields):
    """A dataclass that this module's namespace does not hold under its own name."""
    made = dataclasses.make_dataclass(name, fields.items() or [("number", int)])
    made.__module__ = "elsewhere"
    return made


class Namespace:
    """Not a module: what is in here is named by annotations alone."""

    Leaf = elsewhere("Leaf")
    Deep = elsewhere("Deep", leaf=Leaf)
    Alias = elsewhere("Alias")
    Wrapped = elsewhere("Wrapped")
    Bound = elsewhere("Bound")
    Choice = elsewhere("Choice")
    Annotated = elsewhere("Annotated")
    Parameter = elsewhere("Parameter")
    InTyped = elsewhere("InTyped")
    Unnamed = elsewhere("Unnamed")
    Colour = enum.Enum("Colour", "RED GREEN", module="elsewhere")


class Typed(typing.TypedDict):
    inner: Namespace.InTyped


Aliased: typing.TypeAlias = "list[Namespace.Alias]"
NewName = typing.NewType("NewName", Namespace.Wrapped)
B = typing.TypeVar("B", bound=Namespace.Bound)


@dataclasses.dataclass
class Here:
    number: int

    @dataclasses.dataclass
    class Inside:
        text: str


Imported = elsewhere("Imported")


@secure
def deep() -> list[dict[str, Namespace.Deep | None]]:
    return [{"a": Namespace.Deep(Namespace.Leaf(1)), "b": None}]


@secure
def alias() -> Aliased:
    return [Namespace.Alias(1)]


@secure
def new_type() -> NewName:
    return Namespace.Wrapped(1)


@secure
def bound() -> B:
    return Namespace.Bound(1)


@secure
def choice() -> typing.Optional[typing.Union[int, Namespace.Choice]]:  # noqa: UP007, UP045
    return Namespace.Choice(1)


@secure
def annotated() -> typing.Annotated[Namespace.Annotated, "note"]:
    return Namespace.Annotated(1)


@secure
def literal() -> typing.Literal[Namespace.Colour.RED]:
    return Namespace.Colour.RED


@secure
def typed() -> Typed:
    return {"inner": Namespace.InTyped(1)}


@secure
def parameter(value: Namespace.Parameter | None = None):
    return Namespace.Parameter(1)


@secure
def one_annotation_is_unknown(value: Unknown = None) -> Namespace.Leaf:  # noqa: F821
    return Namespace.Leaf(1)


@secure
def defined_here():
    return [Here(1), Here.Inside("a")]


@secure
def imported_here():
    return Imported(1)


class Service:
    @staticmethod
    @secure
    def static() -> Namespace.Leaf:
        return Namespace.Leaf(1)


@pytest.mark.parametrize(
    "function",
    [
        deep, alias, new_type, bound, choice, annotated, literal, typed, parameter, defined_here,
        one_annotation_is_unknown, imported_here, Service.static,
    ],
    ids=lambda function: function.__name__,
)  # fmt: skip
def test_a_named_class_is_rebuilt(function):
    one, other = function(), function()
    assert one == other
    assert type(one) is type(other)
    assert function.cache_info().hits == 1


def test_a_class_that_is_not_named_raises_where_strict():
    @secure
    def unnamed():
        return {"rows": [Namespace.Unnamed(1)]}

    with pytest.raises(
        SerializationError, match=r"^result\['rows'\]\[0\]: elsewhere.Unnamed would"
    ):
        unnamed()


def test_allow_names_it():
    @cache.secure(backend=None, master_key=KEY, strict=True, allow=[Namespace.Unnamed])
    def allowed():
        return Namespace.Unnamed(1)

    assert allowed() == allowed() == Namespace.Unnamed(1)
    assert allowed.cache_info().hits == 1


def test_a_local_class_is_named_by_a_closure():
    @dataclasses.dataclass
    class Local:
        number: int

    @secure
    def local() -> Local:
        return Local(1)

    assert local() == local()
    assert local.cache_info().hits == 1


def test_a_class_defined_again_is_rebuilt_as_the_new_one(monkeypatch):
    @secure
    def again(number):
        return Here(number)

    again(1)
    newer = dataclasses.make_dataclass("Here", [("number", int)])
    newer.__module__ = __name__
    monkeypatch.setitem(globals(), "Here", newer)
    assert type(again(2)) is newer
    assert type(again(2)) is newer
    assert again.cache_info().hits == 1


def test_a_local_function_and_its_classes_can_be_collected():
    def make():
        @dataclasses.dataclass
        class Local:
            number: int

        @secure
        def local() -> Local:
            return Local(1)

        Local.back = local
        assert local() == local()
        return weakref.ref(Local)

    gone = make()
    gc.collect()
    assert gone() is None


# What plain caching may hold as it is ------------------------------------------------------------


def held(value):
    @cache(backend=None, ttl=60, name=str(uuid.uuid4()))
    def function():
        return value

    function()
    again = function()
    assert again == value
    return again is value


@pytest.mark.parametrize(
    "value",
    [
        10**9, 1.5, "text", b"bytes", 1j, (1, ("a", frozenset([b"x"]))), range(5),
        dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), dt.time(1),
        dt.timedelta(1), decimal.Decimal("1.5"), uuid.UUID(int=1),
    ],
    ids=repr,
)  # fmt: skip
def test_what_nobody_can_change_is_held(value):
    assert held(value)


@pytest.mark.parametrize(
    "value",
    [[1], {}, {1}, bytearray(b"a"), ([],), (1, (2, [3])), tuple(range(100)), Here(1)],
    ids=repr,
)
def test_what_somebody_could_change_is_not_held(value):
    assert not held(value)
