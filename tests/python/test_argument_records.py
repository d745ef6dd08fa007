"""attrs classes, structs and models as arguments: the map of their fields, as of a dataclass."""

from typing import Any

import pytest
from encoding import one

from cachekit import ArgumentError

attrs = pytest.importorskip("attrs")
msgspec = pytest.importorskip("msgspec")
pydantic = pytest.importorskip("pydantic")


@attrs.define
class Attrs:
    x: int
    y: Any = None


@attrs.frozen(slots=False)
class Frozen:
    x: int
    y: Any = None


class Struct(msgspec.Struct):
    x: int
    y: Any = None


class Tagged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    x: int
    y: Any = None


class Model(pydantic.BaseModel):
    x: int
    y: Any = None


class FrozenModel(pydantic.BaseModel, frozen=True):
    x: int
    y: Any = None


@pydantic.dataclasses.dataclass
class Checked:
    x: int
    y: Any = None


CLASSES = [Attrs, Frozen, Struct, Tagged, Model, FrozenModel, Checked]


@pytest.mark.parametrize("cls", CLASSES)
def test_an_object_is_its_class_and_the_map_of_its_fields(cls):
    qualified = f"{__name__}.{cls.__qualname__}".encode()
    content = b"{s\x01x+\x01\x01s\x01ys\x01a}"
    assert one(cls(x=1, y="a")) == b"o" + bytes([len(qualified)]) + qualified + content


@pytest.mark.parametrize("cls", CLASSES)
def test_fields_count_all_the_way_down(cls):
    assert one(cls(x=1, y=[cls(x=2)])) != one(cls(x=1, y=[cls(x=3)]))
    with pytest.raises(ArgumentError, match=r"'v'\.y\[0\] \(of type object\)"):
        one(cls(x=1, y=[object()]))


def test_no_two_kinds_of_object_are_one():
    assert len({one(cls(x=1)) for cls in CLASSES}) == len(CLASSES)


class Open(pydantic.BaseModel, extra="allow"):
    x: int
    _seen: int = pydantic.PrivateAttr()


def test_what_a_model_has_beyond_its_fields_counts():
    plain, more, seen = Open(x=1), Open(x=1, z=2), Open(x=1)
    seen._seen = 5
    assert len({one(plain), one(more), one(seen)}) == 3
    assert one(plain).endswith(b"{s\x01x+\x01\x01}")


class Plain(Attrs):
    """Not an attrs class of its own: its instances have a `__dict__` of which no field tells."""


def test_a_plain_subclass_of_an_attrs_class_may_hold_more():
    with pytest.raises(ArgumentError, match="Plain"):
        one(Plain(1))
