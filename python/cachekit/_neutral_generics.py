"""What the type variables of generic classes stand for."""

from __future__ import annotations

import typing
from typing import Any, TypeVar

from cachekit._hints import attribute, own

__all__ = ["Meanings", "substituted"]


class Meanings:
    """Of `Sub(Base[int])`, that a field of `Base` whose type is its variable is an int."""

    def __init__(self, cls: Any, arguments: tuple[Any, ...]) -> None:
        self._classes: tuple[Any, ...] = cls.__mro__
        self._given: dict[Any, dict[Any, Any]] = {}
        self._learn(cls, arguments)

    def of(self, name: str, annotation: Any) -> Any:
        """The annotation of the field of this name, without variables that stand for something."""
        # One variable may stand for different things in different classes.
        owner = next((cls for cls in self._classes if name in own(cls)), None)
        return substituted(annotation, self._given.get(owner) or {})

    def _learn(self, cls: Any, arguments: tuple[Any, ...]) -> None:
        variables = attribute(cls, "__parameters__") or ()
        given = self._given[cls] = dict(zip(variables, arguments, strict=False))
        bases: tuple[Any, ...] = attribute(cls, "__dict__").get("__orig_bases__") or cls.__bases__
        for base in bases:
            origin: Any = typing.get_origin(base) or base
            if isinstance(origin, type) and origin in self._classes:
                values = typing.get_args(base)
                self._learn(origin, tuple(substituted(value, given) for value in values))


def substituted(annotation: Any, given: dict[Any, Any]) -> Any:
    """The annotation with what the variables stand for in their places."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    variables = attribute(annotation, "__parameters__")
    if not given or not variables or typing.get_origin(annotation) is None:
        return annotation
    try:
        return annotation[tuple(given.get(variable, variable) for variable in variables)]
    except TypeError:  # a variable of another sort, which no field is read by
        return annotation
