"""Coroutine functions over every kind of place."""

import asyncio

import pytest

from cachekit import ArgumentError, cache


@pytest.fixture(params=["l1", "memory", "redis"])
def place(request, namespace):
    if request.param == "redis":
        return {"backend": request.getfixturevalue("redis_url"), "l1": False}
    if request.param == "memory":
        return {"backend": request.getfixturevalue("memory_url"), "l1": False}
    return {"backend": None, "namespace": namespace}


def test_every_verb(place, master_key, body):
    @cache.secure(master_key=master_key, **place)
    async def double(x, times=2):
        await asyncio.sleep(0)
        return body([x * times])

    async def main():
        assert await double(1) == await double(1, 2) == await double(x=1) == [2]
        assert body.runs == 1
        assert await double.peek(1) == [2]
        assert await double.peek(2) is None
        assert await double.contains(1) is True
        assert await double.refresh(1) == [2]
        assert body.runs == 2
        await double.set(["set"], 1)
        assert await double(1) == ["set"]
        await double.invalidate(times=2, x=1)
        assert await double.contains(1) is False
        await double(1)
        await double.cache_clear()
        assert await double.contains(1) is False
        assert double.key(1).startswith("ck:")

    asyncio.run(main())
    info = double.cache_info()
    assert (info.misses, info.hits) == (3, 3)


def test_the_loop_runs_while_a_store_is_asked(redis_url, redis_server):
    @cache(backend=redis_url, l1=False)
    async def f(x):
        return x

    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        await f(1)
        ticking = asyncio.create_task(tick())
        redis_server.hang()
        try:
            assert await f(1) == 1
        finally:
            redis_server.resume()
        ticking.cancel()
        assert ticks > 20

    asyncio.run(main())


def test_wrong_calls_and_arguments_raise_when_awaited():
    @cache(backend=None)
    async def f(x):
        return x

    async def main():
        with pytest.raises(TypeError, match="missing 1 required positional argument"):
            await f()
        with pytest.raises(ArgumentError, match="key="):
            await f(object())

    asyncio.run(main())


def test_one_function_on_many_loops_in_a_row(redis_url):
    @cache(backend=redis_url, l1=False)
    async def f(x):
        return x

    for _ in range(3):
        assert asyncio.run(f(1)) == 1
    assert f.cache_info().hits == 2


def test_a_hit_needs_no_event_loop(namespace):
    @cache(backend=None, namespace=namespace)
    async def f(x):
        return x

    asyncio.run(f(1))
    with pytest.raises(StopIteration) as done:
        f(1).send(None)
    assert done.value.value == 1


def test_methods_in_an_asyncio_task_group(place):
    class Service:
        @cache(ignore="self", **place)
        async def load(self, number):
            await asyncio.sleep(0)
            return number

    async def main():
        service = Service()
        # The first look at an empty store also begins its barriers, under nobody else's feet.
        await service.load(99)
        assert await asyncio.gather(*(service.load(n % 5) for n in range(50))) == [
            n % 5 for n in range(50)
        ]

    asyncio.run(main())
    assert Service.load.cache_info().fills == 6
