"""pandas on the way through Arrow, with its index, types, categories, time zones and attributes.

A frame of plain columns (numbers, moments, durations, text) under a plain `RangeIndex` is laid out
here: each column is its Arrow array, and comes back as an array on the very bytes of the stream.
Any other frame goes by the conversion of pyarrow, which is far slower, and is tried out when it is
written: what would come back otherwise is refused. What Arrow has no words for, of whichever
version, is said in metadata of our own.
"""

from __future__ import annotations

import json
from importlib import import_module

from cachekit.exceptions import SerializationError

from . import _conversion
from ._axes import packed, unpacked
from ._likeness import are_alike
from ._refusal import aspect_refused
from ._zones import name_of, place_of, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["from_table", "to_table"]

_LAYOUT = b"cachekit.pandas"
"""Schema metadata: what Arrow does not say of a frame, as a JSON object.

`index` is there if the columns are plain: start, stop and step. `labels` are those of a range.
`gaps` are what is missing in columns that are text as objects, and `zones` the names of time zones,
each by the number of the column in the table. `attrs` are the frame's, `name` that of a Series if
it is no text, and `once` says that no label may occur twice. `pandas` is the major version that
wrote a frame whose columns are not plain; what else there is of such a frame, `_conversion` says.
"""

_NUMBERS = frozenset("biufMm")
_WORD = 8
_GAPS = {"None": None, "nan": float("nan")}
"""What may stand for text that is not there, in a column of objects."""

_DEFAULTS: dict[str, Any] = {}
"""What pandas takes by default, asked once: asking costs more than a column."""


def to_table(value: Any, arrow: Any, pandas: Any) -> tuple[bytes, Any]:
    """The kind, and the table that `from_table` makes the frame of."""
    if type(value) is pandas.DataFrame:
        return b"pandas.DataFrame", _of_frame(value, {}, arrow, pandas)
    layout: dict[str, Any] = {}
    label = value.name if type(value.name) is str else ""
    if value.name is not None and type(value.name) is not str:
        layout["name"] = _name(value.name)
    # Labels that may occur but once would be those of the column too.
    frame = value.set_flags(allows_duplicate_labels=True).to_frame(label)
    if not value.flags.allows_duplicate_labels:
        frame = frame.set_flags(allows_duplicate_labels=False)
    frame.attrs = value.attrs
    named = b"" if value.name is None else b".named"
    return b"pandas.Series" + named, _of_frame(frame, layout, arrow, pandas)


def _name(name: object) -> str:
    try:
        return packed(name)
    except SerializationError:
        what = "of a type that would not come back; rename the Series to a text"
        raise aspect_refused(f"its name ({type(name).__name__})", what) from None


def from_table(kind: str, table: Any, data: bytes | bytearray | memoryview, pandas: Any) -> Any:
    """The frame, or the series, of a table."""
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    layout: dict[str, Any] = json.loads(metadata.get(_LAYOUT, b"{}"))
    if "index" in layout:
        frame = _plain_frame(layout, table, data, pandas)
    else:
        frame = _conversion.from_table(table, layout, pandas)
    if kind != "pandas.DataFrame":
        frame = frame.iloc[:, 0]
        if "name" in layout:
            frame.name = unpacked(layout["name"])
        elif kind != "pandas.Series.named":
            frame = frame.rename(None)
    if "attrs" in layout:
        frame.attrs = layout["attrs"]
    return frame.set_flags(allows_duplicate_labels=False) if "once" in layout else frame


def _of_frame(frame: Any, layout: dict[str, Any], arrow: Any, pandas: Any) -> Any:
    if not frame.attrs and frame.flags.allows_duplicate_labels:
        return _of_bare(frame, layout, arrow, pandas)
    if frame.attrs:
        layout["attrs"] = _attributes(frame)
    if not frame.flags.allows_duplicate_labels:
        layout["once"] = True
    bare = frame.set_flags(allows_duplicate_labels=True)
    bare.attrs = {}
    return _of_bare(bare, layout, arrow, pandas)


