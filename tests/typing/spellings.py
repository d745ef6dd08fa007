"""What survives the decorator, as type checkers see it. Checked by test_typing.py, never run."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from typing_extensions import assert_type

from cachekit import Cache, cache, configure
from cachekit.serializers import (
    ArrowSerializer,
    DefaultSerializer,
    EncryptionWrapper,
    OrjsonSerializer,
    Serializer,
)
from cachekit.typing import AsyncCached, Cached, CacheInfo


@cache
def bare(number: int, text: str = "a") -> dict[str, int]:
    return {text: number}


@cache(ttl=300, backend=None, l1="64MiB", namespace="n", version=2, strict=True)
def with_options(number: int, /, *, flag: bool = False) -> list[int]:
    return [number] if flag else []


@cache.secure
def bare_secure(number: int) -> str:
    return str(number)


@cache.secure(ttl=timedelta(minutes=5), master_key="4f" * 32, key_rotation_enabled=True, l1=False)
def secure(number: int) -> str:
    return str(number)


@cache(hash_funcs={bytearray: bytes, list: len}, allow=(int,), ignore="flag", version="2")
def with_hash_funcs(number: int, flag: bool = False) -> set[int]:
    return {number} if flag else set()


@cache(ttl="5m", key="user:{number}", tenant_extractor=lambda number: str(number))
async def coroutine(number: int) -> tuple[int, str]:
    return number, "a"


assert_type(bare(1), dict[str, int])
assert_type(bare(number=1, text="b"), dict[str, int])
assert_type(with_options(1, flag=True), list[int])
assert_type(bare_secure(1), str)
assert_type(secure(1), str)
assert_type(with_hash_funcs(1), set[int])

assert_type(bare.peek(1), dict[str, int] | None)
assert_type(bare.refresh(1, text="b"), dict[str, int])
assert_type(bare.contains(1), bool)
assert_type(bare.key(1), str)
assert_type(bare.cache_info(), CacheInfo)
assert_type(bare.cache_info().hits, int)
assert_type(bare.cache_info().refused, dict[str, int])
bare.invalidate(number=1)
bare.set({"a": 1}, 1, text="b")
bare.cache_clear()
uncached: Callable[[int], str] = secure.__wrapped__
annotated: Cached[[int], str] = secure
annotated_async: AsyncCached[[int], tuple[int, str]] = coroutine


async def awaits() -> None:
    assert_type(await coroutine(1), tuple[int, str])
    started: Coroutine[Any, Any, tuple[int, str]] = coroutine(1)
    await started
    assert_type(await coroutine.peek(1), tuple[int, str] | None)
    assert_type(await coroutine.refresh(1), tuple[int, str])
    assert_type(await coroutine.contains(1), bool)
    assert_type(coroutine.key(1), str)
    await coroutine.set((1, "b"), 1)
    await coroutine.invalidate(number=1)
    await coroutine.cache_clear()


class Clinic:
    name = "north"

    @cache(ignore="self")
    def patient(self, number: int, *, full: bool = False) -> str:
        return f"{self.name} {number} {full}"

    @cache.secure(ignore=("self",))
    async def record(self, number: int) -> list[str]:
        return [self.name, str(number)]

    @staticmethod
    @cache
    def static(number: int) -> float:
        return number / 2

    @classmethod
    @cache
    def of_class(cls, number: int) -> str:
        return f"{cls.name}{number}"

    @cache
    @classmethod
    def handle_of_class(cls, number: int) -> str:
        return f"{cls.name}{number}"

    @cache
    @staticmethod
    def handle_static(number: int) -> str:
        return f"{number}"


clinic = Clinic()
assert_type(clinic.patient(1, full=True), str)
assert_type(clinic.patient.peek(1), str | None)
assert_type(Clinic.patient(clinic, 1), str)
assert_type(Clinic.static(1), float)
assert_type(clinic.static(1), float)
assert_type(Clinic.of_class(1), str)
assert_type(clinic.of_class(1), str)
assert_type(Clinic.handle_of_class(1), str)
assert_type(clinic.handle_of_class.peek(1), str | None)
assert_type(Clinic.handle_of_class.peek(1), str | None)
assert_type(Clinic.handle_static(1), str)
assert_type(Clinic.handle_static.peek(1), str | None)
assert_type(clinic.handle_static(1), str)
clinic.patient.invalidate(number=1)
clinic.patient.set("x", 1, full=False)


async def awaits_method() -> None:
    assert_type(await clinic.record(1), list[str])
    assert_type(await clinic.record.peek(1), list[str] | None)
    await clinic.record.invalidate(1)


entries = Cache.secure(ttl="1h", namespace="sessions", backend=None)
tenant = entries.for_tenant("north")
tenant.set(("a", 1), {"b": 2}, ttl=timedelta(hours=1))
assert_type(tenant.get_or_compute("a", lambda: 7), int)
assert_type(tenant.get_many(["a", "b"]), dict[str, Any])
tenant.set_many({"a": 1})
assert_type(tenant.contains("a"), bool)


async def awaits_cache() -> None:
    async def compute() -> int:
        return 7

    assert_type(await tenant.aget_or_compute("a", compute), int)
    assert_type(await tenant.aget_many([1, 2]), dict[int, Any])
    await tenant.aset("a", 1)
    await tenant.ainvalidate("a")


class Mine:
    serializer_id = 130

    def serialize(self, value: object) -> bytes:
        return repr(value).encode()

    def deserialize(self, data: bytes) -> object:
        return data


serializers: list[Serializer] = [
    DefaultSerializer(allow=Clinic),
    OrjsonSerializer(),
    ArrowSerializer(),
    EncryptionWrapper(serializer=OrjsonSerializer(), master_key=None, tenant_id="north"),
    Mine(),
]
cache(serializer=Mine())
configure(ttl="5m", backend="redis://localhost:6379/0", on_tamper="raise", l1=False)
