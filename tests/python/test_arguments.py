"""How a call becomes bytes: every spelling, every type, and what is refused."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import http
import importlib.util
import inspect
import ipaddress
import json
import math
import pathlib
import re
import struct
import subprocess
import sys
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachekit import ArgumentError, ConfigurationError
from cachekit._native import encode_arguments

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


def load(name):
    spec = importlib.util.spec_from_file_location(name, VECTORS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load("check_arguments")
vectors = json.loads((VECTORS / "arguments.json").read_text(encoding="utf-8"))


def one(value):
    """The encoding of one value."""

    def f(v): ...

    return encode_arguments(f, (value,)).removeprefix(b"{s\x01v").removesuffix(b"}")


def as_called(function, *args, **kwargs):
    return encode_arguments(function, args, kwargs)


# Spellings


def spelled(x, y=2): ...


def every_kind(a, b=(), /, c=3, *args, d, e=None, **more):
    return dict(locals())


def test_four_spellings_are_one_encoding():
    spellings = [((1,), {}), ((1, 2), {}), ((), {"x": 1}), ((), {"y": 2, "x": 1}), ((1,), {"y": 2})]
    assert {encode_arguments(spelled, args, kwargs) for args, kwargs in spellings} == {
        b"{s\x01x+\x01\x01s\x01y+\x01\x02}"
    }


@given(
    st.lists(st.integers(0, 3), max_size=6),
    st.dictionaries(st.sampled_from("abcdexyz"), st.integers(0, 3), max_size=6),
)
def test_a_call_is_what_the_interpreter_makes_of_it(args, kwargs):
    try:
        bound = every_kind(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError):
            as_called(every_kind, *args, **kwargs)
    else:
        assert as_called(every_kind, *args, **kwargs) == reference.value(describe(bound))


def no_arguments(): ...


def keywords_only(*, key): ...


class Repository:
    def method(self, x): ...


WRONG = [
    (spelled, (), {}),
    (spelled, (1, 2, 3), {}),
    (spelled, (1,), {"x": 1}),
    (spelled, (1,), {"z": 1}),
    (no_arguments, (1,), {}),
    (keywords_only, (), {}),
    (keywords_only, (1,), {"key": 1}),
    (every_kind, (1,), {}),
    (every_kind, (), {"a": 1, "d": 1}),
    (every_kind, (1, 2, 3), {"c": 1, "d": 1}),
    (Repository.method, (1, 2, 3), {}),
    (lambda x: None, (), {}),
]


@pytest.mark.parametrize(("function", "args", "kwargs"), WRONG)
def test_a_wrong_call_raises_what_the_function_raises(function, args, kwargs):
    with pytest.raises(TypeError) as real:
        function(*args, **kwargs)
    with pytest.raises(TypeError) as ours:
        encode_arguments(function, args, kwargs)
    assert str(ours.value) == str(real.value)
    assert type(ours.value) is TypeError


def test_a_wrong_call_never_runs_the_function():
    def lenient(*args):
        raise AssertionError

    lenient.__signature__ = inspect.signature(lambda x: None)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        encode_arguments(lenient, ())


def test_ignored_parameters_do_not_count():
    def query(db, user_id, *rest, **options): ...

    ignore = ["db", "rest", "options"]
    plain = encode_arguments(query, (object(), 5), ignore=ignore)
    assert plain == encode_arguments(query, (object(), 5, 6), {"trace": object()}, ignore=ignore)
    assert plain == b"{s\x07user_id+\x01\x05}"


def test_a_default_that_changes_is_encoded_at_each_call():
    seen = [1]

    def f(x=seen): ...

    before = encode_arguments(f)
    seen.append(2)
    assert encode_arguments(f) == encode_arguments(f, ([1, 2],)) != before


def test_a_default_of_object_stands_for_itself():
    missing = object()

    def f(x, default=missing): ...

    assert encode_arguments(f, (1,)) == encode_arguments(f, (1, missing))
    assert encode_arguments(f, (1,)) != encode_arguments(f, (1, None))
    with pytest.raises(ArgumentError):
        encode_arguments(f, (1, object()))


# Values

NAMES = {
    "collections": collections, "datetime": dt, "decimal": decimal, "fractions": fractions,
    "http": http, "ipaddress": ipaddress, "pathlib": pathlib, "re": re, "struct": struct,
    "uuid": uuid, "zoneinfo": zoneinfo,
}  # fmt: skip


@pytest.mark.parametrize(
    "vector", [v for v in vectors["values"] if "python" in v], ids=lambda v: v["name"]
)
def test_known_answers(vector):
    assert one(eval(vector["python"], NAMES)).hex() == vector["hex"]  # our own text


def describe(value):
    """A Python value in the words of the vectors."""
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, (bool, type(None))):
        return {"none": None} if value is None else {"bool": value}
    if isinstance(value, (list, tuple, set)):
        return {type(value).__name__: [describe(item) for item in value]}
    if isinstance(value, frozenset):
        return {"standard": ["frozenset", describe(set(value))]}
    if isinstance(value, dict):
        return {"map": [[describe(k), describe(v)] for k, v in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, int):
        return {"int": str(value)}
    return {"utf8": value.encode("utf-8", "surrogatepass").hex()}


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


# Classes of the application


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


# Options


def fetch(user, page=1): ...


def test_a_template_is_its_text_and_the_typed_values():
    def keyed(*args):
        return encode_arguments(fetch, args, key="user:{user.identity}:{page}")

    assert keyed(User(5)) == b"x\x03key(s\x1buser:{user.identity}:{page}+\x01\x05+\x01\x01)"
    assert keyed(User(5)) == keyed(User(5), 1)
    assert keyed(User("5")) != keyed(User(5))
    assert keyed(User("a:1"), 2) != keyed(User("a"), "1:2")


def test_braces_are_doubled():
    assert encode_arguments(fetch, (1,), key="{{x}}") == b"x\x03key(s\x05{{x}})"


def test_a_callable_gets_the_call_and_gives_the_key():
    def key(user, page=7):
        return user.identity, page

    assert encode_arguments(fetch, (User(5),), key=key) == b"x\x03key(+\x01\x05+\x01\x07)"
    with pytest.raises(ArgumentError, match=r"fetch\(\) .* what its key= gives"):
        encode_arguments(fetch, (User(5),), key=lambda user: Opaque())


def test_a_wrong_call_is_wrong_before_the_key_is_made():
    with pytest.raises(TypeError, match=r"fetch\(\) missing 1 required positional argument"):
        encode_arguments(fetch, (), key=lambda: pytest.fail("asked for a key"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "{usr}"}, 'did you mean "user"?'),
        ({"key": "{tenant_name}"}, "it takes user, page"),
        ({"key": "{page:d}"}, "formats do not apply"),
        ({"key": "{}"}, "a field is a parameter's name"),
        ({"key": "{user[0]}"}, "a field is a parameter's name"),
        ({"key": "{page!r}"}, "a field is a parameter's name"),
        ({"key": "user:{page"}, "not closed"),
        ({"key": "user:page}"}, "not closed, or not opened"),
        ({"key": 5}, "a template such as"),
        ({"ignore": ["usr"]}, 'did you mean "user"?'),
        ({"ignore": ["page"], "key": "{user}"}, "does nothing beside key="),
    ],
)
def test_options_are_checked_when_the_function_is_decorated(options, message):
    with pytest.raises(ConfigurationError) as refused:
        encode_arguments(fetch, (1,), **options)
    assert message in str(refused.value)