def _attributes(frame: Any) -> dict[str, Any]:
    """As JSON. pyarrow keeps them since version 16, but warns with their text where it cannot."""
    try:
        again = json.loads(json.dumps(frame.attrs, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        again = None
    if not are_alike(frame.attrs, again):
        what = (
            "JSON would not give them back as they are; keep numbers, texts, lists and dicts in it"
        )
        raise aspect_refused("attrs", what)
    return dict(frame.attrs)


def _of_bare(frame: Any, layout: dict[str, Any], arrow: Any, pandas: Any) -> Any:
    plain = _plain_table(frame, layout, arrow, pandas)
    if plain is not None:
        return plain
    table, more = _conversion.to_table(frame, arrow, pandas)
    return _told(table, {**layout, **more})


def _told(table: Any, layout: dict[str, Any]) -> Any:
    if not layout:
        return table
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    return table.replace_schema_metadata({**metadata, _LAYOUT: json.dumps(layout).encode()})


def _plain_table(frame: Any, layout: dict[str, Any], arrow: Any, pandas: Any) -> Any:
    index, columns = frame.index, frame.columns
    labels = columns.tolist()
    if (
        type(index) is not pandas.RangeIndex
        or index.name is not None
        or columns.name is not None
        or not labels
        or columns.dtype != _label_type(pandas)
        or any(type(label) is not str for label in labels)
        or len(set(labels)) != len(labels)
    ):
        return None
    plain = {**layout, "index": [index.start, index.stop, index.step]}
    arrays: list[Any] = []
    for number, column in enumerate(_column_arrays(frame)):
        array = _plain_column(column, number, plain, arrow, pandas)
        if array is None:
            return None
        arrays.append(array)
    return _told(arrow.Table.from_arrays(arrays, names=labels), plain)


def _column_arrays(frame: Any) -> Any:
    """The arrays of the columns; a `Series` for each costs ten times as much."""
    quick = getattr(frame, "_iter_column_arrays", None)
    return quick() if quick is not None else (series.array for _, series in frame.items())


def _plain_column(column: Any, number: int, layout: dict[str, Any], arrow: Any, pandas: Any) -> Any:
    """The array of Arrow, if the column is plain; what that does not say goes into `layout`."""
    dtype, text = column.dtype, _text_type(pandas)
    if text is not None and dtype == text:
        return column.__arrow_array__()
    if type(dtype) is pandas.DatetimeTZDtype:
        return _zoned(column, number, layout, arrow)
    numpy = import_module("numpy")
    if dtype == numpy.dtype("O"):
        return _objects_of_text(numpy.asarray(column), number, layout, arrow)
    kind = getattr(dtype, "kind", "O")
    if kind not in _NUMBERS or not getattr(dtype, "isnative", False):
        return None
    values = numpy.asarray(column)
    return arrow.array(values, from_pandas=False) if dtype.itemsize <= _WORD else None


def _zoned(column: Any, number: int, layout: dict[str, Any], arrow: Any) -> Any:
    name, unit = name_of(column.dtype.tz), column.dtype.unit
    if name is None:
        return None
    layout.setdefault("zones", {})[number] = name
    moments = arrow.array(column.asi8.view(f"M8[{unit}]"))
    return moments.view(arrow.timestamp(unit, place_of(name)))


def _objects_of_text(values: Any, number: int, layout: dict[str, Any], arrow: Any) -> Any:
    """Text as pandas had it before version 3: objects, of which those that are none are all one."""
    items = values.tolist()
    types = set(map(type, items))
    if types <= {str, type(None)}:
        gap = "None"
    elif types <= {str, float} and _are_nan([item for item in items if type(item) is float]):
        gap = "nan"
        items = [None if type(item) is float else item for item in items]
    else:
        return None
    try:
        array = arrow.array(items, arrow.large_string())
    except UnicodeEncodeError:
        return None
    layout.setdefault("gaps", {})[number] = gap
    return array


def _are_nan(items: list[float]) -> bool:
    numpy = import_module("numpy")
    return bool((numpy.array(items).view("i8") == numpy.array(_GAPS["nan"]).view("i8")).all())


def _plain_frame(layout: Any, table: Any, data: bytes | bytearray | memoryview, pandas: Any) -> Any:
    index = pandas.RangeIndex(*layout["index"])
    if len(index) != table.num_rows:
        raise SerializationError("an index of another length than the columns")
    memory = bytearray(data) if isinstance(data, bytes) else data
    arrow = import_module("pyarrow")
    base: int = arrow.py_buffer(data).address
    gaps, zones = layout.get("gaps", {}), layout.get("zones", {})
    columns: list[Any] = []
    for number, column in enumerate(table.columns):
        place = str(number)
        if _is_text(column):
            columns.append(_text(column, gaps.get(place), pandas))
        else:
            columns.append(_moments(_column(column, memory, base), zones.get(place), pandas))
    names = table.column_names
    make = _DEFAULTS.get("blocks") or _blocks(pandas)
    numpy = import_module("numpy")
    if make is None or _text_type(pandas) is None:
        by_name = {
            # pandas 2 has an option by which it would make text of objects.
            name: pandas.Series(column, index, object) if column.dtype == object else column
            for name, column in zip(names, columns, strict=True)
        }
        return pandas.DataFrame(by_name, index=index, copy=False)
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


def _is_text(column: Any) -> bool:
    return str(column.type) in {"string", "large_string"}


def _text(column: Any, gap: str | None, pandas: Any) -> Any:
    if gap is None:
        text = _text_type(pandas)
        if text is None:
            raise SerializationError("text of a type that this version of pandas has not")
        return text.__from_arrow__(column)
    values = column.to_numpy(zero_copy_only=False)
    if column.null_count and gap != "None":
        values[column.is_null().to_numpy(zero_copy_only=False)] = _GAPS[gap]
    return values


def _moments(values: Any, zone: str | None, pandas: Any) -> Any:
    """Moments in their zone; anything without one as it is."""
    if zone is None:
        return values
    unit = import_module("numpy").datetime_data(values.dtype)[0]
    dtype = pandas.DatetimeTZDtype(unit, zone_of(zone))
    return pandas.array(values.view("i8"), dtype=dtype, copy=False)


def _column(column: Any, memory: bytearray | memoryview, base: int) -> Any:
    """An array on the memory of the stream, which its owner may write to."""
    numpy = import_module("numpy")
    bare = column
    if getattr(column.type, "tz", None) is not None:
        bare = column.cast(import_module("pyarrow").timestamp(column.type.unit))
    if column.num_chunks != 1 or column.null_count or not len(column) or column.type == "bool":
        # Only moments and durations have gaps here: numbers have NaN. Truth values are bits.
        return bare.to_numpy(zero_copy_only=False)
    values = column.chunk(0)
    dtype = numpy.dtype(bare.type.to_pandas_dtype())
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
