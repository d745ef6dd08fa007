from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, overload

from typing_extensions import Unpack

from ._native import AsyncCached, Cached, Decorator
from .typing import FunctionOptions

__all__ = ["CacheDecorator", "cache"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

class CacheDecorator:
    """The type of `cache`."""

    __slots__ = ()

    @overload
    def __call__(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[_P, Coroutine[Any, Any, _R]], /
    ) -> AsyncCached[_P, _R]:
        """Caches what a function returns.

        ``@cache`` and ``@cache(ttl="5m", ...)`` are both fine. Every option has a default; they are
        described in `cachekit.typing.FunctionOptions`.

        A stored entry can be read by whoever can read the store: for what nobody else should see
        there is `cache.secure`.

        Raises:
            TypeError: A name that is no option, a value of the wrong type, or something to decorate
                that is no function (a generator function returns an iterator: it cannot be kept).
            ConfigurationError: A value out of bounds, or options that contradict each other.
        """
    @overload
    def __call__(self, function: Callable[_P, _R], /) -> Cached[_P, _R]: ...
    @overload
    def __call__(
        self, function: None = None, /, **options: Unpack[FunctionOptions]
    ) -> Decorator: ...
    @overload
    def secure(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[_P, Coroutine[Any, Any, _R]], /
    ) -> AsyncCached[_P, _R]:
        """Caches what a function returns, sealed: the store sees neither values nor names.

        As `cache`, with the same options. The key comes from `master_key=`, `cachekit.configure` or
        the environment.

        Raises:
            ConfigurationError: There is no key, or it is not one; said here, not at the first call.
        """
    @overload
    def secure(self, function: Callable[_P, _R], /) -> Cached[_P, _R]: ...
    @overload
    def secure(self, function: None = None, /, **options: Unpack[FunctionOptions]) -> Decorator: ...

cache: CacheDecorator
