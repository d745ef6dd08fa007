"""Frames of pandas by the conversion of pyarrow, where it keeps them as they are.

It names neither the library of a time zone nor a range as labels: both are in `layout`, the JSON
object of `_pandas`. What else it changes depends on the versions of both, so it is found by trying,
and what one major version of pandas wrote is not read by another.
"""

from __future__ import annotations

from cachekit.exceptions import SerializationError

from ._likeness import are_frames_alike
from ._zones import name_of, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["from_table", "to_table"]


def to_table(frame: Any, arrow: Any, pandas: Any) -> tuple[Any, dict[str, Any]]:
    """The table, and what it does not say; tried out on no rows, where there are objects on all."""
    labels: list[object] = frame.columns.tolist()
    if len({type(label) for label in labels}) > 1:
        raise SerializationError("column labels of more than one type")
    if len(frame) and not len(frame.columns):
        raise SerializationError("rows without a column")
    layout = _beyond_arrow(frame, pandas)
    table = arrow.Table.from_pandas(frame, nthreads=1)
    part, trial = frame, table
    if "object" not in {str(dtype) for dtype in (*frame.dtypes, frame.index.dtype)}:
        part = frame.iloc[:0]
        trial = arrow.Table.from_pandas(part, nthreads=1)
    again = from_table(trial, layout, pandas)
    if not are_frames_alike(part, again):
        raise SerializationError("pandas would not get the frame back from Arrow as it is")
    return table, layout


def _beyond_arrow(frame: Any, pandas: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"pandas": _major(pandas)}
    columns, index = frame.columns, frame.index
    if type(columns) is pandas.RangeIndex:
        found["labels"] = [columns.start, columns.stop, columns.step]
    levels = index.levels if type(index) is pandas.MultiIndex else [index]
    # Arrow has the index behind the columns.
    dtypes = [*frame.dtypes, *(level.dtype for level in levels)]
    zones = {
        number: name_of(dtype.tz)
        for number, dtype in enumerate(dtypes)
        if type(dtype) is pandas.DatetimeTZDtype
    }
    if None in zones.values():
        raise SerializationError("a time zone that has no name by which it would come back")
    return {**found, "zones": zones} if zones else found


def from_table(table: Any, layout: dict[str, Any], pandas: Any) -> Any:
    """What pyarrow makes of the table, with what only the layout says."""
    if layout.get("pandas") not in {None, _major(pandas)}:
        raise SerializationError("a frame that another version of pandas would read otherwise")
    frame = table.to_pandas(use_threads=False)
    width = len(frame.columns)
    if "labels" in layout:
        frame.columns = pandas.RangeIndex(*layout["labels"], name=frame.columns.name)
    for place, zone in layout.get("zones", {}).items():
        number = int(place)
        if number < width:
            frame.isetitem(number, frame.iloc[:, number].dt.tz_convert(zone_of(zone)))
        elif type(frame.index) is pandas.MultiIndex:
            level = number - width
            moments = frame.index.levels[level].tz_convert(zone_of(zone))
            frame.index = frame.index.set_levels(moments, level=level)
        else:
            frame.index = frame.index.tz_convert(zone_of(zone))
    return frame


def _major(pandas: Any) -> int:
    version: str = pandas.__version__
    return int(version.partition(".")[0])
