"""JSON, by orjson where it is installed and by ourselves where it is not."""

from __future__ import annotations

from cachekit._native import check_json, json_from_bytes, json_to_bytes
from cachekit.exceptions import SerializationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class OrjsonSerializer:
    """Keeps what JSON can say: dicts with ``str`` keys, lists, strings, numbers, booleans, None.

    Anything else is refused rather than turned into its nearest relative: tuples, other keys than
    ``str``, NaN and infinities, integers beyond 64 bits, dates. What orjson writes is read without
    it, and the other way round.

    Example:
        >>> OrjsonSerializer().serialize({"id": 7})
        b'{"id":7}'
    """

    serializer_id = 2

    __slots__ = ("_dumps", "_loads")

    def __init__(self) -> None:
        self._dumps, self._loads = _implementation()

    def serialize(self, value: Any) -> bytes:
        """Turns a value into JSON.

        Raises:
            SerializationError: The value holds what JSON cannot; the message says where.
        """
        try:
            return self._dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            # Lone surrogates, and nesting beyond what orjson walks.
            raise SerializationError(f"not JSON: {type(error).__name__}") from None

    def deserialize(self, data: bytes) -> Any:
        """Turns JSON into a value.

        Raises:
            SerializationError: The bytes are not JSON.
        """
        try:
            return self._loads(data)
        except (ValueError, RecursionError):
            raise SerializationError(f"{len(data)} bytes that are not JSON") from None


def _implementation() -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    try:
        import orjson
    except ImportError:
        return json_to_bytes, json_from_bytes

    def dumps(value: Any) -> bytes:
        check_json(value)
        return orjson.dumps(value)

    return dumps, orjson.loads
