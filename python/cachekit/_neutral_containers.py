"""Arrays and maps, as the container that an annotation names."""

from __future__ import annotations

import collections
import typing
from collections import abc
from collections.abc import Callable
from typing import Any

from cachekit._hints import attribute
from cachekit._neutral_reading import NEUTRAL, Read, Reading, unfit

__all__ = ["container"]

_OF_ARRAYS: dict[type, Read | None] = {
    **dict.fromkeys((list, abc.Sequence, abc.MutableSequence)),
    **dict.fromkeys((abc.Collection, abc.Iterable, abc.Reversible, abc.Container)),
    collections.deque: collections.deque,
}
_SETS: dict[type, Read] = {
    **dict.fromkeys((set, abc.Set, abc.MutableSet), set),
    frozenset: frozenset,
}
_OF_MAPS: dict[type, Read | None] = {
    **dict.fromkeys((dict, abc.Mapping, abc.MutableMapping)),
    collections.OrderedDict: collections.OrderedDict,
    collections.Counter: collections.Counter,
}
"""Not `defaultdict`: no annotation says what its factory is."""

_ARRAY: frozenset[type] = frozenset({list})
_MAP: frozenset[type] = frozenset({dict})


def container(cls: Any, arguments: tuple[Any, ...], of: Callable[[Any], Reading]) -> Reading | None:
    """The reading of a container, with those that `of` finds for what is in it."""
    if cls is tuple:
        return _tuple(arguments, of)
    if cls not in _OF_ARRAYS and cls not in _SETS and cls not in _OF_MAPS:
        return None
    parts = [of(argument) for argument in arguments]
    busy = [None if part.is_idle() else part for part in parts] + [None, None]
    if cls in _OF_MAPS:
        return _map(_OF_MAPS[cls], busy[0], busy[1])
    if cls in _SETS:
        return Reading(_ARRAY, _set(_SETS[cls], busy[0]))
    return _array(cls, busy[0])


def _array(cls: type, inner: Reading | None) -> Reading:
    make = _OF_ARRAYS[cls]
    if make is not None:
        return Reading(_ARRAY, lambda value: make(_all(inner, value)))
    # A text is a sequence too, and a map a collection: these stay.
    kinds = frozenset(kind for kind in NEUTRAL if issubclass(kind, cls))
    if inner is None:
        return Reading(kinds)
    return Reading(kinds, lambda value: list(map(inner, value)) if _is_list(value) else value)


def _set(make: Read, inner: Reading | None) -> Read:
    def read(value: Any) -> Any:
        made = make(_all(inner, value))
        if len(made) != len(value):
            # No set has an element twice.
            raise unfit(list)
        return made

    return read


def _map(make: Read | None, keys: Reading | None, values: Reading | None) -> Reading:
    if make is None and keys is None and values is None:
        return Reading(_MAP)

    def read(value: Any) -> Any:
        made = dict(zip(_all(keys, value), _all(values, value.values()), strict=True))
        if len(made) != len(value):
            raise unfit(dict)
        return made if make is None else make(made)

    return Reading(_MAP, read)


def _is_list(value: Any) -> bool:
    return type(value) is list


def _all(inner: Reading | None, values: Any) -> Any:
    return values if inner is None else map(inner, values)


def _tuple(arguments: tuple[Any, ...], of: Callable[[Any], Reading]) -> Reading:
    if len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 - `tuple[int, ...]`
        inner = of(arguments[0])
        if inner.is_idle():
            return Reading(_ARRAY, tuple)
        return Reading(_ARRAY, lambda value: tuple(map(inner, value)))
    if not arguments or arguments == ((),):  # `tuple`, and how 3.10 gives `tuple[()]`
        return Reading(_ARRAY, tuple)
    if any(_is_unpacked(argument) for argument in arguments):
        return Reading(frozenset())
    parts = [of(argument) for argument in arguments]

    def read(value: Any) -> Any:
        pairs = zip(parts, value, strict=True)
        return tuple(part(item) for part, item in pairs)

    return Reading(_ARRAY, read)


def _is_unpacked(argument: Any) -> bool:
    """`*tuple[int, ...]` among the elements of a tuple."""
    name = attribute(typing.get_origin(argument), "_name")
    return name == "Unpack" or attribute(argument, "__unpacked__") is True
