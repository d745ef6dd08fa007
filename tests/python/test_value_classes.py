"""Classes come back as themselves, and only those that the function names."""

import collections
import dataclasses
import enum
import functools
import typing

import attrs
import msgspec
import pydantic
import pytest

from cachekit.exceptions import SerializationError
from cachekit.serializers import DefaultSerializer

T = typing.TypeVar("T")


class Colour(enum.Enum):
    RED = 1
    GREEN = (1, 2)
    ROUGE = 1  # noqa: PIE796 - an alias


class Level(enum.IntEnum):
    LOW = 1


class Word(str, enum.Enum):
    YES = "yes"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    A = 1


Point = collections.namedtuple("Point", "x y")


class Named(typing.NamedTuple):
    name: str
    inner: Point | None = None


@dataclasses.dataclass
class Plain:
    number: int
    inner: "Frozen | None" = None
    items: list = dataclasses.field(default_factory=list)
    computed: int = dataclasses.field(init=False, default=3)
    secret: str = dataclasses.field(default="s", repr=False, compare=False)
    shared: typing.ClassVar[int] = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    text: str
    more: tuple = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Inherits(Frozen):
    last: int = 0


@dataclasses.dataclass
class Counted:
    made: typing.ClassVar[int] = 0
    number: int

    def __post_init__(self):
        type(self).made += 1
        self.number += 1


@dataclasses.dataclass
class Lazy:
    number: int

    @functools.cached_property
    def double(self):
        return self.number * 2


@dataclasses.dataclass
class Box(typing.Generic[T]):
    content: T


@dataclasses.dataclass
class Private:
    __slots__ = ("__hidden", "shown")
    shown: int

    def hide(self, value):
        self.__hidden = value
        return self

    def found(self):
        return self.__hidden


@attrs.define
class Attrs:
    number: int
    _private: str = "p"


@attrs.frozen(cache_hash=True)
class Hashed:
    text: str


@attrs.define(slots=False)
class Loose:
    number: int


class Struct(msgspec.Struct):
    number: int
    text: str = "x"


class Counting(msgspec.Struct, frozen=True):
    number: int

    def __post_init__(self):
        msgspec.structs.force_setattr(self, "number", self.number + 1)


class Keywords(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag=True):
    first_name: str
    inner: Struct | None = None


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    number: int
    items: list[int] = []
    _private: int = pydantic.PrivateAttr(5)
    _unset: int = pydantic.PrivateAttr()


class Root(pydantic.RootModel[list[int]]):
    pass


class Generic(pydantic.BaseModel, typing.Generic[T]):
    content: T


@pydantic.dataclasses.dataclass
class Validated:
    number: int


VALUES = [
    Colour.RED,
    Colour.GREEN,
    Level.LOW,
    Word.YES,
    Right.READ | Right.WRITE,
    Right(0),
    Bits(9),
    Point(1, (2,)),
    Named("a", Point(1, 2)),
    Plain(1),
    Plain(1, Frozen("x"), [Plain(2)]),
    Frozen("a", (1,)),
    Inherits("a", (), 5),
    Box([1]),
    Box[int](1),
    Attrs(1, "q"),
    Hashed("a"),
    Loose(1),
    Struct(1),
    Counting(1),
    Keywords(first_name="a", inner=Struct(2)),
    Model(number=1),
    Model(number=1, items=[1], extra=[2]),
    Model.model_construct(number="wrong"),
    Root([1]),
    Generic[int](content=1),
    Validated(1),
]
CLASSES = list({type(value) for value in VALUES}) + [
    Counted, Lazy, Private, Colour,
]  # fmt: skip
SERIALIZER = DefaultSerializer(allow=CLASSES)


def back(value, serializer=SERIALIZER):
    return serializer.deserialize(serializer.serialize(value))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_comes_back_as_it_was(value):
    for form in [value, [value, value], {"key": (value,)}]:
        again = back(form)
        assert again == form
        assert repr(again) == repr(form)
    assert type(back(value)) is type(value)


def test_a_root_model_has_no_more_state_than_it_had():
    assert back(Root([1])).__dict__ == Root([1]).__dict__


def test_members_are_the_members():
    assert back(Colour.ROUGE) is Colour.RED
    assert back({Colour.GREEN: Level.LOW}) == {Colour.GREEN: Level.LOW}
    assert type(back(Level.LOW)) is Level


