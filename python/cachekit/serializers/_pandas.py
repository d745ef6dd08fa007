"""pandas on the way through Arrow, with its index, types, categories, time zones and attributes.

A frame of plain columns (numbers, truth values, moments without a zone, text) under a plain
`RangeIndex` is laid out here: each column is its Arrow array, and comes back as an array on the
very bytes of the stream. Any other frame goes by the conversion of pyarrow, which is far slower,
and is tried out when it is written: what would come back otherwise is refused.
"""

from __future__ import annotations

import json
from importlib import import_module

from cachekit.exceptions import SerializationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["from_table", "to_table"]

_LAYOUT = b"cachekit.pandas"
"""Schema metadata of a frame of plain columns: its index, as start, stop and step."""

_NUMBERS = frozenset("iufMm")
_WORD = 8

_DEFAULTS: dict[str, Any] = {}
"""What pandas takes by default, asked once: asking costs more than a column."""


def to_table(value: Any, arrow: Any, pandas: Any) -> tuple[bytes, Any]:
    """The kind, and the table that `from_table` makes the frame of."""
    if type(value) is pandas.DataFrame:
        plain = _plain_table(value, arrow, pandas)
        return b"pandas.DataFrame", _converted(value, arrow) if plain is None else plain
    if value.name is not None and type(value.name) is not str:
        raise SerializationError("a Series whose name is no text")
    frame = value.to_frame("" if value.name is None else value.name)
    _, table = to_table(frame, arrow, pandas)
    named = b"" if value.name is None else b".named"
    return b"pandas.Series" + named, table


def from_table(kind: str, table: Any, data: bytes | bytearray, pandas: Any) -> Any:
    """The frame, or the series, of a table."""
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    layout = metadata.get(_LAYOUT)
    if layout is None:
        frame = table.to_pandas(use_threads=False)
    else:
        frame = _plain_frame(json.loads(layout), table, data, pandas)
    if kind == "pandas.DataFrame":
        return frame
    series = frame.iloc[:, 0]
    return series if kind == "pandas.Series.named" else series.rename(None)


def _plain_table(frame: Any, arrow: Any, pandas: Any) -> Any:
    index, columns = frame.index, frame.columns
    labels = columns.tolist()
    if (
        type(index) is not pandas.RangeIndex
        or index.name is not None
        or columns.name is not None
        or not labels
        or frame.attrs
        or not frame.flags.allows_duplicate_labels
        or columns.dtype != _label_type(pandas)
        or any(type(label) is not str for label in labels)
        or len(set(labels)) != len(labels)
    ):
        return None
    text = _text_type(pandas)
    arrays = [_plain_column(column, text, arrow) for column in _column_arrays(frame)]
    if any(array is None for array in arrays):
        return None
    layout = json.dumps([index.start, index.stop, index.step]).encode()
    table = arrow.Table.from_arrays(arrays, names=labels)
    return table.replace_schema_metadata({_LAYOUT: layout})


def _column_arrays(frame: Any) -> Any:
    """The arrays of the columns; a `Series` for each costs ten times as much."""
    quick = getattr(frame, "_iter_column_arrays", None)
    return quick() if quick is not None else (series.array for _, series in frame.items())


def _plain_column(column: Any, text: Any, arrow: Any) -> Any:
    dtype = column.dtype
    if text is not None and dtype == text:
        return column.__arrow_array__()
    if getattr(dtype, "kind", "O") not in _NUMBERS or not getattr(dtype, "isnative", False):
        return None
    values = import_module("numpy").asarray(column)
    return arrow.array(values, from_pandas=False) if dtype.itemsize <= _WORD else None


