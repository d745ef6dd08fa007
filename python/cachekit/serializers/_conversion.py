"""Frames of pandas by the conversion of pyarrow, where it keeps them as they are.

What it would lose or change is taken off before and put on after: `_axes` has labels and names,
`_own_columns` columns and levels of the index, for which it converts a column of zeros. Both, and
the time zones, which it does not name as they were, are in `layout`, the JSON object of `_pandas`.
What else it changes depends on the versions of both, so it is found by trying, and what one major
version of pandas wrote is not read by another.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from cachekit.exceptions import SerializationError

from . import _axes, _own_columns
from ._likeness import difference
from ._refusal import FrameRefusedError, aspect_refused, column_refused
from ._zones import name_of, zone_of

__all__ = ["from_table", "to_table"]

_DENIED = "Arrow has no type for it; give it another one with astype()"
_CHANGED = "would come back as another type; give it one that Arrow has, with astype()"


def to_table(frame: Any, arrow: Any, pandas: Any) -> tuple[Any, dict[str, Any]]:
    """The table, and what it does not say; tried out without the rows."""
    if len(frame) and not len(frame.columns):
        raise aspect_refused("rows without a column", "give the frame one, or return the index")
    layout: dict[str, Any] = {"pandas": _major(pandas)}
    try:
        table = _table(frame, layout, arrow, pandas)
    except _failures(arrow):
        raise _culprit(frame, arrow, pandas) from None
    part = frame.iloc[:0]
    try:
        changed = difference(part, _again(part, arrow, pandas))
    except _failures(arrow):
        raise _culprit(part, arrow, pandas) from None
    if changed is None:
        return table, layout
    number, what = changed
    if number is None:
        raise aspect_refused(what, "would come back otherwise; reset or rename it")
    raise column_refused(number, frame.dtypes.iloc[number], frame.columns[number], _CHANGED)


def _failures(arrow: Any) -> tuple[type[Exception], ...]:
    return arrow.ArrowException, TypeError, ValueError, OverflowError, NotImplementedError


def _again(frame: Any, arrow: Any, pandas: Any) -> Any:
    layout: dict[str, Any] = {"pandas": _major(pandas)}
    return from_table(_table(frame, layout, arrow, pandas), layout, pandas)


def _culprit(frame: Any, arrow: Any, pandas: Any) -> FrameRefusedError:
    """Each column is asked again, alone: the library's own text may quote a cell."""
    for number, label in enumerate(frame.columns):
        if not _is_converted(frame, number, arrow, pandas):
            return column_refused(number, frame.dtypes.iloc[number], label, _DENIED)
    return aspect_refused("the index or the column labels", _DENIED)


def _is_converted(frame: Any, number: int, arrow: Any, pandas: Any) -> bool:
    try:
        alone = frame.iloc[:, number].reset_index(drop=True).to_frame("0")
        _again(alone, arrow, pandas)
    except _failures(arrow):
        return False
    return True


class _Part(NamedTuple):
    """A column, or a level of the index, which Arrow has behind the columns."""

    number: int
    values: Any
    dtype: Any
    label: object = None
    level: int | None = None

    def refused(self, what: str) -> FrameRefusedError:
        if self.level is None:
            return column_refused(self.number, self.dtype, self.label, what)
        return aspect_refused(f"level {self.level} of the index", what)


def _table(frame: Any, layout: dict[str, Any], arrow: Any, pandas: Any) -> Any:
    """What pyarrow makes of the frame, with our own columns in their places."""
    zeros = import_module("numpy").zeros(len(frame), "i1")
    plain = _axes.bare(frame, layout, pandas)
    own: dict[int, Any] = {}
    kinds: dict[int, Any] = {}
    zones: dict[int, str] = {}
    for part in (*_columns(frame), *_levels(plain.index, len(frame.columns), pandas)):
        found = _lowered(part, arrow, pandas)
        if found is not None:
            own[part.number], kinds[part.number] = found
            if part.level is None:
                plain.isetitem(part.number, zeros)
        elif type(part.dtype) is pandas.DatetimeTZDtype:
            zones[part.number] = _zone(part)
    plain.index = _without(plain.index, {n - len(frame.columns) for n in kinds}, zeros, pandas)
    layout.update({"own": kinds} if kinds else {}, **({"zones": zones} if zones else {}))
    table = arrow.Table.from_pandas(plain, nthreads=1)
    for number, array in own.items():
        table = table.set_column(number, table.field(number).name, array)
    return table


