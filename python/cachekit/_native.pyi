from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable
from datetime import timedelta
from types import GenericAlias, TracebackType
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    final,
    overload,
)

from typing_extensions import Self, Unpack, disjoint_base

from .stores import AnyStore
from .typing import CacheOptions, Serializer

__all__ = [
    "AsyncCached",
    "Cache",
    "CacheInfo",
    "Cached",
    "Decorator",
    "DefaultSerializer",
    "EncryptionWrapper",
    "Function",
    "Pending",
    "RawStore",
    "Ticket",
    "check_arrow",
    "check_json",
    "check_store",
    "configure",
    "digest_buffers",
    "encode_arguments",
    "json_from_bytes",
    "json_to_bytes",
    "reset",
]

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R")
_S = TypeVar("_S")
_K = TypeVar("_K", bound=Hashable)
_D = TypeVar("_D")

@disjoint_base
class Cached(Generic[_P, _R]):
    """A cached function, free or bound to an instance.

    Calling it is calling the function. The methods take the call's arguments as the function does,
    in any spelling, and concern that call's entry.
    """

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    @property
    def __wrapped__(self) -> Callable[_P, _R]:
        """The function as it was before it was decorated; calling it caches nothing."""
    @property
    def __name__(self) -> str: ...
    @property
    def __qualname__(self) -> str: ...
    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Forgets the call's value.

        No value whose computation began before is served afterwards, by this process at once and by
        those that share the store within `l1_max_age` (5 s unless configured).

        Raises:
            BackendError: The store did not take it. This process has forgotten all the same.
        """
    def refresh(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Runs the function now, whatever is cached, and caches and returns what it returns."""
    def peek(self, *args: _P.args, **kwargs: _P.kwargs) -> _R | None:
        """The cached value, or None; the function never runs, and nothing is counted.

        `contains` tells a cached None from none.
        """
    def contains(self, *args: _P.args, **kwargs: _P.kwargs) -> bool:
        """Whether a value of the call is cached, None included."""
    def set(self, value: _R, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Caches `value` as the call's: the value first, then the call's arguments.

        Raises:
            SerializationError: The serializer cannot keep it.
            BackendError: It could not be written.
        """
    def key(self, *args: _P.args, **kwargs: _P.kwargs) -> str:
        """The address of the call's entry in the store."""
    def cache_info(self) -> CacheInfo:
        """What was counted for this function in this process."""
    def cache_clear(self) -> None:
        """Forgets all of the function's values, of every tenant, wherever the store is shared.

        Raises:
            BackendError: The store did not take it. This process has forgotten all the same.
        """
    # `self` as a callable: mypy takes any instance for the first parameter of a class that is given
    # a `Concatenate`, but not for that of a callable. Bound methods lose it, static ones keep it.
    @overload
    def __get__(  # type: ignore[misc]
        self: Callable[Concatenate[type[_S], _Q], _R], instance: None, owner: type[_S], /
    ) -> Cached[_Q, _R]: ...
    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None, /) -> Self: ...
    @overload
    def __get__(  # type: ignore[misc]
        self: Callable[Concatenate[type[_S], _Q], _R],
        instance: _S,
        owner: type[Any] | None = None,
        /,
    ) -> Cached[_Q, _R]: ...
    @overload
    def __get__(
        self: Callable[Concatenate[_S, _Q], _R], instance: _S, owner: type[Any] | None = None, /
    ) -> Cached[_Q, _R]: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> Self: ...

