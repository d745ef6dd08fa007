"""Whether what came back is what went in: equal, and of the same types all the way down.

`==` says so of `1` and `1.0`, of `Decimal("1")` and `Decimal("1.00")`, and of zones that differ;
pandas says so of two kinds of index. A frame that is the same only to them is not kept.
"""

from __future__ import annotations

from ._zones import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["are_alike", "are_frames_alike"]

_PLAIN = frozenset({str, bytes, int, bool, type(None)})
"""Types whose objects are alike where they are equal."""


def are_alike(one: Any, other: Any) -> bool:
    """Of plain objects and containers of them; of what has no such equality, no."""
    cls = _class(one)
    if cls is not _class(other):
        return False
    if cls is dict:
        return _are_rows_alike(list(one.items()), list(other.items()))
    if cls in {list, tuple}:
        return _are_rows_alike(one, other)
    if cls in _PLAIN:
        return bool(one == other)
    return one is other or (repr(one) == repr(other) and bool(one == other))


def _are_rows_alike(one: Any, other: Any) -> bool:
    types = [_class(item) for item in one]
    if types != [_class(item) for item in other]:
        return False
    return bool(one == other) if _PLAIN.issuperset(types) else all(map(are_alike, one, other))


def are_frames_alike(one: Any, other: Any) -> bool:
    """Of frames of pandas: labels, index and types of columns; of objects what they are."""
    width = len(one.columns)
    return bool(
        one.flags == other.flags
        and _are_axes_alike(one.columns, other.columns)
        and _are_axes_alike(one.index, other.index)
        and all(map(_are_types_alike, one.dtypes, other.dtypes))
        and all(
            are_alike(one.iloc[:, number].tolist(), other.iloc[:, number].tolist())
            for number in range(width)
            if str(one.dtypes.iloc[number]) == "object"
        )
    )


def _are_axes_alike(one: Any, other: Any) -> bool:
    if _class(one) is not _class(other) or not are_alike(list(one.names), list(other.names)):
        return False
    if one.nlevels > 1:
        return one.nlevels == other.nlevels and all(
            _are_axes_alike(one.get_level_values(level), other.get_level_values(level))
            for level in range(one.nlevels)
        )
    if not _are_types_alike(one.dtype, other.dtype):
        return False
    if str(one.dtype) == "object":
        return are_alike(one.tolist(), other.tolist())
    return bool(one.equals(other))


def _are_types_alike(one: Any, other: Any) -> bool:
    if _class(one) is not _class(other) or one != other:
        return False
    if hasattr(one, "tz"):
        return name_of(one.tz) is not None and name_of(one.tz) == name_of(other.tz)
    if hasattr(one, "categories"):
        return bool(one.ordered == other.ordered) and _are_axes_alike(
            one.categories, other.categories
        )
    return True


def _class(value: object) -> Any:
    return type(value)
