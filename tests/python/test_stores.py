"""A store that is down, slow or lying never breaks the application; what is asked for is told."""

import pytest

from cachekit import BackendError, ConfigurationError, cache
from cachekit.testing import RawStore, redis_keys

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_store_that_is_down(body):
    f = cache(name="f", backend=NOWHERE, l1=False)(lambda x: body([x]))
    assert f(1) == f(1) == [1]
    assert body.runs == 2
    assert f.peek(1) is None
    assert f.cache_info().store_errors > 0
    for ask in (lambda: f.invalidate(1), lambda: f.set([1], 1), f.cache_clear):
        with pytest.raises(BackendError) as told:
            ask()
        assert told.value.retryable is True


def test_a_store_that_comes_back(redis_server, redis_url, body):
    f = cache(name="f", backend=redis_url, l1=False)(lambda x: body([x]))
    f(1)
    redis_server.stop()
    try:
        assert f(1) == [1]
    finally:
        redis_server.start()
    import time

    deadline = time.monotonic() + 20
    while not f.contains(1):
        assert f(1) == [1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    runs = body.runs
    assert f(1) == [1]
    assert body.runs == runs


def test_raw_store(memory_url, redis_url):
    for url in (memory_url, redis_url):
        store = RawStore(url)
        assert store.get("a") is None
        store.set("a", b"1")
        store.set("b", b"2")
        assert store.get("a") == b"1"
        assert sorted(store.keys()) == ["a", "b"]
        store.delete("a")
        assert store.keys() == ["b"]
    assert redis_keys(redis_url) == ["b"]
    with pytest.raises(ConfigurationError):
        RawStore("gopher://example")
    with pytest.raises(BackendError):
        RawStore(NOWHERE).get("a")


def test_a_changed_entry_is_counted_and_computed_anew(redis_url, master_key, body):
    f = cache.secure(name="f", backend=redis_url, l1=False, master_key=master_key)(
        lambda x: body([x])
    )
    f(1)
    store = RawStore(redis_url)
    store.set(f.key(1), store.get(f.key(1))[:-1] + b"x")
    assert f(1) == [1]
    assert body.runs == 2
    assert f.cache_info().refused["tampered"] == 1