def test_what_a_comparison_does_not_see():
    assert back(Plain(1, secret="hidden")).secret == "hidden"
    model = Model(number=1)
    model._private = 9
    again = back(model)
    assert again._private == 9
    assert again.model_fields_set == {"number"}
    assert not hasattr(again, "_unset")
    assert back(Private(5).hide(6)).found() == 6


def test_instances_are_put_together_without_running_the_class():
    value = Counted(1)
    made = Counted.made
    assert back(value).number == 2
    assert Counted.made == made


def test_state_besides_the_fields_comes_too():
    value = Lazy(4)
    assert value.double == 8
    value.note = "extra"
    again = back(value)
    assert again.__dict__ == {"number": 4, "double": 8, "note": "extra"}


def test_a_field_that_was_deleted_stays_deleted():
    value = Plain(1)
    del value.items
    again = back(value)
    assert again.number == 1
    assert not hasattr(again, "items")


def test_a_cached_hash_is_not_carried_to_a_process_where_it_is_wrong():
    value = Hashed("a")
    hash(value)
    assert back(value)._attrs_cached_hash is None
    assert hash(back(value)) == hash(value)


def test_a_thousand_instances_name_their_class_once():
    data = SERIALIZER.serialize([Frozen("a")] * 1000)
    assert data.count(b"Frozen") == 1
    assert SERIALIZER.deserialize(data) == [Frozen("a")] * 1000


class WithAttributes(Point):
    pass


class Builtin(dict):
    pass


@dataclasses.dataclass
class OnADict(dict):
    number: int = 0


def test_what_would_be_lost_is_refused():
    extended = WithAttributes(1, 2)
    extended.note = "extra"
    serializer = DefaultSerializer(allow=[WithAttributes])
    assert back(WithAttributes(1, 2), serializer) == (1, 2)
    with pytest.raises(SerializationError, match="attributes besides"):
        serializer.serialize(extended)
    with pytest.raises(SerializationError, match="OnADict is not a type"):
        SERIALIZER.serialize(OnADict(1))


def test_the_path_goes_through_attributes():
    with pytest.raises(SerializationError) as caught:
        SERIALIZER.serialize({"rows": [Plain(1), Plain(2, items=[object()])]})
    assert str(caught.value).startswith("result['rows'][1].items[0]: object ")


# Which classes ----------------------------------------------------------------------------------


def test_a_class_that_nobody_named_is_refused_when_it_is_written():
    with pytest.raises(SerializationError, match="Plain would not be rebuilt"):
        DefaultSerializer().serialize([Plain(1)])


def test_a_class_that_nobody_named_is_refused_when_it_is_read():
    data = SERIALIZER.serialize(Box(1))
    with pytest.raises(SerializationError, match="does not name"):
        DefaultSerializer(allow=[Plain]).deserialize(data)


def test_naming_a_class_names_those_of_its_fields():
    serializer = DefaultSerializer(allow=[Plain, Named, Keywords])
    for value in [Frozen("a"), Point(1, 2), Struct(1)]:
        assert back(value, serializer) == value


def test_a_class_of_the_same_name_is_another_class():
    def make():
        @dataclasses.dataclass
        class Local:
            number: int

        return Local

    one, other = make(), make()
    serializer = DefaultSerializer(allow=[one])
    assert type(back(one(1), serializer)) is one
    with pytest.raises(SerializationError, match="would not be rebuilt"):
        serializer.serialize(other(1))


def test_a_class_whose_fields_changed_is_refused():
    def version(*fields):
        made = dataclasses.make_dataclass("Row", fields)
        made.__module__, made.__qualname__ = __name__, "Row"
        return made

    old, new = version("a", "b"), version("a", "c")
    data = DefaultSerializer(allow=[old]).serialize(old(1, 2))
    with pytest.raises(SerializationError, match="has other fields"):
        DefaultSerializer(allow=[new]).deserialize(data)


@pytest.mark.parametrize("wrong", [int, dict, Builtin, Exception, object], ids=lambda c: c.__name__)
def test_only_classes_that_can_be_rebuilt_may_be_allowed(wrong):
    with pytest.raises(TypeError, match="allow= takes"):
        DefaultSerializer(allow=[wrong])


def test_only_classes_may_be_allowed():
    with pytest.raises(TypeError, match="allow= takes classes"):
        DefaultSerializer(allow=[Plain(1)])
