"""What `backend=` takes beside a URL: an object with `get`, `set` and `delete`.

Give the methods of `Store`, or those of `AsyncStore`, to a class of your own. Nothing is
inherited::

    class Shelf:
        def __init__(self) -> None:
            self._entries: dict[str, tuple[bytes, float]] = {}

        def get(self, key: str) -> bytes | None:
            value, end = self._entries.get(key, (b"", 0.0))
            return value if time.monotonic() < end else None

        def set(self, key: str, value: bytes, ttl: float) -> None:
            self._entries[key] = (value, time.monotonic() + ttl)

        def delete(self, key: str) -> bool:
            return self._entries.pop(key, None) is not None

What every store promises:

- **Bytes are bytes**: they come back as they were given, with whatever is in them. Keys are text,
  up to some hundred bytes long.
- **Nothing outlives its time to live**, which is in seconds and may be a fraction of one.
- **It may forget** anything at any time. It may raise anything: the function runs then, and
  `cache_info().store_errors` counts. `TimeoutError` says that it was too slow.
- **It is called by many at once.** Methods that block run on threads of the store's own, up to
  eight; methods that are awaited run on one event loop of the store's own, whatever loop the
  caller has. So connections are made where they are used, not in `__init__` on another loop; and
  after a fork they are the parent's.

Methods are called with their arguments by position. There may be two more pairs of them:
`BatchStore` reads and writes several entries in one go (each call reads three), and
`ComparingStore` makes an `invalidate` certain against values that were computed before it. A
`WatchedStore` tells of changes, so that this process lets go of copies that others changed.
`cachekit.testing.check_store` tells whether an object keeps all this.

Two attributes are looked at as well: `address`, text such as `"dynamodb://table"` for logs and
errors, and `largest_entry`, the most bytes that one value may have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "AnyStore",
    "AsyncBatchStore",
    "AsyncComparingStore",
    "AsyncStore",
    "AsyncWatchedStore",
    "BatchStore",
    "ComparingStore",
    "Entry",
    "Store",
    "WatchedStore",
    "Write",
]

Entry: TypeAlias = bytes | bytearray | memoryview | None
"""What is under a key: bytes, or nothing."""

Write: TypeAlias = tuple[str, bytes, float]
"""A key, its value, and for how many seconds at most."""


class Store(Protocol):
    """Keeps bytes for a while; its methods block."""

    def get(self, key: str, /) -> Entry:
        """What is under the key, or None where nothing is, or what was has run out."""
        ...

    def set(self, key: str, value: bytes, ttl: float, /) -> object:
        """Puts a value over whatever is there, for at most `ttl` seconds."""
        ...

    def delete(self, key: str, /) -> bool:
        """Removes what is under the key. True if something was there."""
        ...


class BatchStore(Store, Protocol):
    """A store that reads, or writes, several entries in one go."""

    def get_many(self, keys: list[str], /) -> Sequence[Entry]:
        """What is under each of the keys, in their order; a list or a tuple."""
        ...

    def set_many(self, writes: list[Write], /) -> object:
        """Puts several values, in order."""
        ...


class ComparingStore(Store, Protocol):
    """A store that changes an entry only if it is what somebody has seen: atomically."""

    def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float, /
    ) -> bool:
        """Puts a value if exactly `expected` is there, or nothing where that is None.

        True if it did. Of any number of callers that expect the same, one is told True.
        """
        ...

    def compare_and_delete(self, key: str, expected: bytes, /) -> bool:
        """Removes what is under the key if it is exactly `expected`. True if it did."""
        ...


class WatchedStore(Store, Protocol):
    """A store that tells what was changed."""

    def watch(self, changed: Callable[[str | None], None], /) -> object:
        """Calls `changed` with each key that was changed, by whomever, from whatever thread.

        `changed(None)` says that anything may have changed: after a lost connection, for instance.
        It is a hint, and may come late, twice or, now and then, not at all.

        It is called once by each cache of a process and returns at once: listening is done
        elsewhere. What it returns is kept for as long as the watch lasts; its `close()`, if it has
        one, is called at the end.
        """
        ...


class AsyncStore(Protocol):
    """Keeps bytes for a while; its methods are awaited. They mean what those of `Store` mean."""

    async def get(self, key: str, /) -> Entry:
        """What is under the key."""
        ...

    async def set(self, key: str, value: bytes, ttl: float, /) -> object:
        """Puts a value over whatever is there."""
        ...

    async def delete(self, key: str, /) -> bool:
        """Removes what is under the key."""
        ...


class AsyncBatchStore(AsyncStore, Protocol):
    """As `BatchStore`, awaited."""

    async def get_many(self, keys: list[str], /) -> Sequence[Entry]:
        """What is under each of the keys."""
        ...

    async def set_many(self, writes: list[Write], /) -> object:
        """Puts several values, in order."""
        ...


class AsyncComparingStore(AsyncStore, Protocol):
    """As `ComparingStore`, awaited."""

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float, /
    ) -> bool:
        """Puts a value if exactly `expected` is there."""
        ...

    async def compare_and_delete(self, key: str, expected: bytes, /) -> bool:
        """Removes what is under the key if it is exactly `expected`."""
        ...


class AsyncWatchedStore(AsyncStore, Protocol):
    """A store that tells what others change, by a coroutine that runs for as long as it listens."""

    async def watch(self, changed: Callable[[str | None], None], /) -> object:
        """As `WatchedStore.watch`, awaited on the store's event loop and cancelled at the end."""
        ...


AnyStore: TypeAlias = Store | AsyncStore
"""What `backend=` takes beside a URL and None."""
