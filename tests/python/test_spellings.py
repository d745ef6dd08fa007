"""The decorator in its spellings, and a call in its own."""

import datetime as dt
import functools

import pytest

from cachekit import cache


@pytest.fixture(params=["plain", "secure"])
def decorate(request, master_key, namespace):
    """`cache` and `cache.secure`, with a key where it needs one."""
    if request.param == "plain":
        return functools.partial(cache, backend=None, namespace=namespace)
    secure = functools.partial(cache.secure, master_key=master_key)
    return functools.partial(secure, backend=None, namespace=namespace)


def test_bare_decorators(body, monkeypatch, master_key):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", master_key)

    @cache
    def plain(x):
        return body(("plain", x))

    @cache.secure
    def secure(x):
        return body(("secure", x))

    assert plain(1) == plain(1) == ("plain", 1)
    assert secure(1) == secure(1) == ("secure", 1)
    assert body.runs == 2


def test_four_spellings_are_one_entry(decorate, body):
    @decorate()
    def f(x, y=2):
        return body([x, y])

    assert f(1) == f(1, 2) == f(x=1) == f(y=2, x=1) == [1, 2]
    assert body.runs == 1
    assert f(1, 3) == [1, 3]
    assert body.runs == 2


def test_what_is_told_apart(decorate, body):
    @decorate()
    def f(x):
        return body(repr(x))

    for x in (1, 1.0, True, "1", b"1", (1,), [1], None, {1}, {1: 2}):
        assert f(x) == repr(x)
    assert body.runs == 10


@pytest.mark.parametrize("ttl", [300, 0.5, "5m", dt.timedelta(minutes=5)])
def test_every_form_of_ttl(decorate, ttl):
    assert decorate(ttl=ttl)(lambda x: x)(1) == 1


@pytest.mark.parametrize("l1", [False, True, 1 << 20, "64MiB"])
def test_every_form_of_l1(l1, body, memory_url):
    @cache(backend=memory_url, l1=l1)
    def f():
        return body("x")

    assert f() == f() == "x"
    assert body.runs == 1


def test_none_is_a_value(decorate, body):
    @decorate()
    def f(x):
        return body(None)

    assert f(1) is f(1) is None
    assert body.runs == 1
    assert f.contains(1)


def test_a_caller_cannot_change_what_is_cached(decorate):
    @decorate()
    def f():
        return {"list": [1]}

    f()["list"].append(2)
    f()["list"].append(3)
    assert f() == {"list": [1]}


def test_an_immutable_plain_value_is_the_same_object():
    @cache(backend=None)
    def f():
        return ("a" * 50, 7)

    assert f() is f()


def test_another_version_is_another_entry(body):
    def f():
        return body("x")

    cache(backend=None, name="f", version=1)(f)()
    cache(backend=None, name="f", version="2")(f)()
    assert body.runs == 2


def test_another_namespace_is_another_entry(body):
    def f():
        return body("x")

    cache(backend=None, name="f", namespace="a")(f)()
    cache(backend=None, name="f", namespace="b")(f)()
    assert body.runs == 2


def test_ignored_arguments_do_not_count(decorate, body):
    @decorate(ignore="connection")
    def f(connection, x):
        return body(x)

    assert f(object(), 1) == f(object(), 1) == 1
    assert body.runs == 1


def test_key_by_template_and_by_function(decorate, body):
    class User:
        def __init__(self, number):
            self.id = number

    by_template = decorate(key="user:{user.id}", name="t")(lambda user: body(user.id))
    by_function = decorate(key=lambda user: user.id, name="f")(lambda user: body(user.id))
    for f in (by_template, by_function):
        assert f(User(1)) == f(User(1)) == 1
        assert f(User(2)) == 2
    assert body.runs == 4


def test_plain_and_secure_never_read_each_other(body, master_key):
    def f():
        return body("x")

    cache(backend="memory://both", name="f")(f)()
    cache.secure(backend="memory://both", name="f", master_key=master_key)(f)()
    assert body.runs == 2


def test_two_masters_never_meet(body):
    def f():
        return body("x")

    for key in ("ab" * 32, "cd" * 32):
        cache.secure(backend="memory://masters", name="f", master_key=key)(f)()
    assert body.runs == 2