@final
class AsyncCached(Generic[_P, _R]):
    """A cached coroutine function: what waits in `Cached` is awaited here."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _R]: ...
    @property
    def __wrapped__(self) -> Callable[_P, Coroutine[Any, Any, _R]]:
        """The function as it was before it was decorated; calling it caches nothing."""
    @property
    def __name__(self) -> str: ...
    @property
    def __qualname__(self) -> str: ...
    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, None]:
        """As `Cached.invalidate`, awaited."""
    def refresh(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _R]:
        """As `Cached.refresh`, awaited."""
    def peek(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _R | None]:
        """As `Cached.peek`, awaited."""
    def contains(self, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, bool]:
        """As `Cached.contains`, awaited."""
    def set(self, value: _R, /, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, None]:
        """As `Cached.set`, awaited."""
    def key(self, *args: _P.args, **kwargs: _P.kwargs) -> str:
        """The address of the call's entry in the store; nothing to await."""
    def cache_info(self) -> CacheInfo:
        """What was counted for this function in this process; nothing to await."""
    def cache_clear(self) -> Coroutine[Any, Any, None]:
        """As `Cached.cache_clear`, awaited."""
    @overload
    def __get__(  # type: ignore[misc]
        self: Callable[Concatenate[type[_S], _Q], Coroutine[Any, Any, _R]],
        instance: None,
        owner: type[_S],
        /,
    ) -> AsyncCached[_Q, _R]: ...
    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None, /) -> Self: ...
    @overload
    def __get__(  # type: ignore[misc]
        self: Callable[Concatenate[type[_S], _Q], Coroutine[Any, Any, _R]],
        instance: _S,
        owner: type[Any] | None = None,
        /,
    ) -> AsyncCached[_Q, _R]: ...
    @overload
    def __get__(
        self: Callable[Concatenate[_S, _Q], Coroutine[Any, Any, _R]],
        instance: _S,
        owner: type[Any] | None = None,
        /,
    ) -> AsyncCached[_Q, _R]: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None, /) -> Self: ...

@final
class Decorator:
    """What `cache(...)` and `cache.secure(...)` return: it takes the function."""

    def __new__(cls, secure: bool, options: dict[str, Any] | None = None, /) -> Self: ...
    @overload
    def __call__(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[_P, Coroutine[Any, Any, _R]], /
    ) -> AsyncCached[_P, _R]: ...
    @overload
    def __call__(self, function: Callable[_P, _R], /) -> Cached[_P, _R]: ...

