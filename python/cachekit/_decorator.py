"""`cache`: the decorator in its spellings. Signatures and documentation are in the stub."""

from __future__ import annotations

from ._native import Decorator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["CacheDecorator", "cache"]


class CacheDecorator:
    """The type of `cache`."""

    __slots__ = ()

    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Caches what a function returns."""
        decorator: Any = Decorator(False, options)  # noqa: FBT003 - the stub names it: plain
        return decorator if function is None else decorator(function)

    def secure(self, function: Any = None, /, **options: Any) -> Any:
        """Caches what a function returns, sealed."""
        decorator: Any = Decorator(True, options)  # noqa: FBT003 - the stub names it: secure
        return decorator if function is None else decorator(function)

    def __repr__(self) -> str:
        return "cachekit.cache"


cache = CacheDecorator()