def _plain_frame(layout: Any, table: Any, data: bytes | bytearray, pandas: Any) -> Any:
    start, stop, step = layout
    index = pandas.RangeIndex(start, stop, step)
    if len(index) != table.num_rows:
        raise SerializationError("an index of another length than the columns")
    memory = data if isinstance(data, bytearray) else bytearray(data)
    arrow = import_module("pyarrow")
    base: int = arrow.py_buffer(data).address
    text = _text_type(pandas)
    columns = [_column(column, memory, base, text) for column in table.columns]
    names = table.column_names
    make = _DEFAULTS.get("blocks") or _blocks(pandas)
    if make is None or text is None:
        by_name = dict(zip(names, columns, strict=True))
        return pandas.DataFrame(by_name, index=index, copy=False)
    numpy = import_module("numpy")
    label_type = _label_type(pandas)
    labels = label_type.__from_arrow__(arrow.array(names, arrow.large_string()))
    blocks = [
        (column.reshape(1, -1) if type(column) is numpy.ndarray else column, numpy.array([number]))
        for number, column in enumerate(columns)
    ]
    return make(blocks, index=index, columns=pandas.Index(labels))


def _blocks(pandas: Any) -> Any:
    """What pandas 3 offers to those who bring a frame's memory with them."""
    internals = getattr(pandas.api, "internals", None)
    _DEFAULTS["blocks"] = getattr(internals, "create_dataframe_from_blocks", None)
    return _DEFAULTS["blocks"]


def _column(column: Any, memory: bytearray, base: int, text: Any) -> Any:
    """An array on the memory of the stream, which its owner may write to."""
    numpy = import_module("numpy")
    if str(column.type) in {"string", "large_string"}:
        return text.__from_arrow__(column)
    if column.num_chunks != 1 or column.null_count:
        # Only moments and durations have gaps here: numbers have NaN.
        return column.to_numpy(zero_copy_only=False)
    values = column.chunk(0)
    dtype = numpy.dtype(column.type.to_pandas_dtype())
    offset = values.buffers()[1].address - base + values.offset * dtype.itemsize
    return numpy.frombuffer(memory, dtype, len(values), offset)


def _label_type(pandas: Any) -> Any:
    """The type of column labels that are all text."""
    if "labels" not in _DEFAULTS:
        _DEFAULTS["labels"] = pandas.Index([""]).dtype
    return _DEFAULTS["labels"]


def _text_type(pandas: Any) -> Any:
    """The type of text that a frame has by default, where it is Arrow's (pandas 3)."""
    if "text" not in _DEFAULTS:
        dtype = pandas.Series([""]).dtype
        _DEFAULTS["text"] = dtype if getattr(dtype, "storage", None) == "pyarrow" else None
    return _DEFAULTS["text"]


def _converted(frame: Any, arrow: Any) -> Any:
    """By pyarrow's own conversion; tried out on no rows, and where there are objects on all."""
    labels: list[object] = frame.columns.tolist()
    if len({type(label) for label in labels}) > 1:
        raise SerializationError("column labels of more than one type")
    if len(frame) and not len(frame.columns):
        raise SerializationError("rows without a column")
    table = arrow.Table.from_pandas(frame, nthreads=1)
    if not _same_types(frame, arrow) or not _same(frame, table):
        raise SerializationError("pandas would not get the frame back from Arrow as it is")
    return table


def _same_types(frame: Any, arrow: Any) -> bool:
    again = arrow.Table.from_pandas(frame.iloc[:0], nthreads=1).to_pandas(use_threads=False)
    return bool(
        again.columns.equals(frame.columns)
        and again.columns.dtype == frame.columns.dtype
        and again.columns.names == frame.columns.names
        and list(again.dtypes) == list(frame.dtypes)
        and type(again.index) is type(frame.index)
        and again.index.names == frame.index.names
        and again.attrs == frame.attrs
        and again.flags == frame.flags
    )


def _same(frame: Any, table: Any) -> bool:
    """Columns of objects are whatever their elements are: these are compared one by one."""
    objects = [number for number, dtype in enumerate(frame.dtypes) if str(dtype) == "object"]
    is_plain = str(frame.index.dtype) != "object"
    if is_plain and not objects:
        return True
    again = table.to_pandas(use_threads=False)
    pairs = [(frame.iloc[:, number], again.iloc[:, number]) for number in objects]
    if not is_plain:
        pairs.append((frame.index, again.index))
    return all(_same_objects(before.tolist(), after.tolist()) for before, after in pairs)


def _same_objects(before: list[Any], after: list[Any]) -> bool:
    return [type(item) for item in before] == [type(item) for item in after] and not any(
        one is not other and one != other for one, other in zip(before, after, strict=True)
    )
