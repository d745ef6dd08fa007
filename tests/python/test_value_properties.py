"""Any value comes back as it went in: plain and sealed, from this process, Redis and a file.

A few seconds here; `make test-long` asks for millions of values.
"""

import collections

import pytest
from any_value import CLASSES, VALUE, same
from encoding import one
from hypothesis import HealthCheck, given, settings

from cachekit import Cache
from cachekit.serializers import DefaultSerializer, EncryptionWrapper

MASTER_KEY = "4f9d" * 16
PLAIN = DefaultSerializer(allow=CLASSES)
SEALED = EncryptionWrapper(serializer=PLAIN, master_key=MASTER_KEY)


@pytest.mark.parametrize("serializer", [PLAIN, SEALED], ids=["plain", "sealed"])
@given(value=VALUE)
def test_any_value_comes_back(serializer, value):
    assert same(serializer.deserialize(serializer.serialize(value)), value)


@given(VALUE)
def test_bytes_depend_on_the_value_alone(value):
    first = PLAIN.serialize(value)
    assert PLAIN.serialize(PLAIN.deserialize(first)) == first or has_sets(value)


def has_sets(value):
    if isinstance(value, set | frozenset):
        return True
    if isinstance(value, dict):
        return any(map(has_sets, value)) or any(map(has_sets, value.values()))
    if type(value) in CLASSES and hasattr(value, "a"):
        return has_sets(value.a) or has_sets(value.b)
    return isinstance(value, list | tuple | collections.deque) and any(map(has_sets, value))


@pytest.fixture(params=["process", "redis", "file"])
def backend(request, tmp_path):
    """Where entries are, and whether the process holds them too."""
    if request.param == "redis":
        return {"backend": request.getfixturevalue("redis_url"), "l1": False}
    if request.param == "file":
        return {"backend": f"file://{tmp_path}/entries", "l1": False}
    return {"backend": None}


@pytest.mark.parametrize("make", [Cache, Cache.secure], ids=["plain", "sealed"])
def test_any_value_comes_back_from(make, backend, monkeypatch):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", MASTER_KEY)
    entries = make(allow=CLASSES, **backend)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(VALUE)
    def comes_back(value):
        entries.set("value", value)
        absent = object()
        assert same(entries.get("value", default=absent), value)

    comes_back()


@given(VALUE)
def test_a_value_that_came_back_is_the_same_argument(value):
    assert one(PLAIN.deserialize(PLAIN.serialize(value))) == one(value)
