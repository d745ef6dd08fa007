"""On whose behalf a call is made; never nobody's by accident."""

import asyncio

import pytest

from cachekit import ConfigurationError, cache
from cachekit.serializers import EncryptionWrapper


@pytest.fixture(params=["plain", "secure"])
def of_tenant(request, body, memory_url, master_key):
    decorate = cache if request.param == "plain" else cache.secure
    options = {} if request.param == "plain" else {"master_key": master_key}

    def make(extractor):
        return decorate(name="f", backend=memory_url, tenant_extractor=extractor, **options)(
            lambda tenant, x=1: body([tenant, x])
        )

    return make


def test_the_extractor_gets_the_calls_arguments(of_tenant, body):
    f = of_tenant(lambda tenant, x=1: tenant)
    assert f("north") == f("north", 1) == f(tenant="north") == ["north", 1]
    assert f("south") == ["south", 1]
    assert body.runs == 2


def test_ignored_by_name_and_still_apart(body, memory_url, master_key):
    current = ["north"]

    @cache.secure(backend=memory_url, master_key=master_key, tenant_extractor=lambda x: current[0])
    def f(x):
        return body([current[0], x])

    assert f(1) == ["north", 1]
    north = f.key(1)
    current[0] = "south"
    assert f(1) == ["south", 1]
    assert f.key(1) != north
    f.invalidate(1)
    current[0] = "north"
    assert f(1) == ["north", 1]
    assert body.runs == 2


@pytest.mark.parametrize("answer", [None, "", 7, b"north", ["north"]], ids=repr)
def test_what_is_no_tenant_is_refused(of_tenant, body, answer):
    f = of_tenant(lambda tenant, x=1: answer)
    for ask in (f, f.invalidate, f.refresh, f.peek, f.contains, f.key):
        with pytest.raises(ConfigurationError, match="the function was not called"):
            ask("north")
    assert body.runs == 0


def test_an_extractor_that_raises_is_the_calls_error(of_tenant, body):
    def extractor(tenant, x=1):
        raise LookupError("no tenant here")

    f = of_tenant(extractor)
    for ask in (f, f.invalidate, f.refresh):
        with pytest.raises(LookupError, match="no tenant here"):
            ask("north")
    assert body.runs == 0


def test_in_a_coroutine_too(namespace, body):
    @cache(backend=None, namespace=namespace, tenant_extractor=lambda x: None)
    async def f(x):
        return body(x)

    with pytest.raises(ConfigurationError):
        asyncio.run(f(1))
    assert body.runs == 0


def test_a_wrappers_tenant_is_every_calls(memory_url, body):
    def sealed_for(tenant):
        wrapper = EncryptionWrapper(master_key="ab" * 32, tenant_id=tenant)
        return cache(backend=memory_url, name="f", version=tenant, serializer=wrapper)(
            lambda x: body([tenant, x])
        )

    north, south = sealed_for("north"), sealed_for("south")
    assert north(1) == ["north", 1]
    assert south(1) == ["south", 1]
    assert north.key(1) != south.key(1)


def test_another_tenants_ciphertext_is_refused(master_key, memory_url, body):
    from cachekit.testing import RawStore

    current = ["north"]

    @cache.secure(
        backend=memory_url,
        master_key=master_key,
        l1=False,
        tenant_extractor=lambda x: current[0],
    )
    def f(x):
        return body([current[0], x])

    f(1)
    north = f.key(1)
    current[0] = "south"
    f(1)
    store = RawStore(memory_url)
    store.set(f.key(1), store.get(north))
    assert f(1) == ["south", 1]
    assert f.cache_info().refused["tampered"] == 1


def test_an_extractor_that_would_have_to_be_awaited_is_refused_at_decoration(master_key):
    async def extractor(number):
        return "north"

    with pytest.raises(TypeError, match="tenant_extractor takes a plain function"):
        cache.secure(master_key=master_key, backend=None, tenant_extractor=extractor)
