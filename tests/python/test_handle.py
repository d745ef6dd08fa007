"""What a cached function can be asked beside being called."""

import pytest

from cachekit import SerializationError, cache


@pytest.fixture(params=["l1", "memory", "redis"])
def place(request, namespace):
    """Options for every kind of place: this process, a store with and without a first level."""
    if request.param == "redis":
        return {"backend": request.getfixturevalue("redis_url"), "l1": False}
    if request.param == "memory":
        return {"backend": request.getfixturevalue("memory_url")}
    return {"backend": None, "namespace": namespace}


@pytest.fixture
def double(place, body, master_key):
    @cache.secure(master_key=master_key, **place)
    def double(x, times=2):
        return body([x * times])

    return double


def test_invalidate_forgets_one_call(double, body):
    double(1), double(2)
    double.invalidate(x=1, times=2)
    assert double(2) == [4]
    assert body.runs == 2
    assert double(1) == [2]
    assert body.runs == 3


def test_refresh_computes_in_any_case(double, body):
    double(1)
    assert double.refresh(1) == [2]
    assert body.runs == 2
    assert double(1) == [2]
    assert body.runs == 2


def test_peek_and_contains_never_compute(double, body):
    assert double.peek(1) is None
    assert not double.contains(1)
    assert body.runs == 0
    double(1)
    assert double.peek(1) == [2]
    assert double.contains(1, 2)


def test_set_stands_in_for_the_function(double, body):
    double.set(["set"], 1)
    assert double(1) == ["set"]
    assert body.runs == 0


def test_set_takes_any_parameter_name(place):
    @cache(**place)
    def f(value, self=1):
        return 0

    f.set(7, value=3, self=4)
    assert f(3, 4) == 7


def test_set_refuses_what_cannot_be_kept(double):
    with pytest.raises(SerializationError):
        double.set(object(), 1)


def test_cache_clear_forgets_all(double, body):
    double(1), double(2)
    double.cache_clear()
    assert not double.contains(1)
    double(1), double(2)
    assert body.runs == 4


def test_clear_is_one_functions_own(place, body):
    one = cache(name="one", **place)(lambda x: body(x))
    other = cache(name="other", **place)(lambda x: body(x))
    one(1), other(1)
    one.cache_clear()
    assert other.contains(1)
    assert not one.contains(1)


def test_key_is_the_address_in_the_store(redis_url, redis_server, master_key):
    import redis

    @cache.secure(master_key=master_key, backend=redis_url)
    def f(x):
        return x

    f(1)
    with redis.Redis(port=redis_server.port) as store:
        assert store.exists(f.key(1))
    assert f.key(1) == f.key(x=1) != f.key(2)
    assert f.key(1).startswith("ck:")


def test_cache_info_counts(double):
    double(1), double(1), double(2)
    info = double.cache_info()
    assert (info.hits, info.misses, info.fills) == (1, 2, 2)
    assert info == double.cache_info()
    assert set(info.refused) >= {"tampered", "unknown_key", "expired"}
    assert "hits=1" in repr(info)
    with pytest.raises(AttributeError):
        info.hits = 7


def test_a_function_that_raises_caches_nothing(place, body):
    @cache(**place)
    def f():
        body()
        raise LookupError("no")

    for runs in (1, 2):
        with pytest.raises(LookupError, match="no"):
            f()
        assert body.runs == runs
    assert f.cache_info().failures == 2


def test_a_call_that_does_not_fit_is_the_functions_own_error():
    @cache(backend=None)
    def f(x):
        return x

    with pytest.raises(TypeError, match=r"f\(\) missing 1 required positional argument: 'x'"):
        f()
    with pytest.raises(TypeError):
        f.invalidate(1, 2)
