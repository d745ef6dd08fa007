"""Data frames and tables, as an Arrow IPC stream.

`_pandas` and `_polars` have what is particular to theirs.
"""

from __future__ import annotations

import sys

from cachekit._native import check_arrow
from cachekit.exceptions import ConfigurationError, SerializationError

from ._panics import failures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ArrowSerializer", "from_checked", "from_stream", "to_stream"]

KIND = b"cachekit.kind"
"""Schema metadata: which library's class it was, so that the same comes back."""

_ROWS_TO_A_BYTE = 8
"""What a reader believes, as `check_arrow` says."""

KEPT = (
    "pandas.DataFrame, pandas.Series, polars.DataFrame, polars.Series, "
    "pyarrow.Table and pyarrow.RecordBatch"
)


class ArrowSerializer:
    """Keeps data frames, tables and columns of one, each as itself.

    That is ``DataFrame`` and ``Series`` of pandas and polars, ``Table`` and ``RecordBatch`` of
    pyarrow. The bytes are one Arrow IPC stream, which every Arrow implementation reads. Needs
    ``pyarrow`` (``pip install pyarrow``), and the library of the frame when it is read back.
    Subclasses are refused, and so is a frame that would not come back as it was, as one with a
    column of objects of several types.
    """

    serializer_id = 3

    __slots__ = ()

    def serialize(self, value: Any) -> bytes:
        """Turns a frame into an Arrow IPC stream.

        Raises:
            SerializationError: Not a frame, or one that Arrow does not keep as it is.
            ConfigurationError: pyarrow is not installed.
        """
        return to_stream(value)

    def deserialize(self, data: bytes | bytearray) -> Any:
        """Turns an Arrow IPC stream back into the kind of frame that it was.

        The columns stand on the bytes without another copy. A ``bytearray`` is taken over: nobody
        else may change it afterwards.

        Raises:
            SerializationError: The bytes are not such a stream.
            ConfigurationError: The library of that kind of frame is not installed.
        """
        return from_stream(data)


def to_stream(value: Any) -> bytes:
    """The frame as an Arrow IPC stream."""
    arrow = library("pyarrow")
    try:
        kind, table = _to_table(value, arrow)
    except failures(arrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        # The library's own text may quote a cell.
        name = type(error).__name__
        raise SerializationError(f"Arrow has no words for the frame: {name}") from None
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    if KIND in metadata and kind not in {b"pandas.DataFrame", b"pandas.Series"}:
        raise SerializationError("the table's metadata use a key of cachekit's own")
    sink = arrow.BufferOutputStream()
    schema = table.schema.with_metadata({**metadata, KIND: kind})
    with arrow.ipc.new_stream(sink, schema) as writer:
        writer.write_table(table)
        if not table.num_rows:
            # Without a batch there would be no dictionaries, and categories are those.
            empty = [
                column.chunk(0) if column.num_chunks else column.combine_chunks()
                for column in table.columns
            ]
            writer.write_batch(arrow.RecordBatch.from_arrays(empty, schema=table.schema))
    stream: bytes = sink.getvalue().to_pybytes()
    # Columns of nothing but gaps have no bytes. Behind its end a stream may have any.
    stream = stream.ljust(-(-table.num_rows // _ROWS_TO_A_BYTE), b"\0")
    check_arrow(stream, table.num_rows)
    return stream


def from_stream(data: bytes | bytearray) -> Any:
    """The frame that is in an Arrow IPC stream."""
    check_arrow(data)
    return from_checked(data)


def from_checked(data: bytes | bytearray | memoryview) -> Any:
    """The frame in a stream that `check_arrow` has passed.

    Memory that can be written is taken over.
    """
    arrow = library("pyarrow")
    try:
        table = arrow.ipc.open_stream(arrow.py_buffer(data)).read_all()
        # In full: offsets beyond the data would be read otherwise.
        table.validate(full=True)
        check_arrow(data, table.num_rows)
        metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
        kind = metadata.pop(KIND, b"pyarrow.Table")
        return _from_table(kind, table.replace_schema_metadata(metadata or None), data)
    except (SerializationError, ConfigurationError):
        raise
    except failures(Exception):
        # What the libraries raise on forged metadata is their affair.
        raise SerializationError(f"{len(data)} bytes that are not an Arrow stream") from None


def _to_table(value: Any, arrow: Any) -> tuple[bytes, Any]:
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    cls = _class(value)
    if pandas is not None and cls in {pandas.DataFrame, pandas.Series}:
        from . import _pandas

        return _pandas.to_table(value, arrow, pandas)
    if cls is arrow.Table:
        return b"pyarrow.Table", value
    if cls is arrow.RecordBatch:
        return b"pyarrow.RecordBatch", arrow.Table.from_batches([value])
    if polars is not None and cls is polars.DataFrame:
        from . import _polars

        return b"polars.DataFrame", _polars.to_table(value, arrow, polars)
    if polars is not None and cls is polars.Series:
        from . import _polars

        return b"polars.Series", _polars.to_table(value.to_frame(), arrow, polars)
    raise SerializationError(
        f"ArrowSerializer keeps {KEPT}, not {cls.__module__}.{cls.__qualname__}"
    )


def _class(value: object) -> Any:
    return type(value)


def _from_table(kind: bytes, table: Any, data: bytes | bytearray | memoryview) -> Any:
    name = kind.decode()
    if name.startswith("pandas."):
        from . import _pandas

        return _pandas.from_table(name, table, data, library("pandas"))
    if name.startswith("polars."):
        from . import _polars

        frame = _polars.from_table(table, library("polars"))
        return frame if name == "polars.DataFrame" else frame.to_series()
    if name == "pyarrow.RecordBatch":
        return _one_batch(table)
    if name != "pyarrow.Table":
        raise SerializationError("a kind of frame of a later release")
    return table


def _one_batch(table: Any) -> Any:
    batches = table.combine_chunks().to_batches()
    if len(batches) == 1:
        return batches[0]
    return library("pyarrow").RecordBatch.from_pylist([], schema=table.schema)


def library(name: str) -> Any:
    """A library that the application may or may not have."""
    from importlib import import_module

    found = sys.modules.get(name)
    if found is not None:
        return found
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"this entry needs {name}, which is not installed: pip install {name}"
        ) from error
