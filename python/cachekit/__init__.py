"""Caching whose backend never sees your data.

Example:
    >>> from cachekit import cache
    >>> @cache.secure(ttl="5m", master_key="4f" * 32, backend=None)
    ... def patient(number: int) -> dict[str, str]:
    ...     return {"name": f"Patient {number}", "diagnosis": "hay fever"}
    >>> patient(7)["diagnosis"]
    'hay fever'

`cache` decorates functions, coroutine functions and methods; `cache.secure` also seals what they
return. `Cache` keeps values by key. `configure` says what they use that are not told themselves.
"""

from ._decorator import cache
from ._native import Cache, configure
from .exceptions import (
    ArgumentError,
    BackendError,
    CacheKitError,
    ConfigurationError,
    DecryptionError,
    SerializationError,
)

__all__ = [
    "ArgumentError",
    "BackendError",
    "Cache",
    "CacheKitError",
    "ConfigurationError",
    "DecryptionError",
    "SerializationError",
    "cache",
    "configure",
]
