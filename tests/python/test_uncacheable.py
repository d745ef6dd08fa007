"""Values that no serializer keeps, and entries that no longer decode."""

import asyncio
import dataclasses
import logging

import pytest

from cachekit import SerializationError, cache


class Opaque:
    def __init__(self):
        self.secret = "hidden"


@pytest.fixture(params=["sync", "async"])
def asking(request, namespace, body):
    """`asking(strict=...)`: a call of a function whose result cannot be kept."""

    def make(**options):
        decorate = cache(backend=None, namespace=namespace, name="f", **options)
        if request.param == "sync":
            f = decorate(lambda: body({"deep": [Opaque()]}))
            return f, f

        async def answer():
            return body({"deep": [Opaque()]})

        f = decorate(answer)
        return f, lambda: asyncio.run(f())

    return make


def test_it_is_returned_counted_and_said_once(asking, body, caplog):
    f, ask = asking()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert isinstance(ask()["deep"][0], Opaque)
    assert body.runs == 3
    assert f.cache_info().unencodable == 3
    said = [record.getMessage() for record in caplog.records if "not cached" in record.getMessage()]
    assert len(said) == 1
    assert "Opaque" in said[0]
    assert "deep" in said[0]
    assert "hidden" not in said[0]


def test_strict_raises(asking, body):
    f, ask = asking(strict=True)
    with pytest.raises(SerializationError, match="Opaque"):
        ask()
    assert body.runs == 1
    assert f.cache_info().unencodable == 1


def test_an_explicit_set_raises_in_any_case(namespace):
    f = cache(backend=None, namespace=namespace, name="f")(lambda: 1)
    with pytest.raises(SerializationError):
        f.set(Opaque())


def test_a_serializer_that_raises_is_not_the_callers_trouble(namespace, body):
    class Broken:
        serializer_id = 222

        def serialize(self, value):
            raise RuntimeError(f"cannot keep {value}")

        def deserialize(self, data):
            raise RuntimeError("cannot read")

    f = cache(backend=None, namespace=namespace, name="f", serializer=Broken())(
        lambda: body("secret")
    )
    assert f() == "secret"
    strict = cache(backend=None, namespace=namespace, name="g", serializer=Broken(), strict=True)(
        lambda: body("secret")
    )
    with pytest.raises(SerializationError, match="RuntimeError") as raised:
        strict()
    assert "secret" not in str(raised.value)


def test_an_entry_that_does_not_decode_is_replaced(memory_url, body, master_key):
    class Picky:
        serializer_id = 223
        readable = True

        def serialize(self, value):
            return value.encode()

        def deserialize(self, data):
            if not self.readable:
                raise ValueError("changed since")
            return data.decode()

    picky = Picky()
    for l1, name in ((False, "store"), (True, "first-level")):
        body.runs = 0
        options = {"backend": memory_url, "l1": l1, "name": name, "master_key": master_key}
        f = cache.secure(serializer=picky, **options)(lambda: body("x"))
        picky.readable = True
        assert f() == f() == "x"
        assert body.runs == 1
        picky.readable = False
        assert f() == "x"
        assert body.runs == 2
        info = f.cache_info()
        assert (info.hits, info.misses, info.undecodable) == (1, 2, 1)
        picky.readable = True
        assert f() == "x"
        assert body.runs == 2


def test_a_class_that_changed_is_computed_anew(memory_url, body):
    def define(*fields):
        made = dataclasses.make_dataclass("Row", fields)
        made.__module__ = __name__
        globals()["Row"] = made
        return made

    old = define("a")
    one = cache(backend=memory_url, name="f", allow=old, l1=False)(lambda: body(old(1)))
    assert one() == one() == old(1)
    assert body.runs == 1
    del one
    new = define("a", "b")
    two = cache(backend=memory_url, name="f", allow=new, l1=False)(lambda: body(new(1, 2)))
    assert two() == two() == new(1, 2)
    assert body.runs == 2
    assert two.cache_info().undecodable == 1


def test_an_interrupt_inside_a_serializer_is_passed_on(namespace):
    class Interrupted:
        serializer_id = 224

        def serialize(self, value):
            raise KeyboardInterrupt

        def deserialize(self, data):
            raise KeyboardInterrupt

    f = cache(backend=None, namespace=namespace, name="f", serializer=Interrupted())(lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        f()


def test_a_path_shows_what_looks_like_a_field_and_beside_secrets_only_what_the_code_says(caplog):
    patients = {"alice_smith": [Opaque()]}
    plain = cache(backend=None, name="plain")(lambda: {"rows": patients})
    sealed = cache.secure(backend=None, name="sealed", master_key="4f9d" * 16)(
        lambda: {"rows": patients}
    )
    with caplog.at_level(logging.WARNING):
        plain(), sealed()
    said = [record.getMessage() for record in caplog.records]
    of_plain, of_sealed = [line for line in said if "Opaque" in line]
    assert "result['rows']['alice_smith'][0]: " in of_plain
    assert "result['rows'][<str>][0]: " in of_sealed
    assert not any("alice" in line for line in said if line != of_plain)


def test_json_says_where_too():
    from cachekit.serializers import OrjsonSerializer

    f = cache(backend=None, name="f", serializer=OrjsonSerializer(), strict=True)(
        lambda: {"rows": [1, (2,)]}
    )
    where = r"result\['rows'\]\[1\]: JSON cannot keep a value of type tuple"
    with pytest.raises(SerializationError, match=where):
        f()


def test_a_value_that_is_too_large_is_counted():
    f = cache(backend=None, name="f")(lambda: b"x" * (65 << 20))
    assert len(f()) == 65 << 20
    assert (f.cache_info().fills, f.cache_info().unwritten) == (0, 1)
    assert "unwritten=1" in repr(f.cache_info())
