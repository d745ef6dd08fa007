"""`backend=` an object: what it is called with, what it may do wrong, and where it runs."""

import asyncio
import logging
import os
import threading
import time

import pytest
from shelves import AsyncFullShelf, AsyncShelf, FullShelf, Shelf

from cachekit import BackendError, Cache, ConfigurationError, cache, configure
from cachekit.testing import RawStore

KINDS = [Shelf, FullShelf, AsyncShelf, AsyncFullShelf]


def shelf_of(store):
    return getattr(store, "shelf", store)


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_finds_what_it_stored(kind, master_key, body):
    store = kind()
    f = cache.secure(name="f", backend=store, l1=False, master_key=master_key)(lambda x: body([x]))
    assert f(1) == f(1) == [1]
    assert body.runs == 1
    assert f.cache_info().store_errors == 0
    stored, _ = shelf_of(store).entries[f.key(1)]
    assert isinstance(stored, bytes)
    f.invalidate(1)
    assert f(1) == [1]
    assert body.runs == 2
    f.cache_clear()
    assert f(1) == [1]
    assert body.runs == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_coroutine_function_too(kind, body):
    store = kind()

    @cache(name="f", backend=store, l1=False)
    async def f(x):
        return body([x])

    async def twice():
        return await f(1), await f(1)

    assert asyncio.run(twice()) == ([1], [1])
    # Another loop, when the first has ended.
    assert asyncio.run(twice()) == ([1], [1])
    assert body.runs == 1
    assert f.cache_info().store_errors == 0


def test_a_sync_function_on_a_loops_thread_with_an_async_store(body):
    f = cache(name="f", backend=AsyncShelf(), l1=False)(lambda x: body([x]))

    async def main():
        return f(1), f(1)

    assert asyncio.run(main()) == ([1], [1])
    assert body.runs == 1


def test_an_async_store_has_one_loop_of_its_own():
    store = AsyncShelf()
    f = cache(name="f", backend=store, l1=False)(lambda x: [x])

    async def main():
        f(1)
        return asyncio.get_running_loop()

    first, second = asyncio.run(main()), asyncio.run(main())
    f(2)
    assert len(store.loops) == 1
    assert not store.loops & {first, second}


def test_a_sync_store_does_not_block_the_callers_loop():
    class Slow(Shelf):
        def get(self, key):
            time.sleep(0.2)
            return super().get(key)

    @cache(name="f", backend=Slow(), l1=False)
    async def f(x):
        return [x]

    async def main():
        ticks, call = 0, asyncio.ensure_future(f(1))
        while not call.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert asyncio.run(main()) > 5


def test_many_is_preferred_and_three_keys_are_one_call(body):
    store = FullShelf()
    f = cache(name="f", backend=store, l1=False)(lambda x: body([x]))
    f(1)
    store.calls.clear()
    f(1)
    assert store.calls == ["get_many", "get", "get", "get"]


def test_one_object_is_one_cache(body):
    store = Shelf()
    f = cache(name="f", backend=store)(lambda x: body([x]))
    g = cache(name="g", backend=store)(lambda x: body([x]))
    f(1), g(1)
    f.cache_clear()
    g(1)
    assert body.runs == 2
    with pytest.raises(ConfigurationError, match="two functions are cached as f"):
        cache(name="f", backend=store)(lambda y: body([y]))


def test_configure_and_a_cache_object_take_one(master_key):
    store = FullShelf()
    configure(backend=store, master_key=master_key)
    entries = Cache.secure(namespace="n")
    entries.set_many({"a": 1, "b": 2})
    assert entries.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    assert store.entries


def test_what_is_missing_is_named():
    class Half:
        def get(self, key):
            return None

        def delete(self, key):
            return False

    with pytest.raises(ConfigurationError, match=r"Half has no set\(key, value, ttl\)"):
        cache(backend=Half())
    with pytest.raises(ConfigurationError, match=r"dict has no set\(key, value, ttl\)"):
        cache(backend={})
    with pytest.raises(ConfigurationError, match=r"Shelf\(\), not Shelf"):
        cache(backend=Shelf)
    with pytest.raises(TypeError, match="get, set and delete"):
        cache(backend=7)


