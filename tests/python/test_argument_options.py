"""`key=`, `ignore=` and `hash_funcs=`: said by the decorator, checked when it decorates."""

import pytest
from encoding import one

from cachekit import ArgumentError, ConfigurationError, cache
from cachekit._native import encode_arguments


class User:
    def __init__(self, identity):
        self.identity = identity

    def __cache_key__(self):
        return self.identity


class Opaque:
    pass


def fetch(user, page=1): ...


def test_a_template_is_its_text_and_the_typed_values():
    def keyed(*args):
        return encode_arguments(fetch, args, key="user:{user.identity}:{page}")

    assert keyed(User(5)) == b"x\x03key(s\x1buser:{user.identity}:{page}+\x01\x05+\x01\x01)"
    assert keyed(User(5)) == keyed(User(5), 1)
    assert keyed(User("5")) != keyed(User(5))
    assert keyed(User("a:1"), 2) != keyed(User("a"), "1:2")


def test_braces_are_doubled():
    assert encode_arguments(fetch, (1,), key="{{{page}}}") == b"x\x03key(s\x0a{{{page}}}+\x01\x01)"


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
        ({"key": "user:{{user}}"}, "all its calls would share one entry"),
        ({"key": ""}, 'Write key="fetch:{user}"'),
        ({"key": 5}, "a template such as"),
        ({"ignore": ["usr"]}, 'did you mean "user"?'),
        ({"ignore": ["page"], "key": "{user}"}, "does nothing beside key="),
    ],
)
def test_options_are_checked_when_the_function_is_decorated(options, message):
    with pytest.raises(ConfigurationError) as refused:
        encode_arguments(fetch, (1,), **options)
    assert message in str(refused.value)


# hash_funcs=


class Connection:
    def __init__(self, address):
        self.address = address


class Pooled(Connection):
    pass


def address(connection):
    return connection.address


def test_a_function_says_what_identifies_instances_of_a_class():
    encoded = one(Connection("db:1"), hash_funcs={Connection: address})
    qualified = f"{__name__}.Connection".encode()
    assert encoded == b"o" + bytes([len(qualified)]) + qualified + b"s\x04db:1"
    assert encoded in one({"deep": [Connection("db:1")]}, hash_funcs={Connection: address})
    assert encoded != one(Connection("db:2"), hash_funcs={Connection: address})


def test_it_counts_for_derived_classes_and_the_nearest_wins():
    functions = {Connection: address, Pooled: lambda _: "pooled"}
    assert one(Pooled("db:1"), hash_funcs={Connection: address}).endswith(b"s\x04db:1")
    assert one(Pooled("db:1"), hash_funcs=functions).endswith(b"s\x06pooled")


def test_it_comes_before_what_the_object_says_and_before_standard_types():
    assert one(User(5), hash_funcs={User: lambda _: 6}).endswith(b"+\x01\x06")
    assert one([1, 2], hash_funcs={list: len}).endswith(b"+\x01\x02")


def test_it_serves_a_local_class_and_what_key_gives():
    class Local:
        pass

    assert one(Local(), hash_funcs={Local: lambda _: 1}).endswith(b"+\x01\x01")
    options = {"key": "{user}", "hash_funcs": {User: address}}
    with pytest.raises(AttributeError):
        encode_arguments(fetch, (User(5),), **options)


def test_what_it_gives_must_be_an_argument_itself():
    with pytest.raises(ArgumentError, match=r"'v'\.hash_funcs\[…\] \(of type .*Opaque"):
        one(Connection(Opaque()), hash_funcs={Connection: address})


@pytest.mark.parametrize("plain", [str, int, bool, float, bytes, type(None), object])
def test_plain_types_are_what_they_are(plain):
    with pytest.raises(ConfigurationError, match=f"cannot change what an? {plain.__name__}"):
        cache(hash_funcs={plain: repr})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([Connection], "takes a dict"),
        ({"Connection": repr}, "classes"),
        ({Connection: 1}, "callable"),
    ],
)
def test_wrong_hash_funcs_are_refused_where_they_are_said(wrong, message):
    with pytest.raises(TypeError, match=message):
        cache(hash_funcs=wrong)


def test_a_decorated_function_uses_them(namespace, body):
    @cache(backend=None, namespace=namespace, hash_funcs={Connection: address})
    def rows(connection, table):
        return body([connection.address, table])

    assert rows(Connection("a"), "t") == rows(Connection("a"), "t") == ["a", "t"]
    assert rows(Connection("b"), "t") == ["b", "t"]
    assert body.runs == 2
