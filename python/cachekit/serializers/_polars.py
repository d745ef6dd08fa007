"""polars on the way through Arrow: what it would get back otherwise is refused, or told apart."""

from __future__ import annotations

import json

from ._panics import failures
from ._refusal import FrameRefusedError, column_refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["from_table", "numbered", "to_table"]

_LAYOUT = b"cachekit.polars"
"""Schema metadata: the columns of whole numbers that Arrow has no type for, as a JSON object.

By the number of the column, `Int128` or `UInt128`: in Arrow they are text.
"""

_WIDE = ("Int128", "UInt128")


def to_table(frame: Any, arrow: Any, polars: Any) -> Any:
    """The table that `from_table` makes the frame of."""
    wide = _wide(frame)
    try:
        table = numbered(frame, polars).to_arrow().rename_columns(frame.columns)
        table = _told(table, wide)
        # Values of columns within columns may fail where their types do not.
        rows = table.num_rows if any(dtype.is_nested() for dtype in frame.dtypes) else 0
        again, part = from_table(table.slice(0, rows), polars), frame.slice(0, rows)
        is_kept = again.schema == frame.schema and again.equals(part)
    except _failures(arrow, polars):
        is_kept, table = False, None
    if is_kept:
        return table
    raise _culprit(frame, arrow, polars)


def _wide(frame: Any) -> dict[int, str]:
    return {number: str(t) for number, t in enumerate(frame.dtypes) if str(t) in _WIDE}


def numbered(frame: Any, polars: Any) -> Any:
    """With numbers for names, and as text what Arrow has no type for.

    polars panics over a name that has a NUL in it.
    """
    wide = _wide(frame)
    names = _numbers(len(frame.columns))
    renamed = frame.rename(dict(zip(frame.columns, names, strict=True)))
    if not wide:
        return renamed
    return renamed.with_columns(polars.col([names[n] for n in wide]).cast(polars.String))


def _numbers(width: int) -> list[str]:
    return [str(number) for number in range(width)]


def _told(table: Any, wide: dict[int, str]) -> Any:
    if not wide:
        return table
    return table.replace_schema_metadata({_LAYOUT: json.dumps(wide).encode()})


def from_table(table: Any, polars: Any) -> Any:
    """The frame of a table, which may come from a store."""
    metadata: dict[bytes, bytes] = dict(table.schema.metadata or {})
    wide: dict[str, str] = json.loads(metadata.get(_LAYOUT, b"{}"))
    names = table.column_names
    # A name that is empty would become another.
    frame = polars.from_arrow(table.rename_columns(_numbers(len(names))))
    for number, name in wide.items():
        if name in _WIDE:
            frame = frame.with_columns(polars.col(str(number)).cast(getattr(polars, name)))
    frame.columns = names
    return frame


def _culprit(frame: Any, arrow: Any, polars: Any) -> FrameRefusedError:
    for number, column in enumerate(frame.get_columns()):
        try:
            table = column.to_frame("0").to_arrow()
            is_kept = polars.from_arrow(table).to_series().equals(column, check_dtypes=True)
        except _failures(arrow, polars):
            is_kept = False
        if not is_kept and str(column.dtype) not in _WIDE:
            what = "polars would not get it back from Arrow as it is; cast it to another type"
            return column_refused(number, column.dtype, column.name, what)
    return FrameRefusedError("polars would not get the frame back from Arrow as it is")


def _failures(arrow: Any, polars: Any) -> tuple[type[BaseException], ...]:
    return failures(arrow.ArrowException, polars.exceptions.PolarsError, TypeError, ValueError)