@final
class CacheInfo:
    """Counters of one function in one process, as they stood when they were read."""

    @property
    def hits(self) -> int:
        """Calls served without running the function: `l1_hits`, `store_hits` and `joined`."""
    @property
    def misses(self) -> int:
        """Calls for which nothing servable was found: the function ran."""
    @property
    def l1_hits(self) -> int:
        """Served by what this process holds."""
    @property
    def store_hits(self) -> int:
        """Served by the store."""
    @property
    def joined(self) -> int:
        """Served by a computation that another caller had under way."""
    @property
    def fills(self) -> int:
        """Values written."""
    @property
    def unwritten(self) -> int:
        """Values computed and written nowhere: invalidated meanwhile, or the store failed."""
    @property
    def failures(self) -> int:
        """Computations that raised."""
    @property
    def store_errors(self) -> int:
        """Requests that the store failed, or that were not sent because it had just failed."""
    @property
    def unencodable(self) -> int:
        """Values that the serializer could not keep: returned, not cached."""
    @property
    def undecodable(self) -> int:
        """Entries that did not decode, as after a change of a class: computed anew."""
    @property
    def refused(self) -> dict[str, int]:
        """How often stored entries were refused, by reason: `tampered`, `unknown_key`, ..."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Cache:
    """Values by key, without a function behind them.

    Keys are what can be an argument of a cached function: text, numbers, dates, tuples. Every verb
    has a twin for coroutines whose name begins with ``a``. `Cache.secure` makes a sealed one. Two
    caches with the same options have the same entries, and share them with a Rust `Cache` of the
    same namespace.

    Example:
        >>> sessions = Cache.secure(namespace="sessions", master_key="4f" * 32, backend=None)
        >>> sessions.set("s-1", {"user": 7})
        >>> sessions.get("s-1")
        {'user': 7}
    """

    def __new__(cls, **options: Unpack[CacheOptions]) -> Self: ...
    @classmethod
    def secure(cls, **options: Unpack[CacheOptions]) -> Cache:
        """A cache whose entries are sealed.

        Raises:
            ConfigurationError: There is no key, or it is not one.
        """
    def for_tenant(self, tenant: str) -> Cache:
        """The same cache for one tenant: names, keys and entries that no other tenant meets."""
    @overload
    def get(self, key: Hashable, default: None = None) -> Any:
        """The value under `key`, or `default`."""
    @overload
    def get(self, key: Hashable, default: _D) -> Any | _D: ...
    def set(
        self, key: Hashable, value: object, *, ttl: float | timedelta | str | None = None
    ) -> None:
        """Keeps `value` under `key`, for `ttl` or as long as the cache says.

        Raises:
            SerializationError: The serializer cannot keep it.
            BackendError: It could not be written.
        """
    def get_or_compute(self, key: Hashable, compute: Callable[[], _R]) -> _R:
        """The value under `key`, computed by one caller where there is none."""
    def contains(self, key: Hashable) -> bool:
        """Whether there is a value under `key`, None included."""
    def invalidate(self, key: Hashable) -> None:
        """Forgets the value under `key`."""
    def clear(self) -> None:
        """Forgets everything in this namespace, of every tenant, wherever the store is shared."""
    def get_many(self, keys: Iterable[_K]) -> dict[_K, Any]:
        """The values that there are, in one round trip where the store can."""
    def set_many(
        self, values: dict[Any, Any], *, ttl: float | timedelta | str | None = None
    ) -> None:
        """Keeps many values. Each is written or not on its own."""
    @overload
    def aget(self, key: Hashable, default: None = None) -> Coroutine[Any, Any, Any]:
        """As `get`, awaited."""
    @overload
    def aget(self, key: Hashable, default: _D) -> Coroutine[Any, Any, Any | _D]: ...
    def aset(
        self, key: Hashable, value: object, *, ttl: float | timedelta | str | None = None
    ) -> Coroutine[Any, Any, None]:
        """As `set`, awaited."""
    def aget_or_compute(
        self, key: Hashable, compute: Callable[[], Awaitable[_R]]
    ) -> Coroutine[Any, Any, _R]:
        """As `get_or_compute`, awaited."""
    def acontains(self, key: Hashable) -> Coroutine[Any, Any, bool]:
        """As `contains`, awaited."""
    def ainvalidate(self, key: Hashable) -> Coroutine[Any, Any, None]:
        """As `invalidate`, awaited."""
    def aclear(self) -> Coroutine[Any, Any, None]:
        """As `clear`, awaited."""
    def aget_many(self, keys: Iterable[_K]) -> Coroutine[Any, Any, dict[_K, Any]]:
        """As `get_many`, awaited."""
    def aset_many(
        self, values: dict[Any, Any], *, ttl: float | timedelta | str | None = None
    ) -> Coroutine[Any, Any, None]:
        """As `set_many`, awaited."""
    def key(self, key: Hashable) -> str:
        """The address of the entry of `key` in the store."""
    def cache_info(self) -> CacheInfo:
        """What this object counted in this process."""

@final
class DefaultSerializer:
    """MessagePack with the Python types kept: what comes back is equal and of the same type.

    Tuples stay tuples; sets, dates, `Decimal`, `UUID`, enums, dataclasses and more come back as
    they were (`docs/values.md`). What it cannot keep it refuses, with the way to it. Outside a
    decorator it rebuilds only the classes of `allow`.
    """

    serializer_id: int
    def __new__(cls, *, allow: type[Any] | Iterable[type[Any]] | None = None) -> Self: ...
    def serialize(self, value: Any, /) -> bytes:
        """Turns a value into bytes.

        Raises:
            SerializationError: It cannot be kept as it is; the message says what in it.
        """
    def deserialize(self, data: bytes, /) -> Any:
        """Turns the bytes back into an equal value of the same type.

        Raises:
            SerializationError: They are not exactly one value, or name a class that is not allowed.
        """

@final
class EncryptionWrapper:
    """Any serializer, sealed with AES-256-GCM.

    As `serializer=` of a decorator it selects encryption, as `cache.secure` does. On its own it
    turns values into sealed bytes and back; those have no expiry.

    Args:
        serializer: What makes bytes of values; `DefaultSerializer` unless given.
        master_key: The master key in hexadecimal; the configured or environment's one unless given.
        tenant_id: Whose data it is: another tenant's wrapper does not open it.

    Raises:
        ConfigurationError: There is no key, or it is not one.
    """

    def __new__(
        cls,
        serializer: Serializer | None = None,
        master_key: str | None = None,
        tenant_id: str | None = None,
    ) -> Self: ...
    @property
    def serializer_id(self) -> int:
        """The wrapped serializer's."""
    def serialize(self, value: Any) -> bytes:
        """Turns a value into sealed bytes.

        Raises:
            SerializationError: The wrapped serializer cannot keep it.
        """
    def deserialize(self, data: bytes) -> Any:
        """Opens sealed bytes.

        Raises:
            DecryptionError: Another key or tenant sealed them, or they were changed since.
        """

