"""Stores of one's own under both type checkers: what `backend=` takes, and what it does not."""

from collections.abc import Callable

from cachekit import Cache, cache, configure
from cachekit.stores import (
    AsyncComparingStore,
    AsyncStore,
    BatchStore,
    ComparingStore,
    Store,
    WatchedStore,
    Write,
)
from cachekit.testing import check_store


class Shelf:
    def get(self, key: str) -> bytes | None:
        return key.encode()

    def set(self, key: str, value: bytes, ttl: float) -> None:
        pass

    def delete(self, key: str) -> bool:
        return bool(key)


class FullShelf(Shelf):
    def get_many(self, keys: list[str]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def set_many(self, writes: list[Write]) -> None:
        for key, value, ttl in writes:
            self.set(key, value, ttl)

    def compare_and_set(self, key: str, expected: bytes | None, value: bytes, ttl: float) -> bool:
        return bool(key) and expected != value and ttl > 0

    def compare_and_delete(self, key: str, expected: bytes) -> bool:
        return bool(key) and bool(expected)


class WatchedShelf(Shelf):
    def watch(self, changed: Callable[[str | None], None]) -> Callable[[str | None], None]:
        changed(None)
        return changed


class AsyncShelf:
    async def get(self, name: str) -> memoryview | None:
        return memoryview(name.encode())

    async def set(self, name: str, data: bytes, seconds: float) -> bool:
        return bool(name) and bool(data) and seconds > 0

    async def delete(self, name: str) -> bool:
        return bool(name)


class Counts:
    def get(self, key: str) -> int:
        return len(key)

    def set(self, key: str, value: bytes, ttl: float) -> None:
        pass

    def delete(self, key: str) -> bool:
        return bool(key)


one: Store = Shelf()
two: BatchStore = FullShelf()
three: ComparingStore = FullShelf()
four: AsyncStore = AsyncShelf()
five: WatchedStore = WatchedShelf()


@cache(backend=Shelf())
def f(x: int) -> int:
    return x


entries = Cache(backend=FullShelf())
configure(backend=AsyncShelf())
report: str = check_store(Shelf())

wrong: Store = Counts()  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
less: AsyncComparingStore = AsyncShelf()  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
deaf: WatchedStore = Shelf()  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
cache(backend=Counts())  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
cache(backend=Shelf)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
cache(backend=7)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
