"""The shape of what a function returns is part of its entries' names."""

import dataclasses
import enum
import sys
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


def defined(text, **names):
    """What a text defines: syntax that not every version has, names that nobody has."""
    exec(text, names)
    return names


@pytest.mark.parametrize("parameters", ["", "session: 'Unknown'"])
def test_a_parameter_of_an_unknown_type_hides_nothing(parameters):
    found = defined(f"def f({parameters}) -> 'Point': ...", Point=point(("x", int)))
    assert fingerprint(found["f"]) == "app.Point{x:builtins.int}"


def test_a_field_of_an_unknown_type_hides_no_other():
    told = of(point(("session", "Unknown"), ("x", "int")))
    assert told == "app.Point{session:Unknown,x:builtins.int}"


def test_the_variables_of_an_enclosing_function():
    local = point(("x", int))

    def f() -> "list[local]":
        return local

    assert fingerprint(f) == "builtins.list[app.Point{x:builtins.int}]"


class Itself:
    def __getattr__(self, name):
        return self


class Raises:
    def __getattr__(self, name):
        raise RuntimeError(name)


class Broken(type):
    def __getattr__(cls, name):
        raise RuntimeError(name)

    def __hash__(cls):
        raise RuntimeError


class Unshown:
    def __repr__(self):
        raise ValueError


def nested(depth):
    annotation = int
    for _ in range(depth):
        annotation = list[annotation]
    return annotation


UNREADABLE = [
    *(Itself(), Raises(), Broken("Class", (), {}), Unshown(), typing.Literal["\ud800"]),
    *("\ud800", "\ud800" * 200, "no[", 5, [int], nested(400)),
]


@pytest.mark.parametrize("annotation", UNREADABLE, ids=lambda it: type(it).__name__)
def test_whatever_the_annotation_is_the_call_is_made(annotation, namespace, body):
    def f():
        return body([1])

    f.__annotations__["return"] = annotation
    f = cache(backend=None, namespace=namespace)(f)
    assert f() == f() == [1]
    assert body.runs == 1


def test_what_cannot_be_read_hides_nothing_beside_it():
    def beside(told):
        return of(dict[Broken("Class", (), {}), typing.Union[Unshown, told]])

    assert beside(point(("x", int))) == beside(point(("x", int))) != beside(point(("x", str)))
    assert of(nested(20)) != of(nested(21))
    assert of(nested(400)) == of(nested(401))


def test_a_reference_to_itself():
    found = defined("Json = dict[str, 'Json'] | None\ndef f() -> 'Json': ...")
    assert fingerprint(found["f"]).startswith("Union[builtins.dict[builtins.str,")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type aliases are statements since 3.12")
def test_type_aliases():
    found = defined(
        "type Json = dict[str, Json] | list[Json] | str | int | None\n"
        "type Tree[T] = T | list[Tree[T]]\n"
        "type Doubled = tuple[Doubled, Doubled]\n"
        "type Itself = Itself\n"
        "type Bad = Undefined\n"
        "def f[P: Point]() -> 'list[P]': ...\n",
        Point=point(("x", int)),
    )
    assert of(found["Json"]) == (
        "Union[builtins.dict[builtins.str,Json],builtins.list[Json],builtins.str,builtins.int,None]"
    )
    assert of(found["Tree"][point(("x", int))]) == (
        "Union[T,builtins.list[Tree[T]]][app.Point{x:builtins.int}]"
    )
    assert of(found["Doubled"]) == "builtins.tuple[Doubled,Doubled]"
    assert (of(found["Itself"]), of(found["Bad"])) == ("Itself", "Bad")
    assert fingerprint(found["f"]) == "builtins.list[app.Point{x:builtins.int}]"


def test_a_version_and_a_shape_are_part_of_the_name(memory_url, namespace):
    def key(annotation, **options):
        def f(x): ...

        f.__annotations__["return"] = annotation
        f.__qualname__ = "f"
        return cache(backend=memory_url, namespace=namespace, **options)(f).key(1)

    shaped = [key(point(("x", int))), key(point(("y", int))), key(int, version=2), key(int)]
    assert len(set(shaped)) == 4
    assert key(point(("x", int)), name="shared") == key(point(("y", int)), name="shared")
