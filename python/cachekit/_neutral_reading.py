"""What is made of a value that every language writes, and which such values fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["ANYTHING", "NEUTRAL", "Read", "Reading", "any_of", "instances_of", "not_read_yet"]

Read = Callable[[Any], Any]

NEUTRAL: frozenset[type] = frozenset({type(None), bool, int, float, str, bytes, list, dict})
"""The types of what another language can have written. All else has an extension of Python's."""

_ALSO: dict[type, frozenset[type]] = {
    float: frozenset({int, bool}),
    complex: frozenset({int, bool, float}),
}
"""What a type checker takes for a number of another type."""


class Reading:
    """Makes what an annotation says of a neutral value; leaves every other as it is.

    `kinds` are the types that fit. Without `make`, such a value is left too.
    """

    __slots__ = ("kinds", "make")

    def __init__(self, kinds: frozenset[type], make: Read | None = None) -> None:
        self.kinds = kinds
        self.make = make

    def __call__(self, value: Any) -> Any:
        """The value that the annotation says.

        Raises:
            TypeError: the value does not fit. Whatever else a constructor raises says the same.
        """
        kind: type = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind not in NEUTRAL:
            return value
        if kind not in self.kinds:
            raise unfit(kind)
        return value if self.make is None else self.make(value)

    def is_idle(self) -> bool:
        """Whether there is nothing to make: then a container is not walked for it."""
        return self.make is None and bool(self.kinds)

    def become(self, other: Reading) -> Reading:
        """Is from now on what `other` is: who holds it already has that too."""
        self.kinds, self.make = other.kinds, other.make
        return self


ANYTHING = Reading(NEUTRAL)


def unfit(kind: type) -> TypeError:
    """Says what does not fit, without its value."""
    return TypeError(f"{kind.__name__}: not what the annotation says")


def not_read_yet() -> Reading:
    """Stands for what is being looked at; not idle."""
    return Reading(NEUTRAL, lambda value: value)


def instances_of(cls: Any) -> Reading:
    """Of a class that nothing is made for: what is an instance already fits."""
    try:
        kinds = frozenset(kind for kind in NEUTRAL if issubclass(kind, cls))
    except Exception:  # noqa: BLE001 - a protocol, or a metaclass of somebody's
        return ANYTHING
    return Reading(kinds | _ALSO.get(cls, frozenset()))


def any_of(arms: list[Reading]) -> Reading:
    """A union. What fits as it is stays; else the one arm that takes such a value reads it."""
    if all(arm.is_idle() for arm in arms):
        return Reading(frozenset[type]().union(*(arm.kinds for arm in arms)))
    choices: dict[type, Read] = {}

    def make(value: Any) -> Any:
        kind: type = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind not in choices:
            choices[kind] = _choice(arms, kind)
        return choices[kind](value)

    return Reading(NEUTRAL, make)


def _choice(arms: list[Reading], kind: type) -> Read:
    taking = [arm for arm in arms if kind in arm.kinds]
    if any(arm.make is None for arm in taking):
        return lambda value: value
    if len(taking) == 1:
        return taking[0]
    if not taking or kind in {dict, list}:
        # Which of several classes a map is, only its writer knows.
        return _refuse
    return lambda value: _only(taking, value)


def _only(arms: list[Reading], value: Any) -> Any:
    """An address of version 4 is none of version 6: what just one arm can read is that."""
    found: list[Any] = []
    for arm in arms:
        try:
            found.append(arm(value))
        except Exception:  # noqa: BLE001, PERF203, S112 - then it is not this one
            continue
    if len(found) != 1:
        raise unfit(value.__class__)
    return found[0]


def _refuse(value: Any) -> Any:
    raise unfit(value.__class__)
