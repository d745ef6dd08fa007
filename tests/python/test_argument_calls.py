"""How a call becomes bytes: every spelling is one, and wrong calls are the interpreter's."""

import inspect

import pytest
from encoding import describe, reference
from hypothesis import given
from hypothesis import strategies as st

from cachekit import ArgumentError
from cachekit._native import encode_arguments


def as_called(function, *args, **kwargs):
    return encode_arguments(function, args, kwargs)


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
