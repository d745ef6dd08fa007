"""`clear` and `invalidate` against fills in flight in another process, over a real Redis."""

import multiprocessing
import threading

import pytest
from keys import master

from cachekit import cache

ROUNDS = 150


def function(url, version):
    """The same cached function in either process; it returns what stands in shared memory."""

    @cache.secure(ttl=300, master_key=master("processes"), backend=url, l1=False, name="version")
    def load(name):
        return version.value

    return load


def worker(url, version, pipe):
    """Fills without pause in two threads, and answers what a call made now returns."""
    load = function(url, version)
    stop = threading.Event()

    def fill():
        while not stop.is_set():
            load("x")
            load.refresh("x")

    threads = [threading.Thread(target=fill) for _ in range(2)]
    for thread in threads:
        thread.start()
    pipe.send("ready")
    while pipe.recv() == "call":
        pipe.send(load("x"))
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", ["invalidate", "cache_clear"])
def test_a_value_computed_before_is_never_served_after(how, redis_url):
    context = multiprocessing.get_context("spawn")
    version = context.Value("q", 0)
    ours, theirs = context.Pipe()
    process = context.Process(target=worker, args=(redis_url, version, theirs))
    process.start()
    assert ours.recv() == "ready"
    load = function(redis_url, version)
    hits = 0
    for expected in range(1, ROUNDS + 1):
        version.value = expected
        load.invalidate("x") if how == "invalidate" else load.cache_clear()
        ours.send("call")
        assert ours.recv() >= expected
        assert load("x") >= expected
        hits = load.cache_info().hits
    ours.send("stop")
    process.join(30)
    assert process.exitcode == 0
    assert hits > 0, "the other process's fills were never met: nothing was tested"
