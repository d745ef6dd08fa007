"""Objects of the application as arguments: what identifies them, and what is refused."""

import collections
import dataclasses
import datetime as dt
import enum
import subprocess
import sys

import pytest
from encoding import one

from cachekit import ArgumentError
from cachekit._native import encode_arguments


class Repository:
    def method(self, x): ...


class Colour(enum.Enum):
    RED = 1
    ALSO_RED = 1  # noqa: PIE796 - an alias


class Number(enum.IntEnum):
    ONE = 1


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Point:
    x: int
    y: object = None


@dataclasses.dataclass(frozen=True)
class Vertex:
    x: int
    y: object = None


class Labelled(Point):
    pass


class Email(str):  # noqa: SLOT000 - with a __dict__
    pass


class Tagged(str):
    __slots__ = ("tag",)


class TaggedDict(dict):
    __slots__ = ("__dict__", "tag")


class Moment(dt.datetime):
    def isoformat(self, *_args):
        return "whatever"


Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024


class User:
    def __init__(self, identity):
        self.identity = identity

    def __cache_key__(self):
        return self.identity


class Guest(User):
    pass


class Opaque:
    pass


NAME = f"{__name__}.".encode()


def instance(name, content):
    qualified = NAME + name
    return b"o" + bytes([len(qualified)]) + qualified + content


def test_classes_of_the_application():
    assert one(Colour.RED) == one(Colour.ALSO_RED) == instance(b"Colour", b"s\x03RED")
    assert one(Number.ONE) == instance(b"Number", b"s\x03ONE")
    assert one(Permission.READ | Permission.WRITE) == instance(b"Permission", b"+\x01\x03")
    assert one(Point(1, "a")) == instance(b"Point", b"{s\x01x+\x01\x01s\x01ys\x01a}")
    assert one(Vertex(1, "a")) == instance(b"Vertex", b"{s\x01x+\x01\x01s\x01ys\x01a}")
    assert one(Email("a")) == instance(b"Email", b"(s\x01a{})")
    assert one(Pair(1, 2)) == instance(b"Pair", b"((+\x01\x01+\x01\x02){})")
    assert one(User(5)) == instance(b"User", b"+\x01\x05")
    assert one(Guest(5)) == instance(b"Guest", b"+\x01\x05")
    assert one(User) == b"x\x05class" + b"s" + bytes([len(NAME) + 4]) + NAME + b"User"


def test_attributes_of_a_derived_type_count():
    plain, marked = Email("a"), Email("a")
    marked.verified = True
    assert one(plain) != one(marked)


def test_a_derived_type_is_read_beneath_its_own_methods():
    moment = Moment(2024, 1, 1)
    assert one(dt.datetime(2024, 1, 1)) in one(moment)


class Odd(int):
    def __index__(self):
        return 0

    def __lt__(self, _other):
        return True


def test_a_derived_int_is_its_own_value():
    assert b"+\x01\x05" in one(Odd(5))
    assert one(2**70)[1:] in one(Odd(2**70))


def local_class():
    @dataclasses.dataclass
    class Local:
        x: int = 1

    return Local


def keyed_local_class():
    class Local:
        def __cache_key__(self):
            return 1

    return Local


recursive: list = []
recursive.append(recursive)


class Zone(dt.tzinfo):
    def utcoffset(self, _when):
        return dt.timedelta(0)


REFUSED = [
    (Opaque(), "'v' (of type {}Opaque): nothing about it"),
    ([{"k": (1, Opaque())}], "'v'[0][…][1] (of type {}Opaque)"),
    ({Opaque()}, "'v'{{…}} (of type {}Opaque)"),
    (Point(1, [Opaque()]), "'v'.y[0] (of type {}Opaque)"),
    (User(Opaque()), "'v'.__cache_key__() (of type {}Opaque)"),
    (Labelled(1), "(of type {}Labelled)"),
    (Tagged("x"), "may hold more than the type it is derived from"),
    (TaggedDict(), "may hold more than the type it is derived from"),
    (local_class()(), "defined inside a function"),
    (local_class(), "defined inside a function"),
    (lambda: None, "(of type function)"),
    (recursive, "nests deeper than 127 levels, or contains itself"),
    (dt.datetime(2024, 1, 1, tzinfo=Zone()), "'v'.tzinfo (of type {}Zone)"),
    (collections.defaultdict(lambda: 0), "'v'.default_factory (of type function)"),
    ((n for n in ()), "(of type generator)"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_what_cannot_be_a_key_is_refused_with_the_ways_out(value, message):
    with pytest.raises(ArgumentError) as refused:
        one(value)
    text = str(refused.value)
    assert isinstance(refused.value, TypeError)
    assert message.format(f"{__name__}.") in text
    for way_out in ("__cache_key__()", "key=", 'ignore=("v",)'):
        assert way_out in text
    assert "0x" not in text


def test_a_refusal_shows_no_data():
    with pytest.raises(ArgumentError) as refused:
        one({"jane@example.org": Opaque()})
    assert "jane" not in str(refused.value)


def test_a_method_asks_for_self_by_name():
    with pytest.raises(ArgumentError, match=r"Repository\.method\(\) .* argument 'self'"):
        encode_arguments(Repository.method, (Repository(), 1))
    assert encode_arguments(Repository.method, (Repository(), 1), ignore=["self"])


def test_a_local_class_may_vouch_for_itself():
    assert one(keyed_local_class()()).endswith(b"+\x01\x01")


def test_the_class_of_a_cached_classmethod_is_known_by_its_function():
    class Local:
        @classmethod
        def make(cls, x): ...

    assert encode_arguments(Local.make.__func__, (Local, 1))
    with pytest.raises(ArgumentError):
        encode_arguments(Local.make.__func__, (local_class(), 1))


def test_what_a_cache_key_raises_is_raised():
    class Broken:
        def __cache_key__(self):
            raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        one(Broken())


def test_a_script_is_known_by_its_path(tmp_path):
    script = tmp_path / "tool.py"
    script.write_text(
        "import enum\n"
        "from cachekit._native import encode_arguments\n"
        "class E(enum.Enum): A = 1\n"
        "print(encode_arguments(lambda v: 0, (E.A,)).hex())\n"
    )
    run = [sys.executable, "-W", "error", str(script)]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert str(script).encode() + b".E" in bytes.fromhex(printed)


def test_naming_arguments_imports_nothing():
    code = (
        "import sys\n"
        "from cachekit._native import encode_arguments\n"
        "class C: pass\n"
        "before = set(sys.modules)\n"
        "encode_arguments(lambda *v: 0, (1, 'a', [1.5, {b'x': None}], (True,), {1}, C))\n"
        "new = set(sys.modules) - before\n"
        "print(*sorted(new & {'decimal', 'uuid', 'fractions', 'pathlib', 'ipaddress'}))\n"
    )
    run = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "\n"


def test_numpy_scalars():
    numpy = pytest.importorskip("numpy")
    scalars = [numpy.int64(1), numpy.int32(1), numpy.float64(1), numpy.bool_(1), numpy.str_("1"), 1]
    assert len({one(scalar) for scalar in scalars}) == len(scalars)
    with pytest.raises(ArgumentError):
        one(numpy.longdouble(1))


def test_a_timestamp_of_pandas_is_more_than_a_datetime():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ArgumentError, match="may hold more"):
        one(pandas.Timestamp("2024-01-01"))
