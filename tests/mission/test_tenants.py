"""Same function, same argument, two tenants: two values, two keys."""

import contextvars

import pytest


def test_each_tenant_has_a_value_of_its_own(run_snippet, source, database):
    rows = source(lambda tenant, user: {"tenant": tenant, "user": user})

    def in_the_snippet():
        module = run_snippet("13_tenants.py", db=database(rows))
        assert module["data_a"] == {"tenant": "tenant_1", "user": 123}
        assert module["data_b"] == {"tenant": "tenant_2", "user": 123}
        assert rows.asked == [("tenant_1", 123), ("tenant_2", 123)]

        call, tenant = module["get_user_data"], module["tenant_context"]
        for name in ("tenant_1", "tenant_2", "tenant_1"):
            tenant.set(name)
            assert call(123) == {"tenant": name, "user": 123}
        assert len(rows.asked) == 2, "both were hits"

    contextvars.copy_context().run(in_the_snippet)


def test_without_a_tenant_the_function_does_not_run(run_snippet, source, database):
    rows = source(lambda tenant, user: {"tenant": tenant, "user": user})
    module = contextvars.copy_context().run(run_snippet, "13_tenants.py", db=database(rows))
    asked = len(rows.asked)

    # Out here nobody has set the tenant: the extractor raises, and so does the call.
    with pytest.raises(LookupError):
        module["get_user_data"](123)
    assert len(rows.asked) == asked


def test_one_tenant_cannot_open_what_another_stored(run_snippet, redis_server, redis_url):
    import redis
    from document import MASTER_KEY

    from cachekit import cache

    tenant = contextvars.ContextVar("tenant")
    options = {"ttl": 3600, "master_key": MASTER_KEY, "backend": redis_url, "l1": False}

    @cache.secure(tenant_extractor=lambda user_id: tenant.get(), **options)
    def read(user_id):
        return f"{user_id} of {tenant.get()}"

    with redis.Redis(port=redis_server.port) as store:
        before = set(store.scan_iter())
        tenant.set("tenant_1")
        assert read(123) == "123 of tenant_1"
        ones = set(store.scan_iter()) - before
        tenant.set("tenant_2")
        assert read(123) == "123 of tenant_2"
        twos = set(store.scan_iter()) - before - ones

        # The store serves tenant 2 what tenant 1 stored, under every name that came with tenant 2.
        stolen = max((store.get(key) for key in ones), key=len)
        for key in twos:
            store.set(key, stolen)
    assert read(123) == "123 of tenant_2"