@final
class RawStore:
    """A store as whoever runs it has it: keys and bytes. For tests and demonstrations."""

    def __new__(cls, url: str) -> Self: ...
    def get(self, key: str) -> bytes | None:
        """The bytes under a key."""
    def set(self, key: str, value: bytes) -> None:
        """Puts bytes under a key, for an hour."""
    def delete(self, key: str) -> None:
        """Removes a key."""
    def keys(self) -> list[str]:
        """The keys of all entries, in no order; of `memory://` and `redis://` alone."""

def configure(
    *,
    master_key: str | None = None,
    master_key_file: str | None = None,
    key_rotation: str | None = None,
    naming_key: str | None = None,
    backend: str | AnyStore | None = None,
    api_key: str | None = None,
    prefix: str | None = None,
    namespace: str | None = None,
    ttl: float | timedelta | str | None = None,
    max_ttl: float | timedelta | str | None = None,
    l1: Literal[False] | int | str | None = None,
    l1_max_age: float | timedelta | str | None = None,
    on_tamper: Literal["miss", "raise"] | None = None,
    connect_timeout: float | timedelta | str | None = None,
    operation_timeout: float | timedelta | str | None = None,
) -> None:
    """Says what decorators and caches use that are not told themselves.

    An option of a decorator comes first, then this, then the environment
    (`docs/environment.md`). Each call replaces the one before.

    Args:
        master_key: The master key in hexadecimal.
        master_key_file: A file that holds it, which nobody else may be able to read.
        key_rotation: The key list for rotation, as in `CACHEKIT_MASTER_KEY_ROTATION`.
        naming_key: A long-lived key for the names of entries, so that a rotation changes none.
        backend: The shared store's URL, or an object that is one (`cachekit.stores`).
        api_key: The bearer token of a store behind HTTP, as in `CACHEKIT_API_KEY`.
        prefix: Starts every key in the store; `ck:` unless given.
        namespace: Groups this application's entries, apart from those of others in the same store.
        ttl: How long a value is fresh; 5 minutes unless given.
        max_ttl: The longest life of an entry; 30 days unless given.
        l1: What this process may hold: bytes, text such as `"64MiB"`, or False.
        l1_max_age: How long it is served without a look at the shared store; 5 s unless given.
        on_tamper: Whether a changed entry is a `"miss"` (the default), or raises.
        connect_timeout: How long connecting may take; 500 ms unless given.
        operation_timeout: How long one request may take; 1 s unless given.

    Raises:
        ConfigurationError: Too late: something has bound to the settings in force already.
    """

def reset() -> None:
    """Makes the process forget its configuration, its functions, and what its caches hold.

    Functions that exist already keep what they are bound to. For tests.
    """

def check_arrow(stream: bytes | bytearray, rows: int | None = None) -> None: ...
def check_json(value: object) -> None: ...
def check_store(store: str | AnyStore, /) -> list[tuple[str, str, str]]: ...
def json_from_bytes(data: bytes) -> Any: ...
def json_to_bytes(value: object) -> bytes: ...
def digest_buffers(buffers: Iterable[object]) -> bytes: ...
def encode_arguments(
    function: Callable[..., object],
    args: tuple[Any, ...] | None = None,
    kwargs: dict[str, Any] | None = None,
    *,
    ignore: list[str] = ...,
    key: str | Callable[..., object] | None = None,
    hash_funcs: dict[type[Any], Callable[[Any], object]] | None = None,
) -> bytes: ...

@final
class Function:
    @property
    def wrapped(self) -> Callable[..., Any]: ...
    def lookup(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any: ...
    def refresh(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Pending: ...

@final
class Pending:
    def advance_on(self, loop: Any, waiter: Any) -> bool: ...
    def take(self) -> Any: ...
    def abandon(self) -> None: ...

@final
class Ticket:
    def __enter__(self) -> None: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...
    def fill(self, value: Any) -> Pending | None: ...
    def fail(self, error: BaseException) -> None: ...
    def abandon(self) -> None: ...
