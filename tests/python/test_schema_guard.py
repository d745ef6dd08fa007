"""The shape of what a function returns is part of its entries' names."""

import dataclasses
import enum
import typing

import pytest

from cachekit import cache
from cachekit._shape import fingerprint


def of(annotation):
    def f(): ...

    f.__annotations__["return"] = annotation
    return fingerprint(f)


def point(*fields, name="Point"):
    made = dataclasses.make_dataclass(name, fields)
    made.__module__ = "app"
    return made


class Colour(enum.Enum):
    RED = 1


class Row(typing.TypedDict, total=False):
    id: int


class Node:
    child: "Node | None"


Node = dataclasses.dataclass(Node)
Identity = typing.NewType("Identity", int)


def test_a_shape_is_a_text():
    assert of(int) == "builtins.int"
    assert of(None) == "None"
    assert of(list[dict[str, int]]) == "builtins.list[builtins.dict[builtins.str,builtins.int]]"
    assert of(point(("x", int))) == "app.Point{x:builtins.int}"
    assert of(int | None) == of(typing.Optional[int]) == "Union[builtins.int,None]"
    assert of(typing.Annotated[int, object()]) == of(Identity) == "builtins.int"
    assert of(Colour).endswith(".Colour")
    assert of("not.Resolved") == "not.Resolved"
    assert of(Row).endswith(".Row{id:builtins.int}")
    assert of(Node).endswith(".Node]}".replace("]}", ",None]}"))


def test_a_function_without_an_annotation_has_none():
    assert fingerprint(lambda: 1) == ""


@pytest.mark.parametrize(
    "other",
    [
        point(("x", int), ("y", int)),
        point(("y", int)),
        point(("x", str)),
        point(("x", int), name="Other"),
        point(("x", point(("x", int), name="Inner"))),
    ],
)
def test_another_shape_is_another_fingerprint(other):
    assert of(list[point(("x", int))]) != of(list[other])


def test_methods_and_defaults_do_not_matter():
    plain = point(("x", int))
    more = dataclasses.make_dataclass("Point", [("x", int, 5)], namespace={"norm": lambda self: 1})
    more.__module__ = "app"
    assert of(plain) == of(more)


def test_a_long_shape_is_hashed():
    assert len(of(point(*((f"a_rather_long_field_{i}", int) for i in range(20))))) == 64


def test_a_class_may_be_defined_after_the_function():
    def later() -> "Later": ...  # noqa: F821

    before = fingerprint(later)
    later.__globals__["Later"] = point(("x", int), name="Later")
    assert (before, fingerprint(later)) == ("Later", "app.Later{x:builtins.int}")


def test_a_version_and_a_shape_are_part_of_the_name(memory_url, namespace):
    def key(annotation, **options):
        def f(x): ...

        f.__annotations__["return"] = annotation
        f.__qualname__ = "f"
        return cache(backend=memory_url, namespace=namespace, **options)(f).key(1)

    shaped = [key(point(("x", int))), key(point(("y", int))), key(int, version=2), key(int)]
    assert len(set(shaped)) == 4
    assert key(point(("x", int)), name="shared") == key(point(("y", int)), name="shared")
