"""Data frames, tables and columns taken apart: what counts of one that is an argument.

Content alone counts, not how it lies in memory: no chunks, offsets, or bytes beneath a gap.
Text, numbers, NumPy arrays and digests come out, which `docs/arguments.md` says how to write.
"""

from __future__ import annotations

import sys

from ._native import digest_buffers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["parts"]

_WORD = 64
"""Bits of the widest value that is digested as a number."""


def parts(value: Any) -> tuple[Any, ...]:
    """What a frame, table or column consists of, beginning with what it is.

    Raises:
        TypeError: A column of a type that has no content of its own to name.
    """
    cls = _class(value)
    library = cls.__module__.split(".")[0]
    kind = f"{library}.{cls.__name__}"
    if library == "pandas":
        return kind, *_of_pandas(value)
    if library == "polars":
        frame = value.to_frame() if cls.__name__ == "Series" else value
        return kind, *_of_polars(frame)
    return kind, value.schema.metadata, *_of_arrow(value)


def _class(value: object) -> Any:
    return type(value)


def _of_polars(frame: Any) -> tuple[Any, ...]:
    from .serializers import _panics, _polars

    polars: Any = sys.modules["polars"]
    types = [str(dtype) for dtype in frame.dtypes]
    try:
        table = _polars.numbered(frame, polars).to_arrow()
    except _panics.failures(_library("pyarrow").ArrowException):
        raise TypeError("a column of a type that Arrow does not have") from None
    return types, frame.columns, [_column(column) for column in table.columns]


def _of_arrow(table: Any) -> tuple[Any, ...]:
    pa = _library("pyarrow")
    chunked = pa.chunked_array
    columns = [c if isinstance(c, pa.ChunkedArray) else chunked([c]) for c in table.columns]
    return table.schema.names, [_column(column) for column in columns]


def _of_pandas(value: Any) -> tuple[Any, ...]:
    if type(value).__name__ == "Series":
        return value.name, _axis(value.index), _pandas_array(value.array), value.attrs
    columns = [_pandas_array(series.array) for _, series in value.items()]
    return _axis(value.columns), _axis(value.index), columns, value.attrs


def _axis(index: Any) -> tuple[Any, ...]:
    pandas: Any = sys.modules["pandas"]
    names = list(index.names)
    if isinstance(index, pandas.RangeIndex):
        return "range", names, index.start, index.stop, index.step
    if isinstance(index, pandas.MultiIndex):
        levels = [index.get_level_values(level).array for level in range(index.nlevels)]
        return "levels", names, [_pandas_array(level) for level in levels]
    if str(index.dtype) in {"object", "str", "string"}:
        return "labels", names, str(index.dtype), index.tolist()
    return "values", names, _pandas_array(index.array)


def _pandas_array(array: Any) -> tuple[Any, ...]:  # noqa: PLR0911 - a line to a type
    pandas: Any = sys.modules["pandas"]
    dtype, kinds = array.dtype, pandas.arrays
    name = str(dtype)
    if hasattr(array, "asi8"):
        return name, array.asi8
    if isinstance(array, pandas.Categorical):
        return "category", dtype.ordered, _axis(dtype.categories), array.codes
    if isinstance(array, kinds.IntervalArray):
        return name, _axis(array.left), _axis(array.right)
    if isinstance(array, kinds.SparseArray):
        return name, array.to_dense()
    if isinstance(array, (kinds.IntegerArray, kinds.FloatingArray, kinds.BooleanArray)):
        missing = array.isna()
        return name, missing, array.to_numpy(dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
    if name == "object" or isinstance(array, kinds.NumpyExtensionArray):
        return name, array.to_numpy()
    if hasattr(array, "__arrow_array__"):
        pa = _library("pyarrow")
        found = array.__arrow_array__()
        chunked = found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
        return name, *_column(chunked)
    raise TypeError(f"a column of the type {name}")


def _column(column: Any) -> tuple[Any, ...]:  # noqa: PLR0911 - a line to a type
    """Type, count, where values are missing, and the content."""
    pa = _library("pyarrow")
    compute, types, kind = _library("pyarrow.compute"), pa.types, column.type
    missing = None
    if column.null_count and not types.is_null(kind):
        missing = _digest(_stretches(compute.is_null(column).cast("uint8"), 1))
    head = str(kind), len(column), missing
    if types.is_null(kind):
        return head
    if types.is_dictionary(kind):
        return *head, _column(column.cast(kind.value_type))
    if types.is_struct(kind):
        return *head, [_column(field) for field in column.flatten()]
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        lengths = compute.list_value_length(column).fill_null(0).cast("int64")
        return *head, _digest(_stretches(lengths, 8)), _column(compute.list_flatten(column))
    if _is_text(kind, types):
        return *head, *_text(column.cast("large_binary"))
    if types.is_boolean(kind):
        return *head, _digest(_stretches(column.cast("uint8").fill_null(0), 1))
    if (types.is_primitive(kind) or types.is_temporal(kind)) and kind.bit_width <= _WORD:
        return *head, _digest(_stretches(_bits(column), kind.bit_width // 8))
    return *head, column.to_pylist()


def _library(name: str) -> Any:
    from importlib import import_module

    return import_module(name)


def _is_text(kind: Any, types: Any) -> bool:
    return str(kind) in {"string_view", "binary_view"} or any(
        (
            types.is_string(kind),
            types.is_large_string(kind),
            types.is_binary(kind),
            types.is_large_binary(kind),
        )
    )


def _bits(column: Any) -> Any:
    """Numbers, moments and durations by their bits, zeros where there is none."""
    pa = _library("pyarrow")
    words = {8: "uint8", 16: "uint16", 32: "uint32", 64: "uint64"}[column.type.bit_width]
    chunks = [chunk.view(words).fill_null(0) for chunk in column.chunks]
    return pa.chunked_array(chunks, type=words)


def _text(column: Any) -> tuple[bytes, bytes]:
    """Lengths, then all the bytes."""
    column = column.fill_null(b"")
    lengths = _library("pyarrow.compute").binary_length(column).cast("int64")
    return _digest(_stretches(lengths, 8)), _digest(_texts(column))


def _texts(column: Any) -> Iterator[Any]:
    pa = _library("pyarrow")
    for chunk in column.chunks:
        if len(chunk):
            _, offsets, data = chunk.buffers()
            ends = pa.Array.from_buffers(
                pa.int64(), len(chunk) + 1, [None, offsets], offset=chunk.offset
            )
            start, end = ends[0].as_py(), ends[-1].as_py()
            if end > start:
                yield data.slice(start, end - start)


def _stretches(column: Any, width: int) -> Iterator[Any]:
    """The memory of a column without missing values, `width` bytes to a value."""
    for chunk in column.chunks:
        if len(chunk):
            yield chunk.buffers()[1].slice(chunk.offset * width, len(chunk) * width)


def _digest(buffers: Iterator[Any]) -> bytes:
    return digest_buffers(buffers)
