"""A store that tells of changes: copies that others changed are let go of at once."""

import logging
import time

import pytest
from shelves import AsyncWatchedShelf, FullShelf, Hub, WatchedShelf

from cachekit import ConfigurationError, cache
from cachekit.testing import check_store

WATCHED = [WatchedShelf, AsyncWatchedShelf]


class Deaf(FullShelf):
    """The same entries, without a watch."""

    def __init__(self, hub):
        super().__init__()
        self.entries = hub.entries


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def two_processes(kind, hub, master_key, body):
    """The same function over two stores, as in two processes; the other one holds its value."""

    def function(store):
        options = {"name": "f", "backend": store, "master_key": master_key}
        return cache.secure(**options)(lambda x: body([x]))

    mine, theirs = function(kind(hub)), function(kind(hub))
    assert mine(1) == [1]
    if hasattr(kind, "watch"):
        until(lambda: hub.watchers)
    time.sleep(0.01)
    # The first look takes it into the first level; by the second one it is there.
    assert theirs(1) == theirs(1) == [1]
    time.sleep(0.01)
    assert theirs(1) == [1]
    assert body.runs == 1
    return mine, theirs


@pytest.mark.parametrize("kind", WATCHED)
@pytest.mark.parametrize("forget", ["invalidate", "cache_clear"])
def test_what_another_forgot_is_not_served_from_memory(kind, forget, master_key, body):
    hub = Hub()
    mine, theirs = two_processes(kind, hub, master_key, body)
    until(lambda: len(hub.watchers) == 2)
    if forget == "invalidate":
        mine.invalidate(1)
    else:
        mine.cache_clear()
    assert theirs(1) == [1]
    assert body.runs == 2


def test_without_a_watch_it_is_for_a_while(master_key, body):
    mine, theirs = two_processes(Deaf, Hub(), master_key, body)
    mine.invalidate(1)
    assert theirs(1) == [1]
    assert body.runs == 1


@pytest.mark.parametrize("kind", WATCHED)
def test_a_lost_connection_costs_a_look_at_everything(kind, master_key, body):
    hub = Hub()
    _, theirs = two_processes(kind, hub, master_key, body)
    until(lambda: len(hub.watchers) == 2)
    hub.entries.clear()
    assert theirs(1) == [1]
    assert body.runs == 1, "nobody told"
    hub.tell(None)
    assert theirs(1) == [1]
    assert body.runs == 2


@pytest.mark.parametrize("kind", WATCHED)
def test_a_watch_that_is_over_is_closed(kind):
    store = kind()
    # A cache watches for as long as the process lives; the suite begins and ends its watches.
    check_store(store)
    until(lambda: store.hub.closed and not store.hub.watchers)


class Refuses(WatchedShelf):
    def watch(self, changed):
        raise ConnectionError("the text may hold anything")


def test_a_watch_that_fails_is_said_and_nothing_more(body, caplog):
    f = cache(name="f", backend=Refuses())(lambda x: body([x]))
    with caplog.at_level(logging.WARNING):
        assert f(1) == f(1) == [1]
        until(lambda: "watch raised ConnectionError" in caplog.text)
    assert body.runs == 1
    assert f.cache_info().store_errors == 0
    assert "the text" not in caplog.text


def test_a_watch_that_could_not_be_called_is_refused():
    class Wrong(FullShelf):
        def watch(self):
            pass

    with pytest.raises(ConfigurationError, match=r"Wrong\.watch\(\) is called as watch\(changed\)"):
        cache(backend=Wrong())(len)