def test_what_does_not_fit_is_named():
    class OtherArguments(Shelf):
        def set(self, key, value):
            pass

    class Mixed(Shelf):
        async def delete(self, key):
            return False

    class HalfComparing(Shelf):
        def compare_and_set(self, key, expected, value, ttl):
            return False

    class BadAddress(Shelf):
        address = "my table"

    class Small(Shelf):
        largest_entry = -1

    for kind, words in (
        (OtherArguments, r"set\(key, value\) is called as set\(key, value, ttl\), by position"),
        (Mixed, "delete is `async def` and get is not"),
        (HalfComparing, r"no compare_and_delete\(key, expected\)"),
        (BadAddress, "its address is for logs"),
        (Small, "largest_entry"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            cache(backend=kind())


def broken(answer, kind=Shelf):
    class Broken(kind):
        def get(self, key):
            return answer()

    return Broken()


def raise_(error):
    raise error


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: "text", "returned str where bytes or None is due"),
        (lambda: asyncio.sleep(0), "async def"),
        (lambda: raise_(ValueError("s3cret")), "raised ValueError"),
        (lambda: raise_(SystemExit(1)), "raised SystemExit"),
        (lambda: raise_(TimeoutError()), "timed out"),
    ],
)
def test_a_store_that_is_wrong_breaks_no_call(answer, words, body, caplog):
    f = cache(name="f", backend=broken(answer), l1=False)(lambda x: body([x]))
    with caplog.at_level(logging.WARNING):
        assert f(1) == f(1) == [1]
    assert body.runs == 2
    assert f.cache_info().store_errors > 0
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1, "one line for one trouble"
    assert words in lines[0]
    assert "s3cret" not in caplog.text


def test_an_async_store_that_raises(body):
    class Broken(AsyncShelf):
        async def get(self, key):
            raise SystemExit(1)

    store = Broken()
    f = cache(name="f", backend=store, l1=False)(lambda x: body([x]))
    assert f(1) == f(2) == [1] or body.runs == 2
    assert f.cache_info().store_errors > 0
    f.invalidate(1)  # its loop goes on


def test_what_is_asked_for_is_told_with_its_cause():
    class Broken(Shelf):
        def set(self, key, value, ttl):
            raise ConnectionError("no route")

    f = cache(name="f", backend=Broken())(lambda x: [x])
    with pytest.raises(BackendError, match="its set raised ConnectionError") as raised:
        f.invalidate(1)
    assert raised.value.retryable is True
    assert isinstance(raised.value.__cause__, ConnectionError)
    assert "no route" not in str(raised.value)


@pytest.mark.parametrize("kind", [Shelf, AsyncShelf])
def test_a_store_that_hangs_is_left_in_time(kind, body):
    release = threading.Event()

    class Hangs(kind):
        if kind is Shelf:

            def get(self, key):
                release.wait(20)
                return super().get(key)
        else:

            async def get(self, key):
                await asyncio.sleep(20)

    configure(operation_timeout=0.1)
    f = cache(name="f", backend=Hangs(), l1=False)(lambda x: body([x]))
    begun = time.monotonic()
    for x in range(20):
        assert f(x) == [x]
    assert time.monotonic() - begun < 5
    assert f.cache_info().store_errors > 0
    release.set()


def test_a_store_that_uses_itself_does_not_wait_for_itself(body):
    class Nested(AsyncShelf):
        async def get(self, key):
            if key.endswith("outer"):
                inner(1)
            return await super().get(key)

    store = Nested()
    inner = cache(name="inner", backend=store, l1=False)(lambda x: body([x]))
    outer = cache(name="outer", backend=store, l1=False)(lambda x: inner(x))
    begun = time.monotonic()
    assert outer(1) == [1]
    assert time.monotonic() - begun < 5


def test_a_forked_child_asks_the_object_too(body):
    for kind in (Shelf, AsyncShelf):
        f = cache(name=kind.__name__, backend=kind(), l1=False)(lambda x: body([x]))
        f(1)
        runs = body.runs
        child = os.fork()
        if child == 0:
            right = f(1) == [1] and body.runs == runs and f.cache_info().store_errors == 0
            os._exit(0 if right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert f(1) == [1]
        assert body.runs == runs


def test_other_bytes_are_bytes(body):
    for answer in (bytearray, memoryview):

        class Other(Shelf):
            def get(self, key):
                value = super().get(key)
                return None if value is None else answer(value)  # noqa: B023

        f = cache(name=answer.__name__, backend=Other(), l1=False)(lambda x: body([x]))
        runs = body.runs
        assert f(1) == f(1) == [1]
        assert body.runs == runs + 1


def test_an_address_and_a_largest_entry_of_ones_own():
    class Small(FullShelf):
        address = "table://small"
        largest_entry = 2000

    f = cache(name="f", backend=Small(), l1=False)(lambda x: x)
    assert f("x" * 5000) == "x" * 5000
    assert f("x" * 100) == "x" * 100
    assert f.contains("x" * 100)
    assert not f.contains("x" * 5000)
    with pytest.raises(BackendError, match="table://small"):
        f.set("x" * 5000, "y")


def test_a_lambda_needs_a_name_there():
    with pytest.raises(ConfigurationError, match="name"):
        cache(backend=Shelf())(lambda x: x)


def test_raw_store_is_for_urls():
    with pytest.raises(TypeError):
        RawStore(Shelf())
