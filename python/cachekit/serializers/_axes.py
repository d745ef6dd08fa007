"""The labels, names and frequencies of a frame's two axes, where pyarrow loses or changes them."""

from __future__ import annotations

import base64
import contextlib

from cachekit._native import DefaultSerializer
from cachekit.exceptions import SerializationError

from ._refusal import aspect_refused
from ._zones import name_of, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["bare", "dressed", "packed", "unpacked"]

_LABEL_TYPES = frozenset({"object", "str", "bool", "int64", "uint64", "float64"})


def packed(value: object) -> str:
    """Labels and names in JSON, which keeps neither tuples nor types: as serializer 1 has them."""
    return base64.b64encode(DefaultSerializer().serialize(value)).decode()


def unpacked(text: str) -> Any:
    """What was packed; the text may come from a store."""
    return DefaultSerializer().deserialize(base64.b64decode(text, validate=True))


def bare(frame: Any, layout: dict[str, Any], pandas: Any) -> Any:
    """A frame of the same columns without what Arrow does not keep, which goes into `layout`."""
    columns, index = frame.columns, frame.index
    plain = frame.copy(deep=False)
    freqs = [[_frequency(level, pandas) for level in _levels(axis)] for axis in (index, columns)]
    if any(map(any, freqs)):
        layout["freq"] = freqs
    if getattr(columns, "tz", None) is not None:
        zone = name_of(columns.tz)
        if zone is None:
            what = "in a time zone that has no name; use zoneinfo.ZoneInfo"
            raise aspect_refused("column labels", what)
        layout["zone"] = zone
    names = [list(index.names), list(columns.names)]
    if {type(name) for axis in names for name in axis} - {str, _class(None)}:
        layout["names"] = _packed_aspect(names, "the names of the index or of the columns")
        plain.index = index.set_names([None] * len(names[0]))
    if type(columns) is pandas.RangeIndex:
        layout["labels"] = [columns.start, columns.stop, columns.step]
        plain.columns = pandas.RangeIndex(len(columns), name=_text_name(columns))
    elif not _keeps_labels(columns, pandas):
        if str(columns.dtype) not in _LABEL_TYPES or columns.nlevels > 1:
            raise aspect_refused(
                f"column labels ({columns.dtype})",
                "twice the same, or of a type that would not come back; make them text, each once",
            )
        labels = [str(columns.dtype), columns.tolist()]
        layout["columns"] = _packed_aspect(labels, "column labels")
        plain.columns = pandas.RangeIndex(len(columns), name=_text_name(columns))
    elif "names" in layout:
        plain.columns = columns.set_names([None] * len(names[1]))
    return plain


def dressed(frame: Any, layout: dict[str, Any], pandas: Any) -> Any:
    """The frame with what `bare` took off."""
    if "labels" in layout:
        frame.columns = pandas.RangeIndex(*layout["labels"], name=frame.columns.name)
    if "zone" in layout:
        frame.columns = frame.columns.tz_convert(zone_of(layout["zone"]))
    if "columns" in layout:
        dtype, labels = unpacked(layout["columns"])
        if dtype not in _LABEL_TYPES:
            raise SerializationError("column labels of a type of a later release")
        name = frame.columns.name
        frame.columns = pandas.Index(labels, dtype=dtype, name=name, tupleize_cols=False)
    if "names" in layout:
        frame.index.names, frame.columns.names = unpacked(layout["names"])
    if "freq" in layout:
        frame.index = _stepping(frame.index, layout["freq"][0], pandas)
        frame.columns = _stepping(frame.columns, layout["freq"][1], pandas)
    return frame


def _text_name(columns: Any) -> Any:
    return columns.name if type(columns.name) is str else None


def _keeps_labels(columns: Any, pandas: Any) -> bool:
    if not columns.is_unique:
        return False
    if columns.nlevels > 1:
        return True
    dtype = str(columns.dtype)
    if dtype in {"object", "str"}:
        default: Any = pandas.Index([""]).dtype
        return columns.dtype == default and all(type(label) is str for label in columns)
    return dtype != "bool"


def _packed_aspect(value: object, aspect: str) -> str:
    try:
        return packed(value)
    except SerializationError:
        what = "of a type that would not come back; make them text"
        raise aspect_refused(aspect, what) from None


def _levels(axis: Any) -> Any:
    return axis.levels if axis.nlevels > 1 else [axis]


def _stepping(axis: Any, freqs: list[str | None], pandas: Any) -> Any:
    """The axis, of which pandas asks whether its moments are as far apart as it says."""
    for number, freq in enumerate(freqs):
        if freq is None:
            continue
        offset = pandas.tseries.frequencies.to_offset(freq)
        if axis.nlevels == 1:
            axis.freq = offset
            continue
        # Without the moments that no row has, as a level comes back, the steps may not be equal.
        with contextlib.suppress(ValueError):
            level = axis.levels[number].copy()
            level.freq = offset
            axis = axis.set_levels(level, level=number)
    return axis


def _frequency(axis: Any, pandas: Any) -> str | None:
    freq = getattr(axis, "freq", None)
    if freq is None or type(axis) not in {pandas.DatetimeIndex, pandas.TimedeltaIndex}:
        return None
    text: str = freq.freqstr
    try:
        if pandas.tseries.frequencies.to_offset(text) == freq:
            return text
    except ValueError:
        pass
    raise aspect_refused("index.freq", "not one that its name says; take it off: index.freq = None")


def _class(value: object) -> Any:
    return type(value)
