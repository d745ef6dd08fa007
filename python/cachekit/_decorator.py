"""`cache`: the decorator in its spellings."""

from __future__ import annotations

from ._native import Decorator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar, overload

    from typing_extensions import Unpack

    from ._native import AsyncCached, Cached
    from .typing import FunctionOptions

    P = ParamSpec("P")
    R = TypeVar("R")
    T = TypeVar("T")
else:

    def overload(function: object) -> object:
        """Only type checkers read overloads, and `typing` costs more than all of this module."""
        return function


__all__ = ["CacheDecorator", "cache"]


class CacheDecorator:
    """The type of `cache`."""

    __slots__ = ()

    @overload
    def __call__(
        self, function: Callable[P, Coroutine[Any, Any, R]], /
    ) -> AsyncCached[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Cached[P, R]: ...
    @overload
    def __call__(self, /, **options: Unpack[FunctionOptions]) -> Decorator: ...
    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Caches what a function returns.

        ``@cache`` and ``@cache(ttl="5m", ...)`` are both fine. Every option has a default; they are
        described in `cachekit.typing.FunctionOptions`.

        A stored entry can be read by whoever can read the store: for what nobody else should see
        there is `cache.secure`.

        Raises:
            TypeError: A name that is no option, a value of the wrong type, or something to decorate
                that is no function (a generator function returns an iterator, which cannot be kept).
            ConfigurationError: A value out of bounds, or options that contradict each other.
        """
        return _decorate(function, secure=False, options=options)

    @overload
    def secure(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncCached[P, R]: ...
    @overload
    def secure(self, function: Callable[P, R], /) -> Cached[P, R]: ...
    @overload
    def secure(self, /, **options: Unpack[FunctionOptions]) -> Decorator: ...
    def secure(self, function: Any = None, /, **options: Any) -> Any:
        """Caches what a function returns, sealed: the store sees neither values nor what they are of.

        As `cache`, with the same options. The key comes from `master_key=`, `cachekit.configure` or
        the environment.

        Raises:
            ConfigurationError: There is no key, or it is not one; said here, not at the first call.
        """
        return _decorate(function, secure=True, options=options)

    def __repr__(self) -> str:
        return "cachekit.cache"


def _decorate(function: Any, *, secure: bool, options: dict[str, Any]) -> Any:
    decorator = Decorator(secure, options)
    return decorator if function is None else decorator(function)


cache = CacheDecorator()
