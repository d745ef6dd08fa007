"""A cached function still looks like the function."""

import asyncio
import copy
import functools
import gc
import inspect
import pickle
import typing
import weakref

import pytest

from cachekit import cache


@cache(backend=None)
def documented(x: int, *, y: "str" = "a") -> list[int]:
    """Says what it does."""
    return [x]


documented.mark = "set on the handle"


@cache(backend=None)
async def coroutine(x: int) -> int:
    """Awaited."""
    return x


def test_the_attributes_of_functools_wraps():
    assert documented.__name__ == "documented"
    assert documented.__qualname__ == "documented"
    assert documented.__module__ == __name__
    assert documented.__doc__ == "Says what it does."
    assert documented.__wrapped__.__name__ == "documented"
    assert documented.__wrapped__(3) == [3]
    assert documented.__annotations__ == {"x": int, "y": "str", "return": list[int]}
    assert typing.get_type_hints(documented) == {"x": int, "y": str, "return": list[int]}
    assert documented.__code__ is documented.__wrapped__.__code__
    assert documented.__kwdefaults__ == {"y": "a"}
    assert documented.__defaults__ is None
    assert documented.__globals__ is globals()
    assert documented.mark == "set on the handle"
    with pytest.raises(AttributeError, match="'Cached' object has no attribute 'missing'"):
        documented.missing


def test_attributes_of_the_function_are_kept():
    def f():
        return 1

    f.route = "/f"
    handle = cache(backend=None)(f)
    assert handle.route == "/f"
    handle.route = "/g"
    assert (handle.route, f.route) == ("/g", "/f")


def test_signatures():
    assert str(inspect.signature(documented)) == "(x: int, *, y: 'str' = 'a') -> list[int]"
    assert inspect.getdoc(documented) == "Says what it does."
    assert inspect.unwrap(documented) is documented.__wrapped__
    assert inspect.getsource(documented).startswith("@cache")


def test_coroutine_functions_are_seen_as_such():
    assert inspect.iscoroutinefunction(coroutine)
    assert not inspect.iscoroutinefunction(documented)
    assert inspect.iscoroutinefunction(functools.partial(coroutine, 1))
    call = coroutine(1)
    assert inspect.iscoroutine(call)
    assert inspect.isawaitable(call)
    assert asyncio.run(call) == 1
    assert callable(documented)


def test_pickled_by_name():
    for handle in (documented, coroutine):
        assert pickle.loads(pickle.dumps(handle)) is handle
        assert copy.copy(handle) is copy.deepcopy(handle) is handle


def test_a_local_function_is_not_pickled():
    @cache(backend=None)
    def local():
        return 1

    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(local)


def test_handles_can_be_referred_to_weakly_and_hashed():
    assert weakref.ref(documented)() is documented
    assert {documented: 1}[documented] == 1
    assert documented != coroutine


def test_repr():
    assert repr(documented) == f"<cached function {__name__}.documented>"


def test_what_wraps_a_handle_keeps_it():
    @functools.wraps(documented)
    def outer(*args, **kwargs):
        return documented(*args, **kwargs)

    assert outer(4) == [4]
    assert str(inspect.signature(outer)).startswith("(x: int")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_handle_in_a_cycle_is_collected(colour):
    def make():
        if colour == "sync":

            @cache(backend=None)
            def f(x):
                return f(x - 1) if x else 0
        else:

            @cache(backend=None)
            async def f(x):
                return await f(x - 1) if x else 0

        return f

    seen = weakref.ref(make())
    gc.collect()
    assert seen() is None
