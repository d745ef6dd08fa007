"""Whether what came back is what went in: equal, and of the same types all the way down.

`==` says so of `1` and `1.0`, of `Decimal("1")` and `Decimal("1.00")`, and of zones that differ;
pandas says so of two kinds of index. A frame that is the same only to them is not kept.
"""

from __future__ import annotations

from ._zones import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["are_alike", "difference"]

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


def difference(one: Any, other: Any) -> tuple[int | None, str] | None:
    """Of frames of pandas without rows: a column by its number, or what else is not alike."""
    if not _are_steps_alike(one.columns, other.columns):
        return None, f"column labels ({_class(one.columns).__name__} of {_kind(one.columns)})"
    if not _are_steps_alike(one.index, other.index):
        return None, f"the index ({_class(one.index).__name__} of {_kind(one.index)})"
    for number, (dtype, again) in enumerate(zip(one.dtypes, other.dtypes, strict=True)):
        if not _are_types_alike(dtype, again):
            return number, "a type"
    return None


def _kind(axis: Any) -> str:
    return "levels" if axis.nlevels > 1 else _class(axis.dtype).__name__


def _are_steps_alike(one: Any, other: Any) -> bool:
    """Alike, and of moments that are equally far apart if they were known to be."""
    freqs = getattr(one, "freq", None), getattr(other, "freq", None)
    return bool(freqs[0] == freqs[1]) and _are_axes_alike(one, other)


def _are_axes_alike(one: Any, other: Any) -> bool:
    if _class(one) is not _class(other) or not are_alike(list(one.names), list(other.names)):
        return False
    if one.nlevels > 1:
        return one.nlevels == other.nlevels and all(
            _are_types_alike(level.dtype, again.dtype)
            and _are_axes_alike(one.get_level_values(number), other.get_level_values(number))
            for number, (level, again) in enumerate(zip(one.levels, other.levels, strict=True))
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
        return bool(one.ordered == other.ordered) and _are_steps_alike(
            one.categories, other.categories
        )
    return True


def _class(value: object) -> Any:
    return type(value)
