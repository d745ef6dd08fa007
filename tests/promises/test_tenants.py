"""What tells tenants apart: keys that nobody sees, and nothing that anybody sees."""

import random

from keys import Header, master

from cachekit import cache

TENANTS = [f"tenant-{letter}" for letter in "abcdefghij"]


def by_tenant(url, **options):
    @cache.secure(
        ttl=300,
        master_key=master("tenants"),
        backend=url,
        tenant_extractor=lambda tenant, _: tenant,
        ignore=("tenant",),
        **options,
    )
    def load(tenant, number):
        return f"{tenant}:{number}"

    return load


def test_nothing_in_the_clear_tells_which_entries_share_a_tenant(redis_url, stolen):
    load = by_tenant(redis_url, l1=False)
    calls = [(tenant, number) for tenant in TENANTS for number in range(50)]
    random.Random(7).shuffle(calls)
    before = set(stolen())
    owners = {}
    for tenant, number in calls:
        load(tenant, number)
        for key in set(stolen()) - before if len(owners) < 40 else ():
            owners[key] = tenant
            before.add(key)
    entries = stolen()
    headers = {key: Header.of(entry) for key, entry in entries.items()}
    # One process wrote them all: all that is constant is constant over every tenant.
    constant = {(h.magic, h.suite, h.zero, h.key_id, h.session) for h in headers.values()}
    assert len(constant) == 1
    assert len({len(entry) for entry in entries.values()}) == 1
    assert len({len(key) for key in entries}) == 1
    # What varies is different for every entry, of one tenant or of two.
    counters = [h.counter for h in headers.values()]
    assert len(set(counters)) == len(counters)
    # No byte position after the counter, and none of the key name, goes with the tenant.
    assert len({owners[key] for key in owners}) > 5
    for at in range(3, 30):
        by_owner = {}
        for key, tenant in owners.items():
            by_owner.setdefault(tenant, set()).add(key[at])
        shared = [seen for seen in by_owner.values() if len(seen) == 1]
        assert len(shared) < len(by_owner), f"byte {at} of the key name is constant per tenant"


def test_tenants_with_one_argument_never_see_each_others_value(redis_url):
    for options in ({"l1": False}, {}):
        load = by_tenant(redis_url, **options)
        for _ in range(2):
            for tenant in TENANTS:
                assert load(tenant, 1) == f"{tenant}:1"
        info = load.cache_info()
        assert info.hits >= len(TENANTS)
        load.cache_clear()


def test_a_tenants_entry_swapped_into_another_tenants_place_is_refused(redis_url):
    from cachekit.testing import RawStore

    load = by_tenant(redis_url, l1=False)
    load("tenant-a", 1)
    load("tenant-b", 1)
    raw = RawStore(redis_url)
    raw.set(load.key("tenant-b", 1), raw.get(load.key("tenant-a", 1)))
    assert load("tenant-b", 1) == "tenant-b:1"
    assert load.cache_info().refused["tampered"] == 1


def test_two_masters_in_one_process_never_meet(redis_url):
    def make(label):
        @cache.secure(
            ttl=300, master_key=master(label), backend=redis_url, name=f"same-{label[:0]}"
        )
        def load(number):
            return f"{label}:{number}"

        return load

    one, two = make("one"), make("two")
    for _ in range(2):
        assert one(1) == "one:1"
        assert two(1) == "two:1"
    assert one.cache_info().hits == two.cache_info().hits == 1
