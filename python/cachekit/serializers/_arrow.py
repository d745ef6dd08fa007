"""Data frames and tables, as an Arrow IPC stream."""

from __future__ import annotations

import sys

from cachekit.exceptions import ConfigurationError, SerializationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KIND = b"cachekit.kind"
"""Schema metadata: which library's table it was, so that the same comes back."""


class ArrowSerializer:
    """Keeps ``pyarrow.Table``, ``pandas.DataFrame`` and ``polars.DataFrame``, each as itself.

    The bytes are one Arrow IPC stream, which every Arrow implementation reads. Needs ``pyarrow``
    (``pip install pyarrow``), and the library of the frame when it is read back. Subclasses of the
    three are refused, and so is what Arrow has no type for, such as a column of mixed objects.
    What pandas itself loses on the way through Arrow (a column of tuples comes back as arrays) is
    lost here too.
    """

    serializer_id = 3

    __slots__ = ()

    def serialize(self, value: Any) -> bytes:
        """Turns a table into an Arrow IPC stream.

        Raises:
            SerializationError: Not a table, or one that Arrow has no types for.
            ConfigurationError: pyarrow is not installed.
        """
        arrow = _library("pyarrow")
        kind, table = _to_table(value, arrow)
        metadata: dict[bytes, bytes] = {**(table.schema.metadata or {}), _KIND: kind}
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, table.schema.with_metadata(metadata)) as writer:
            writer.write_table(table)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]

    def deserialize(self, data: bytes) -> Any:
        """Turns an Arrow IPC stream back into the kind of table that it was.

        Raises:
            SerializationError: The bytes are not such a stream.
            ConfigurationError: The library of that kind of table is not installed.
        """
        arrow = _library("pyarrow")
        try:
            table = arrow.ipc.open_stream(arrow.py_buffer(data)).read_all()
            table.validate()
        except (arrow.ArrowInvalid, OSError):
            raise SerializationError(f"{len(data)} bytes that are not an Arrow stream") from None
        metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
        kind = metadata.pop(_KIND, b"pyarrow")
        return _from_table(kind, table.replace_schema_metadata(metadata or None))


def _to_table(value: Any, arrow: Any) -> tuple[bytes, Any]:
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    try:
        if type(value) is arrow.Table:
            return b"pyarrow", value
        if pandas is not None and type(value) is pandas.DataFrame:
            return b"pandas", arrow.Table.from_pandas(value)
        if polars is not None and type(value) is polars.DataFrame:
            return b"polars", value.to_arrow()
    except (arrow.ArrowException, TypeError, ValueError) as error:
        # The library's own text may quote a cell.
        raise SerializationError(
            f"Arrow has no type for a column: {type(error).__name__}"
        ) from None
    raise SerializationError(
        "ArrowSerializer keeps pyarrow.Table, pandas.DataFrame and polars.DataFrame, "
        f"not {type(value).__module__}.{type(value).__qualname__}"
    )


def _from_table(kind: bytes, table: Any) -> Any:
    if kind == b"pandas":
        _library("pandas")
        return table.to_pandas()
    if kind == b"polars":
        return _library("polars").from_arrow(table)
    return table


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"this entry needs {name}, which is not installed: pip install {name}"
        ) from error
