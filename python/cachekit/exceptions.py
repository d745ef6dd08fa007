"""What can go wrong, as classes to catch.

A store that is down or slow, and an entry that somebody tampered with, raise nothing: the function
runs, and ``cache_info()`` counts what happened. These are for what was asked for in so many words
(``invalidate``, ``clear``, ``EncryptionWrapper.deserialize``) and for misuse::

    CacheKitError
    ├── ConfigurationError      an option, a key or a URL; raised where it is said
    ├── DecryptionError         bytes that this key did not seal, or that were changed since
    ├── BackendError            the store did not do what was asked for
    ├── SerializationError      a value that the serializer cannot keep as it is
    └── ArgumentError           an argument that cannot be part of an entry's name (a ``TypeError``)

No message contains a key, a value or an argument.
"""

__all__ = [
    "ArgumentError",
    "BackendError",
    "CacheKitError",
    "ConfigurationError",
    "DecryptionError",
    "SerializationError",
]


class CacheKitError(Exception):
    """Base of every exception that this package raises on its own account."""


class ConfigurationError(CacheKitError):
    """An option, a key, a tenant or a URL does not fit; the message says what does."""


class DecryptionError(CacheKitError):
    """Sealed bytes were refused: another key, another tenant, or changed since they were sealed."""


class BackendError(CacheKitError):
    """The store did not do what was asked of it.

    Attributes:
        retryable: Whether the same request may succeed later with nothing changed by hand.
    """

    retryable: bool

    def __init__(self, message: str = "", *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class SerializationError(CacheKitError):
    """A value that the serializer cannot keep faithfully, or stored bytes that it cannot read."""


class ArgumentError(CacheKitError, TypeError):
    """An argument that cannot be part of an entry's name.

    Leave it out with ``ignore=``, or say what identifies it with ``key=``.
    """
