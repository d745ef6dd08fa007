"""Names for annotations. Importing this module imports `typing`; `cachekit` itself does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypedDict, runtime_checkable

from ._native import AsyncCached, Cached, CacheInfo, Decorator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from .stores import AnyStore

__all__ = [
    "AsyncCached",
    "CacheInfo",
    "CacheOptions",
    "Cached",
    "Decorator",
    "FunctionOptions",
    "Serializer",
]


@runtime_checkable
class Serializer(Protocol):
    """What `serializer=` takes.

    `serializer_id` is a number from 128 to 255 that you never use for another serializer: stored
    entries carry it, and are not read by another one.
    """

    @property
    def serializer_id(self) -> int:
        """The number by which entries name it."""
        ...

    def serialize(self, value: Any, /) -> bytes:
        """Turns a value into bytes, or raises."""
        ...

    def deserialize(self, data: bytes, /) -> Any:
        """Turns the bytes back, or raises."""
        ...


class CacheOptions(TypedDict, total=False):
    """The options of `Cache` and `Cache.secure`, and of the decorators too."""

    ttl: float | timedelta | str
    """How long a value is fresh: seconds, a `timedelta`, or text such as `"5m"`. Default 5 min."""

    backend: str | AnyStore | None
    """The shared store's URL, or an object that is one (`cachekit.stores`); `None` keeps entries in
    this process. Default: as configured."""

    l1: bool | int | str
    """What this process may hold: bytes, text such as `"64MiB"`, or `False`. Default 64 MiB."""

    master_key: str | None
    """The master key in hexadecimal, in place of the environment's."""

    key_rotation_enabled: bool
    """Whether `CACHEKIT_MASTER_KEY_ROTATION` has a say. Default: it has, where it is set."""

    serializer: Serializer
    """How values become bytes; an `EncryptionWrapper` also selects encryption."""

    namespace: str
    """Groups entries, apart from those of others in the same store."""

    version: str | int
    """Changed when values change their meaning: entries of another version are never met."""

    allow: type[Any] | Iterable[type[Any]]
    """Classes that `DefaultSerializer` may rebuild beside those that the function names."""


class FunctionOptions(CacheOptions, total=False):
    """The options of `cache` and `cache.secure`."""

    name: str
    """The operation's name, in place of `module.qualname`. Shared with Rust by an equal name."""

    key: str | Callable[..., object]
    """What identifies a call: `"user:{user_id}"`, or a function of the call's arguments."""

    ignore: str | Iterable[str]
    """Parameters that do not identify a call."""

    hash_funcs: dict[type[Any], Callable[[Any], object]]
    """What identifies the instances of a class, and of those derived from it."""

    tenant_extractor: Callable[..., str]
    """Gives the tenant's name from the call's arguments. If it raises, so does the call."""

    strict: bool
    """Whether a value that cannot be cached raises. Default: it is returned, uncached."""
