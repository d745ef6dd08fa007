"""`Cache`: values by key."""

import asyncio
import datetime as dt

import pytest

from cachekit import ArgumentError, Cache, ConfigurationError, SerializationError


@pytest.fixture(params=["l1", "memory", "redis"])
def entries(request, namespace, master_key):
    if request.param == "redis":
        place = {"backend": request.getfixturevalue("redis_url")}
    elif request.param == "memory":
        place = {"backend": request.getfixturevalue("memory_url")}
    else:
        place = {"backend": None}
    return Cache.secure(namespace=namespace, master_key=master_key, **place)


def test_every_verb(entries):
    assert entries.get("a") is None
    assert entries.get("a", 7) == 7
    entries.set("a", [1, (2,)])
    assert entries.get("a") == [1, (2,)]
    assert entries.contains("a")
    entries.invalidate("a")
    assert not entries.contains("a")
    entries.set("none", None)
    assert entries.get("none", 7) is None
    entries.clear()
    assert not entries.contains("none")


def test_many(entries):
    entries.set_many({"a": 1, ("b", 2): [2], 3: None}, ttl="1h")
    assert entries.get_many(["a", ("b", 2), 3, "missing"]) == {"a": 1, ("b", 2): [2], 3: None}
    assert entries.get_many([]) == {}
    entries.set_many({})


def test_get_or_compute(entries, body):
    assert entries.get_or_compute("a", lambda: body([1])) == [1]
    assert entries.get_or_compute("a", lambda: body([1])) == [1]
    assert body.runs == 1
    with pytest.raises(LookupError):
        entries.get_or_compute("b", lambda: {}["b"])
    assert not entries.contains("b")


def test_async_twins(entries, body):
    async def compute():
        await asyncio.sleep(0.01)
        return body([1])

    async def main():
        assert await entries.aget("a", 7) == 7
        both = [entries.aget_or_compute("a", compute) for _ in range(5)]
        assert await asyncio.gather(*both) == [[1]] * 5
        assert body.runs == 1
        assert await entries.aget("a") == [1]
        assert await entries.acontains("a")
        await entries.ainvalidate("a")
        await entries.aset("b", 2, ttl=60)
        await entries.aset_many({"c": 3})
        assert await entries.aget_many(["a", "b", "c"]) == {"b": 2, "c": 3}
        await entries.aclear()
        assert await entries.aget_many(["a", "b", "c"]) == {}

    asyncio.run(main())


def test_tenants_never_meet(entries):
    north, south = entries.for_tenant("north"), entries.for_tenant("south")
    north.set("a", "north")
    assert south.get("a") is None
    assert entries.get("a") is None
    south.set("a", "south")
    assert (north.get("a"), south.get("a")) == ("north", "south")
    assert north.key("a") != south.key("a")
    with pytest.raises(ConfigurationError):
        entries.for_tenant("")


def test_the_same_options_are_the_same_entries(namespace, memory_url):
    Cache(namespace=namespace, backend=memory_url).set("a", 1)
    assert Cache(namespace=namespace, backend=memory_url).get("a") == 1
    assert Cache(namespace=namespace + "x", backend=memory_url).get("a") is None


def test_what_cannot_be_a_key_or_a_value(entries):
    with pytest.raises(ArgumentError):
        entries.get(object())
    with pytest.raises(SerializationError):
        entries.set("a", object())
    with pytest.raises(SerializationError):
        entries.set_many({"ok": 1, "a": object()})
    assert not entries.contains("ok")


def test_lives(entries):
    for ttl in (60, 0.5, "5m", dt.timedelta(minutes=1)):
        entries.set("a", 1, ttl=ttl)
    for ttl in (0, "never", "31d"):
        with pytest.raises(ConfigurationError):
            entries.set("a", 1, ttl=ttl)


def test_info(namespace):
    entries = Cache(namespace=namespace, backend=None)
    entries.get_or_compute("a", lambda: 1)
    entries.get_or_compute("a", lambda: 1)
    info = entries.cache_info()
    assert (info.hits, info.misses) == (1, 1)


def test_a_cache_needs_a_key_to_be_sealed():
    with pytest.raises(ConfigurationError, match="master_key"):
        Cache.secure()
    with pytest.raises(ConfigurationError, match="has no effect"):
        Cache(master_key="ab" * 32)


def test_keys_that_python_takes_for_one_are_asked_for_apart():
    entries = Cache(backend=None, namespace="apart")
    entries.set(1, "int")
    entries.set(True, "bool")
    assert (entries.get(1), entries.get(True)) == ("int", "bool")
    with pytest.raises(ArgumentError, match="equal to Python"):
        entries.get_many([1, True])
    assert entries.get_many([1, 1]) == {1: "int"}


@pytest.mark.parametrize("tenant", ["", 1, None], ids=repr)
def test_a_tenant_has_a_name(tenant):
    with pytest.raises((TypeError, ConfigurationError), match="tenant"):
        Cache(backend=None).for_tenant(tenant)
