"""A class of every kind that is kept, each with fields for anything."""

import collections
import dataclasses
import enum
import typing

import attrs
import msgspec
import pydantic


class Colour(enum.Enum):
    RED = "r"
    GREEN = (1, "g")


class Level(enum.IntEnum):
    LOW = 1


# `enum.StrEnum` came with Python 3.11.
class Word(*((enum.StrEnum,) if hasattr(enum, "StrEnum") else (str, enum.Enum))):
    YES = "yes"


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    A = 1


class Pair(typing.NamedTuple):
    a: typing.Any
    b: typing.Any


Bare = collections.namedtuple("Bare", "a b")


class Typed(typing.TypedDict, total=False):
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass
class Data:
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: typing.Any
    b: typing.Any


@attrs.define
class Attrs:
    a: typing.Any
    b: typing.Any


@attrs.frozen(slots=False)
class Loose:
    a: typing.Any
    b: typing.Any


class Struct(msgspec.Struct):
    a: typing.Any
    b: typing.Any


class Keywords(msgspec.Struct, frozen=True, kw_only=True, rename="upper", tag=True):
    a: typing.Any
    b: typing.Any


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)

    a: typing.Any
    b: typing.Any


NAMED_TUPLES = [Pair, Bare]
RECORDS = [Data, Frozen, Attrs, Loose, Struct, Keywords, Model]
MEMBERS = [
    *(Colour.RED, Colour.GREEN, Level.LOW, Word.YES),
    *(Permission.READ, Permission(0), Permission.READ | Permission.WRITE, Bits.A, Bits(9)),
]
CLASSES = [Colour, Level, Word, Permission, Bits, *NAMED_TUPLES, *RECORDS]
