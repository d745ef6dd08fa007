"""Classes that a shared entry may be read as, with what Rust writes for each."""

import collections
import dataclasses
import datetime as dt
import enum
import typing
import uuid

import attrs
import msgspec
import pydantic

T = typing.TypeVar("T")


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclasses.dataclass
class Wider(Point):
    z: int = 3


@dataclasses.dataclass
class Other:
    x: int
    y: int = 0


class Colour(enum.Enum):
    RED = "r"
    GREEN = "RED"


class Level(enum.IntEnum):
    LOW = 1


class Word(str, enum.Enum):
    YES = "yes"


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    A = 1
    B = 8


class Pair(typing.NamedTuple):
    a: int
    b: tuple[int, ...] = ()


@attrs.define
class Underscored:
    _private: int
    b: int = 2


@attrs.frozen
class AttrsLater:
    a: int
    b: uuid.UUID = attrs.field(init=False)

    def __attrs_post_init__(self):
        object.__setattr__(self, "b", uuid.UUID(int=0))


@dataclasses.dataclass(frozen=True, slots=True)
class DataLater:
    a: int
    b: uuid.UUID = dataclasses.field(init=False)


@dataclasses.dataclass
class WithInitVar:
    a: int
    extra: dataclasses.InitVar[int] = 3


class Renamed(msgspec.Struct, rename="camel"):
    my_field: int


class Tagged(msgspec.Struct, tag="tagged"):
    a: int


class Aliased(pydantic.BaseModel):
    a: int = pydantic.Field(alias="AA")
    b: int = pydantic.Field(default=5, validation_alias=pydantic.AliasChoices("bb", "bbb"))


class Deep(pydantic.BaseModel):
    a: int = pydantic.Field(default=5, validation_alias=pydantic.AliasPath("outer", 0))


class ByName(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(populate_by_name=True, extra="allow")

    a: int = pydantic.Field(alias="AA")


class Patient(pydantic.BaseModel):
    colour: Colour
    number: uuid.UUID
    points: list[Point]
    given: Underscored | None = None
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)


class Root(pydantic.RootModel[list[Colour]]):
    pass


class Row(typing.TypedDict, total=False):
    id: uuid.UUID
    rows: "list[Row]"


class Plain(typing.TypedDict):
    id: int


@dataclasses.dataclass
class Box(typing.Generic[T]):
    value: T
    more: list[T] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Narrowed(Box[list[T]], typing.Generic[T]):
    one: T | None = None


@dataclasses.dataclass
class OfPoints(Narrowed[Point]):
    pass


@dataclasses.dataclass
class Node:
    label: int
    children: "list[Node]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Unkept:
    length: dt.timedelta


class FromElsewhere:
    """What no serializer keeps."""


ORDERED = collections.OrderedDict(a=Point(1))
DEFAULTING = collections.defaultdict(list, a=Point(1))
BOUNDED = collections.deque([Point(1)], maxlen=3)
NUMBER = uuid.UUID(int=7)
