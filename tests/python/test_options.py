"""Options that do not fit are refused where they are written, with what does."""

import pytest

from cachekit import Cache, ConfigurationError, cache, configure
from cachekit.serializers import DefaultSerializer, EncryptionWrapper, OrjsonSerializer

KEY = "4f9d" * 16


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("tll", "ttl"),
        ("namespaces", "namespace"),
        ("serialiser", "serializer"),
        ("masterkey", "master_key"),
        ("ignored", "ignore"),
    ],
)
@pytest.mark.parametrize("decorator", [cache, cache.secure])
def test_a_misspelt_option_is_named_and_the_right_one_too(decorator, wrong, meant):
    with pytest.raises(TypeError, match=f"'{wrong}' is not an option; did you mean '{meant}'"):
        decorator(**{wrong: 1})


def test_an_option_that_is_like_no_other():
    with pytest.raises(TypeError, match="'zzz' is not an option; there are ttl, backend"):
        cache(zzz=1)
    with pytest.raises(TypeError, match="did you mean 'ttl'"):
        Cache(tll=1)


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": [1]},
        {"ttl": True},
        {"backend": 7},
        {"l1": []},
        {"master_key": b"4f" * 32},
        {"namespace": 7},
        {"name": 7},
        {"version": 1.5},
        {"serializer": object()},
        {"tenant_extractor": "tenant"},
        {"strict": 1},
        {"ignore": 7},
        {"allow": 7},
        {"allow": ["int"]},
    ],
    ids=repr,
)
def test_a_value_of_the_wrong_type(options):
    with pytest.raises(TypeError):
        cache(**options)(lambda x: x)


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": float("nan")},
        {"ttl": float("inf")},
        {"ttl": "5 minutes"},
        {"ttl": None},
        {"l1": 0},
        {"l1": "many"},
        {"l1": -5},
        {"namespace": ""},
        {"name": ""},
        {"backend": None, "l1": False},
        {"master_key": KEY},
        {"key_rotation_enabled": True},
        {"key": 7},
        {"key": "{nobody}"},
        {"ignore": "nobody"},
        {"ignore": "x", "key": "{x}"},
        {"serializer": OrjsonSerializer(), "allow": dict},
        {"backend": "foo://bar"},
        {"backend": "redis://host:port"},
        {"namespace": "\ud800"},
        {"ttl": 10**400},
        {"key": "static"},
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit(options):
    with pytest.raises(ConfigurationError):
        cache(**options)(lambda x: x)


def test_a_key_is_given_once():
    with pytest.raises(ConfigurationError, match="two keys"):
        cache.secure(master_key=KEY, serializer=EncryptionWrapper(master_key="ab" * 32))


def test_a_serializer_is_an_object_and_not_its_class():
    with pytest.raises(TypeError, match=r"not the class of one: OrjsonSerializer\(\)"):
        cache(serializer=OrjsonSerializer)


def test_a_name_that_is_none_is_none_given():
    @cache(name=None, backend=None)
    def named(x):
        return x

    assert "named" in repr(named)


def test_a_tenant_is_given_once():
    wrapper = EncryptionWrapper(master_key=KEY, tenant_id="north")
    with pytest.raises(ConfigurationError, match="tenant_extractor"):
        cache(serializer=wrapper, tenant_extractor=lambda x: "south")


def test_options_are_checked_before_there_is_a_function():
    with pytest.raises(ConfigurationError, match="cache.secure requires master_key parameter"):
        cache.secure(ttl=300)
    with pytest.raises(ConfigurationError, match="minimum 32 bytes"):
        cache.secure(master_key="ab")


def test_an_error_never_shows_a_key():
    with pytest.raises(ConfigurationError) as refused:
        cache.secure(master_key=KEY[:-1] + "x")
    assert KEY[:16] not in str(refused.value)


def test_functions_only():
    def generator():
        yield 1

    async def async_generator():
        yield 1

    class Callable:
        def __call__(self):
            yield 1

    for wrong in (generator, async_generator, Callable()):
        with pytest.raises(TypeError, match="generator"):
            cache(wrong)
    for wrong in (300, "5m", int, object()):
        with pytest.raises(TypeError, match="cache decorates functions"):
            cache(wrong)
    with pytest.raises(TypeError, match="cached already"):
        cache(cache(lambda: 1))


def test_what_is_called_by_other_means_works(body):
    import functools

    class Callable:
        def __call__(self, x):
            return body(x)

    for name, callable_ in (("a", Callable()), ("b", functools.partial(body, 7))):
        f = cache(backend=None, name=name)(callable_)
        assert f(7) == f(7) if name == "a" else f() == f()
    assert body.runs == 2


def test_two_functions_behind_one_operation_are_an_error_that_names_both():
    def one():
        return 1

    def two():
        return 2

    kept = cache(backend=None, name="same")(one)
    with pytest.raises(
        ConfigurationError, match=r"test_options\.py:\d+, one at .*test_options"
    ) as e:
        cache(backend=None, name="same")(two)
    assert str(one.__code__.co_firstlineno) in str(e.value)
    cache(backend=None, name="same", version=2)(two)
    cache(backend=None, name="same", namespace="n")(two)
    cache(backend="memory://elsewhere", name="same")(two)
    del kept
    cache(backend=None, name="same")(two)


def test_a_factory_needs_to_say_what_differs():
    def make(factor):
        @cache(backend=None)
        def times(x):
            return x * factor

        return times

    kept = make(2)
    with pytest.raises(ConfigurationError, match="as an argument"):
        make(3)
    assert kept(2) == 4


def test_a_redefinition_in_the_module_replaces_the_first():
    source = "from cachekit import cache\n@cache(backend=None)\ndef f(): return 1\n"
    names = {"__name__": "a_notebook"}
    exec(source, names)
    first = names["f"]
    exec(source.replace("return 1", "return 2"), names)
    assert first() == 1


def test_lambdas_of_one_scope_are_two_functions():
    one = cache(backend=None)(lambda: 1)
    with pytest.raises(ConfigurationError, match="two functions"):
        cache(backend=None)(lambda: 2)
    assert one() == 1


def test_a_lambda_with_a_shared_backend_needs_a_name(monkeypatch):
    with pytest.raises(ConfigurationError, match="lambda"):
        cache(backend="memory://lambda")(lambda: 1)
    cache(backend="memory://lambda", name="one")(lambda: 1)
    monkeypatch.setenv("CACHEKIT_URL", "memory://lambda")
    late = cache(lambda: 1)
    with pytest.raises(ConfigurationError, match="lambda"):
        late()


def test_serializers_of_ones_own(body):
    class Upper:
        serializer_id = 200

        def serialize(self, value):
            return value.upper().encode()

        def deserialize(self, data):
            return data.decode()

    f = cache(backend=None, serializer=Upper(), l1="1MiB")(lambda: body(str("ab")))
    assert f() == "ab"
    assert f.refresh() == "ab"
    for number in (None, 5, 300, "200"):
        wrong = Upper()
        wrong.__class__ = type("Wrong", (Upper,), {"serializer_id": number})
        with pytest.raises(ConfigurationError, match="128 to 255"):
            cache(serializer=wrong)


def test_the_default_serializer_can_be_named(body):
    f = cache(backend=None, serializer=DefaultSerializer())(lambda: body((1, 2)))
    assert f() == f() == (1, 2)
    assert body.runs == 1


def test_configure_refuses_what_it_does_not_know():
    with pytest.raises(TypeError):
        configure(tll=1)
    with pytest.raises(ConfigurationError, match='"miss" or "raise"'):
        configure(on_tamper="explode")
