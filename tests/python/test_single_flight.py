"""One computation for many callers: threads, tasks, and calls inside calls."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cachekit import Cache, cache


class Gate:
    """A function body that starts, says so, and goes on when it is told to."""

    def __init__(self, answer="x"):
        self.started, self.go_on = threading.Event(), threading.Event()
        self.answer, self.runs = answer, 0

    def __call__(self):
        self.runs += 1
        self.started.set()
        assert self.go_on.wait(20)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def calls(executor, function, count):
    return [executor.submit(function) for _ in range(count)]


def test_threads_share_one_computation(namespace):
    gate = Gate([1])
    f = cache(backend=None, namespace=namespace, name="f")(lambda: gate())
    with ThreadPoolExecutor(8) as threads:
        asked = calls(threads, f, 1)
        assert gate.started.wait(20)
        asked += calls(threads, f, 7)
        # The others have joined, or will find the value: both are one computation.
        gate.go_on.set()
        assert [call.result() for call in asked] == [[1]] * 8
    assert gate.runs == 1


def test_an_error_reaches_every_thread(namespace):
    gate = Gate(LookupError("once"))
    joining = threading.Barrier(4)
    f = cache(backend=None, namespace=namespace, name="f")(lambda: gate())

    def join():
        joining.wait(20)
        return f()

    with ThreadPoolExecutor(8) as threads:
        leader = threads.submit(f)
        assert gate.started.wait(20)
        waiting = calls(threads, join, 3)
        joining.wait(20)
        # Waiting callers hold no other sign: give them the moment that joining takes.
        time.sleep(0.2)
        gate.go_on.set()
        errors = [call.exception(20) for call in (leader, *waiting)]
    assert all(error is errors[0] for error in errors)
    assert gate.runs == 1
    assert f.cache_info().failures == 1


def test_an_interrupt_is_not_shared(namespace):
    gate = Gate(KeyboardInterrupt())
    f = cache(backend=None, namespace=namespace, name="f")(lambda: gate())
    with ThreadPoolExecutor(2) as threads:
        leader = threads.submit(f)
        assert gate.started.wait(20)
        waiting = threads.submit(f)
        time.sleep(0.1)
        gate.go_on.set()
        assert isinstance(leader.exception(20), KeyboardInterrupt)
        # The waiter took its own turn, and was interrupted in its own right.
        assert isinstance(waiting.exception(20), KeyboardInterrupt)
    assert gate.runs == 2


def test_a_call_inside_itself_computes(namespace):
    @cache(backend=None, namespace=namespace)
    def factorial(n):
        return n * factorial(n - 1) if n else 1

    assert factorial(30) == 265252859812191058636308480000000

    depth = []

    @cache(backend=None, namespace=namespace)
    def same():
        depth.append(1)
        return same() if len(depth) < 3 else "deep"

    assert same() == "deep"
    assert len(depth) == 3


def test_tasks_share_one_computation(namespace):
    runs = []

    @cache(backend=None, namespace=namespace)
    async def f(x):
        runs.append(x)
        await asyncio.sleep(0.01)
        return [x]

    async def main():
        assert await asyncio.gather(*(f(1) for _ in range(50))) == [[1]] * 50
        assert await f(x=1) == [1]

    asyncio.run(main())
    assert runs == [1]
    assert f.cache_info().joined == 49


def test_an_error_reaches_every_task(namespace):
    @cache(backend=None, namespace=namespace)
    async def f():
        await asyncio.sleep(0.01)
        raise LookupError("once")

    async def main():
        errors = await asyncio.gather(*(f() for _ in range(5)), return_exceptions=True)
        assert all(error is errors[0] for error in errors)
        assert isinstance(errors[0], LookupError)

    asyncio.run(main())
    assert f.cache_info().failures == 1


def test_a_cancelled_leader_hands_on(namespace):
    runs = []

    @cache(backend=None, namespace=namespace)
    async def f():
        runs.append(1)
        await asyncio.sleep(0.01 if len(runs) > 1 else 60)
        return "x"

    async def main():
        leader = asyncio.create_task(f())
        await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(f()) for _ in range(3)]
        await asyncio.sleep(0.01)
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        assert await asyncio.gather(*waiting) == ["x"] * 3

    asyncio.run(main())
    assert len(runs) == 2


def test_a_cancelled_waiter_hurts_nobody(namespace):
    @cache(backend=None, namespace=namespace)
    async def f():
        await asyncio.sleep(0.05)
        return "x"

    async def main():
        leader = asyncio.create_task(f())
        await asyncio.sleep(0.01)
        waiting = asyncio.create_task(f())
        await asyncio.sleep(0.01)
        waiting.cancel()
        assert await leader == "x"
        assert await f() == "x"

    asyncio.run(main())
    assert f.cache_info().misses == 1


def test_a_coroutine_inside_itself_computes(namespace):
    depth = []

    @cache(backend=None, namespace=namespace)
    async def f(x):
        depth.append(x)
        return await f(x) if len(depth) < 3 else "deep"

    async def through_a_task():
        return await asyncio.create_task(f(1))

    @cache(backend=None, namespace=namespace)
    async def g():
        depth.append(0)
        return await asyncio.create_task(g()) if len(depth) < 6 else "deep"

    async def main():
        assert await asyncio.wait_for(through_a_task(), 20) == "deep"
        assert await asyncio.wait_for(g(), 20) == "deep"

    asyncio.run(main())
    assert len(depth) == 6


def test_coroutines_that_wait_for_each_other_compute(namespace):
    both_compute = asyncio.Event()
    runs = []

    async def answer(own, other):
        runs.append(own)
        if len(runs) == 2:
            both_compute.set()
        await both_compute.wait()
        return own if len(runs) > 2 else await other()

    @cache(backend=None, namespace=namespace)
    async def f():
        return await answer("f", g)

    @cache(backend=None, namespace=namespace)
    async def g():
        return await answer("g", f)

    async def main():
        return await asyncio.gather(f(), g())

    assert set(asyncio.run(asyncio.wait_for(main(), 20))) <= {"f", "g"}
    assert sorted(runs[:2]) == ["f", "g"] and len(runs) == 3


def test_a_coroutine_inside_itself_by_way_of_a_thread(namespace):
    depth = []

    @cache(backend=None, namespace=namespace)
    async def f():
        depth.append(1)
        if len(depth) < 3:
            return await asyncio.to_thread(lambda: asyncio.run(f()))
        return "deep"

    assert asyncio.run(asyncio.wait_for(f(), 20)) == "deep"
    assert len(depth) == 3


def test_a_blocking_call_on_the_loop_while_a_task_computes(namespace):
    """The loop's thread stands still in the blocking call: the task that leads could never end."""
    entries = Cache(backend=None, namespace=namespace)
    runs = []

    async def slow():
        runs.append("task")
        await asyncio.sleep(0.05)
        return "x"

    def quick():
        runs.append("blocking")
        return "x"

    async def main():
        leader = asyncio.create_task(entries.aget_or_compute("key", slow))
        await asyncio.sleep(0.01)
        assert entries.get_or_compute("key", quick) == "x"
        assert await leader == "x"

    asyncio.run(asyncio.wait_for(main(), 20))
    assert runs == ["task", "blocking"]


def test_a_call_that_waits_can_be_interrupted(namespace):
    import os
    import signal

    gate = Gate()
    f = cache(backend=None, namespace=namespace, name="f")(lambda: gate())
    with ThreadPoolExecutor(1) as threads:
        leader = threads.submit(f)
        assert gate.started.wait(20)
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            f()
        gate.go_on.set()
        assert leader.result(20) == "x"


def test_two_loops_share_one_computation(namespace):
    started, runs = threading.Event(), []

    @cache(backend=None, namespace=namespace)
    async def f():
        runs.append(1)
        started.set()
        await asyncio.sleep(0.1)
        return "x"

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(lambda: asyncio.run(f()))
        assert started.wait(20)
        other = threads.submit(lambda: asyncio.run(f()))
        assert (one.result(20), other.result(20)) == ("x", "x")
    assert runs == [1]
