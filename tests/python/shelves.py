"""Stores as users write them, for the tests: right ones, and one that is wrong for each family."""

import asyncio
import threading
import time


class Shelf:
    """The least that a store is."""

    def __init__(self):
        self.entries = {}
        self.calls = []
        self.threads = set()

    def get(self, key):
        self.calls.append("get")
        self.threads.add(threading.get_ident())
        value, end = self.entries.get(key, (None, 0.0))
        return value if time.monotonic() < end else None

    def set(self, key, value, ttl):
        self.calls.append("set")
        self.entries[key] = (value, time.monotonic() + ttl)

    def delete(self, key):
        self.calls.append("delete")
        return self.entries.pop(key, None) is not None


class FullShelf(Shelf):
    """All that a store can be."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def get_many(self, keys):
        self.calls.append("get_many")
        with self.lock:
            return [Shelf.get(self, key) for key in keys]

    def set_many(self, writes):
        with self.lock:
            for key, value, ttl in writes:
                self.set(key, value, ttl)

    def compare_and_set(self, key, expected, value, ttl):
        self.calls.append("compare_and_set")
        with self.lock:
            if self.get(key) != expected:
                return False
            self.set(key, value, ttl)
            return True

    def compare_and_delete(self, key, expected):
        with self.lock:
            return self.get(key) == expected and self.delete(key)


class Hub:
    """What several stores share, as clients of one server do."""

    def __init__(self):
        self.entries = {}
        self.watchers = []
        self.closed = 0

    def tell(self, key):
        for changed in list(self.watchers):
            changed(key)


class WatchedShelf(FullShelf):
    """One that tells of changes."""

    def __init__(self, hub=None):
        super().__init__()
        self.hub = hub or Hub()
        self.entries = self.hub.entries

    def set(self, key, value, ttl):
        super().set(key, value, ttl)
        self.hub.tell(key)

    def delete(self, key):
        deleted = super().delete(key)
        self.hub.tell(key)
        return deleted

    def watch(self, changed):
        self.hub.watchers.append(changed)
        return Subscription(self.hub, changed)


class Subscription:
    def __init__(self, hub, changed):
        self.hub, self.changed = hub, changed

    def close(self):
        self.hub.watchers.remove(self.changed)
        self.hub.closed += 1


class SaysNothing(FullShelf):
    """Wrong: it has a watch that never tells."""

    def watch(self, changed):
        return changed


class AsyncShelf:
    """The same, awaited; each method gives way to others in the middle."""

    def __init__(self, shelf=None):
        self.shelf = shelf or Shelf()
        self.loops = set()

    async def get(self, key):
        self.loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return self.shelf.get(key)

    async def set(self, key, value, ttl):
        await asyncio.sleep(0)
        self.shelf.set(key, value, ttl)

    async def delete(self, key):
        await asyncio.sleep(0)
        return self.shelf.delete(key)


class AsyncFullShelf(AsyncShelf):
    def __init__(self):
        super().__init__(FullShelf())

    async def get_many(self, keys):
        return self.shelf.get_many(keys)

    async def set_many(self, writes):
        self.shelf.set_many(writes)

    async def compare_and_set(self, key, expected, value, ttl):
        await asyncio.sleep(0)
        return self.shelf.compare_and_set(key, expected, value, ttl)

    async def compare_and_delete(self, key, expected):
        return self.shelf.compare_and_delete(key, expected)


class CutsAtZero(FullShelf):
    """Wrong: values."""

    def set(self, key, value, ttl):
        super().set(key, value.split(b"\0")[0], ttl)


class CountsMinutes(FullShelf):
    """Wrong: lifetimes; what should live for less than a minute is gone at once."""

    def set(self, key, value, ttl):
        super().set(key, value, ttl // 60 * 60)


class ComparesLengths(FullShelf):
    """Wrong: swaps."""

    def compare_and_set(self, key, expected, value, ttl):
        there = self.get(key)
        if (there is None) != (expected is None) or len(there or b"") != len(expected or b""):
            return False
        self.set(key, value, ttl)
        return True


class ForgetsUnderLoad(FullShelf):
    """Wrong: concurrency; two at once get each other's answers."""

    asked = None

    def get_many(self, keys):
        self.asked = keys
        time.sleep(0.0005)
        return [Shelf.get(self, key) for key in self.asked][: len(keys)]


class TakesLess(FullShelf):
    """Wrong: limits; it announces more than it takes."""

    def set(self, key, value, ttl):
        if len(value) > 10_000:
            raise ValueError(f"value too large: {value[:10]!r}")
        super().set(key, value, ttl)


class AsyncWatchedShelf(AsyncShelf):
    """One that tells of changes, by a coroutine that listens for as long as it is wanted."""

    def __init__(self, hub=None):
        super().__init__(WatchedShelf(hub))
        self.hub = self.shelf.hub

    async def watch(self, changed):
        self.hub.watchers.append(changed)
        try:
            await asyncio.Event().wait()
        finally:
            self.hub.watchers.remove(changed)
            self.hub.closed += 1