def _columns(frame: Any) -> list[_Part]:
    return [
        _Part(number, series.array, series.dtype, label)
        for number, (label, series) in enumerate(frame.items())
    ]


def _levels(index: Any, width: int, pandas: Any) -> list[_Part]:
    if type(index) is pandas.RangeIndex:
        return []
    if type(index) is not pandas.MultiIndex:
        return [_Part(width, index.array, index.dtype, None, 0)]
    parts = [
        _Part(width + number, values, level.dtype, None, number)
        for number, level in enumerate(index.levels)
        for values in [_values_of(index, number, level.dtype, pandas)]
    ]
    for part in parts:
        if getattr(part.dtype, "kind", "O") in "iub" and (index.codes[part.level] < 0).any():
            what = "a gap among whole numbers or truth values; make it a column: reset_index()"
            if not _own_columns.is_own(part.dtype, pandas):
                raise part.refused(what)
    return parts


def _values_of(index: Any, number: int, dtype: Any, pandas: Any) -> Any:
    """Row by row, if anybody will ask."""
    return index.get_level_values(number).array if _own_columns.is_own(dtype, pandas) else None


def _lowered(part: _Part, arrow: Any, pandas: Any) -> Any:
    if not _own_columns.is_own(part.dtype, pandas):
        return None
    try:
        return _own_columns.lowered(part.values, arrow, pandas)
    except _own_columns.UnkeptError as unkept:
        raise part.refused(str(unkept)) from None
    except _failures(arrow):
        raise part.refused(_DENIED) from None


def _zone(part: _Part) -> str:
    name = name_of(part.dtype.tz)
    if name is None:
        what = "a time zone that has no name by which it would come back; use zoneinfo.ZoneInfo"
        raise part.refused(what)
    return name


def _without(index: Any, levels: set[int], zeros: Any, pandas: Any) -> Any:
    """The index with zeros at those levels, of which the negative ones are columns."""
    own = {level for level in levels if level >= 0}
    if not own:
        return index
    if type(index) is not pandas.MultiIndex:
        return pandas.Index(zeros, name=index.name)
    arrays = [
        zeros if level in own else index.get_level_values(level) for level in range(index.nlevels)
    ]
    return pandas.MultiIndex.from_arrays(arrays, names=index.names)


def from_table(table: Any, layout: dict[str, Any], pandas: Any) -> Any:
    """What pyarrow makes of the table, with what only the layout says."""
    if layout.get("pandas") not in {None, _major(pandas)}:
        raise SerializationError("a frame that another version of pandas would read otherwise")
    own: dict[int, Any] = {}
    zeros = import_module("numpy").zeros(table.num_rows, "i1")
    for place, kind in layout.get("own", {}).items():
        number = int(place)
        own[number] = _own_columns.raised(table.column(number), kind, pandas)
        name = table.field(number).name
        table = table.set_column(number, name, import_module("pyarrow").array(zeros))
    frame = table.to_pandas(use_threads=False)
    width = len(frame.columns)
    for place, zone in layout.get("zones", {}).items():
        _into_zone(frame, int(place), zone_of(zone), pandas)
    for number, values in own.items():
        if number < width:
            frame.isetitem(number, pandas.Series(values, frame.index, values.dtype))
    frame.index = _with(frame.index, {n - width: own[n] for n in own if n >= width}, pandas)
    return _axes.dressed(frame, layout, pandas)


def _into_zone(frame: Any, number: int, zone: Any, pandas: Any) -> None:
    level = number - len(frame.columns)
    if level < 0:
        frame.isetitem(number, frame.iloc[:, number].dt.tz_convert(zone))
    elif type(frame.index) is pandas.MultiIndex:
        moments = frame.index.levels[level].tz_convert(zone)
        frame.index = frame.index.set_levels(moments, level=level)
    else:
        frame.index = frame.index.tz_convert(zone)


def _with(index: Any, own: dict[int, Any], pandas: Any) -> Any:
    """The index with our own levels in their places."""
    if not own:
        return index
    if type(index) is not pandas.MultiIndex:
        return pandas.Index(own[0], dtype=own[0].dtype, name=index.name, tupleize_cols=False)
    arrays = [
        pandas.Index(own[level], dtype=own[level].dtype, tupleize_cols=False)
        if level in own
        else index.get_level_values(level)
        for level in range(index.nlevels)
    ]
    return pandas.MultiIndex.from_arrays(arrays, names=index.names)


def _major(pandas: Any) -> int:
    version: str = pandas.__version__
    return int(version.partition(".")[0])
