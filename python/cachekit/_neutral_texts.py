"""What other languages know as text, as bytes or as a number: members of enums, moments, names."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from cachekit._neutral_reading import Read, Reading

__all__ = ["literal", "text"]

_TEXT: frozenset[type] = frozenset({str})
_BYTES: frozenset[type] = frozenset({bytes})
_NUMBER: frozenset[type] = frozenset({int})


def text(cls: Any) -> Reading | None:
    """The reading of a class whose instances are text, bytes or numbers elsewhere."""
    if issubclass(cls, enum.Enum):
        return _member(cls)
    find = _FOUND.get((cls.__module__.split(".")[0], cls.__name__))
    return None if find is None else find(cls)


def literal(arguments: tuple[Any, ...]) -> Reading:
    """`Literal`, whose members of enums come by name as everywhere; what else it lists is plain."""
    members = [argument for argument in arguments if isinstance(argument, enum.Enum)]
    plain: frozenset[type] = frozenset(map(type, arguments)) - set(map(type, members))
    if not members:
        return Reading(plain)
    written = {_written(member): member for member in members}
    kinds: frozenset[type] = frozenset(map(type, written))

    def make(value: Any) -> Any:
        # A text that stands in the list itself means that.
        return value if _stands_in(arguments, value) else written[value]

    return Reading(plain | kinds, make)


def _stands_in(arguments: tuple[Any, ...], value: Any) -> bool:
    return any(type(value) is type(argument) and value == argument for argument in arguments)


def _written(member: enum.Enum) -> Any:
    return member.value if isinstance(member, enum.Flag) else member.name


def _member(cls: Any) -> Reading:
    def make(value: Any) -> Any:
        return cls(value) if type(value) is int else cls[value]

    is_numbered = issubclass(cls, (enum.Flag, int))
    return Reading(_TEXT | _NUMBER if is_numbered else _TEXT, make)


def _by_text(cls: Any) -> Reading:
    return Reading(_TEXT, cls)


def _uuid(cls: Any) -> Reading:
    def make(value: Any) -> Any:
        return cls(bytes=value) if type(value) is bytes else cls(value)

    return Reading(_TEXT | _BYTES, make)


def _date(cls: Any) -> Reading:
    return Reading(_TEXT, cls.fromisoformat)


def _moment(cls: Any) -> Reading:
    made: Read = cls.fromisoformat

    def make(value: str) -> Any:
        # Python 3.10 does not know that Z is an offset.
        return made(f"{value[:-1]}+00:00" if value.endswith("Z") else value)

    return Reading(_TEXT, make)


def _byte_array(cls: Any) -> Reading:
    return Reading(_BYTES, cls)


_FOUND: dict[tuple[str, str], Callable[[Any], Reading]] = {
    ("builtins", "bytearray"): _byte_array,
    ("uuid", "UUID"): _uuid,
    ("datetime", "date"): _date,
    ("datetime", "datetime"): _moment,
    ("datetime", "time"): _moment,
    ("decimal", "Decimal"): _by_text,
    **{
        ("pathlib", f"{pure}{system}Path"): _by_text
        for pure in ("", "Pure")
        for system in ("", "Posix", "Windows")
    },
    **{
        ("ipaddress", f"IPv{version}{kind}"): _by_text
        for version in (4, 6)
        for kind in ("Address", "Network", "Interface")
    },
}
"""By module and name, so that nothing is imported to ask."""
