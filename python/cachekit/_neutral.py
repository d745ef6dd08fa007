"""Values of an entry that another language wrote, as the function's annotation says.

An explicit `name=` is shared with Rust, which writes a struct as a map of its fields and a tuple
as an array. `reader` looks once at what the function says it returns, and gives what makes that of
what every language writes. Any other value was written by Python, and is left as it is. What does
not fit raises: the entry is a miss.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any, Union

from cachekit._hints import DEEPEST, MOST_PARTS, attribute, of_fields, of_return
from cachekit._neutral_containers import container
from cachekit._neutral_generics import Meanings, substituted
from cachekit._neutral_models import model
from cachekit._neutral_reading import ANYTHING, Read, Reading, any_of, instances_of, not_read_yet
from cachekit._neutral_records import MAP, record_of
from cachekit._neutral_texts import literal, text

__all__ = ["reader"]

_QUALIFIERS = {"ClassVar", "Final", "NotRequired", "ReadOnly", "Required"}


def reader(function: Callable[..., Any]) -> Read | None:
    """What turns a plain value into what `function` says it returns; None where it is that already.

    Nothing is raised, whatever stands there.
    """
    found = _Readings().of(of_return(function, Any))
    return None if found.is_idle() else found


class _Readings:
    """By annotation, so that what holds itself is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Any, Reading] = {}
        self._holding_themselves: set[Any] = set()
        self._depth = 0
        self._parts = 0

    def of(self, annotation: Any) -> Reading:
        self._parts += 1
        if self._depth >= DEEPEST or self._parts > MOST_PARTS:
            return ANYTHING
        self._depth += 1
        try:
            return self._form(annotation)
        except Exception:  # noqa: BLE001 - any object may stand there; what cannot be read says nothing
            return ANYTHING
        finally:
            self._depth -= 1

    def _form(self, annotation: Any) -> Reading:  # noqa: PLR0911 - a line to a form
        if annotation is None:
            return instances_of(type(None))
        if annotation is Any or annotation is object:
            return ANYTHING
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in {Union, types.UnionType}:
            return any_of([self.of(argument) for argument in arguments])
        if origin is typing.Literal:
            return literal(arguments)
        if isinstance(origin, type):
            return self._class(origin, arguments)
        if origin is None:
            is_class = isinstance(annotation, type)
            return self._class(annotation, ()) if is_class else self._indirect(annotation)
        if origin is typing.Annotated or attribute(origin, "_name") in _QUALIFIERS:
            return self.of(arguments[0])
        return self._alias(annotation, origin, arguments)

    def _indirect(self, annotation: Any) -> Reading:
        """`NewType`, a type alias, the bound of a type variable; else it says nothing."""
        for name in ("__supertype__", "__bound__"):
            meant = attribute(annotation, name)
            if meant is not None:
                return self.of(meant)
        return self._alias(annotation, annotation, ())

    def _alias(self, annotation: Any, alias: Any, arguments: tuple[Any, ...]) -> Reading:
        meant = attribute(alias, "__value__")
        if meant is None:
            return ANYTHING
        given = dict(zip(attribute(alias, "__parameters__") or (), arguments, strict=False))
        return self._tied(annotation, lambda: self.of(substituted(meant, given)))

    def _tied(self, key: Any, find: Callable[[], Reading]) -> Reading:
        """What may hold itself, and then may have nothing to read all the way down.

        That is assumed first. If it proves wrong, all that was found under it is found again.
        """
        if key in self._known:
            self._holding_themselves.add(key)
            return self._known[key]
        before = dict(self._known)
        self._known[key] = ANYTHING
        found = find()
        if key not in self._holding_themselves or found.is_idle():
            self._known[key] = found
            return found
        self._known = before
        self._known[key] = tied = not_read_yet()
        return tied.become(find())

    def _class(self, cls: Any, arguments: tuple[Any, ...]) -> Reading:
        found = container(cls, arguments, self.of) or text(cls)
        if found is not None:
            return found
        if attribute(cls, "__total__") is not None:
            return self._tied((cls, arguments), lambda: self._dictionary(cls, arguments))
        if (cls, arguments) in self._known:
            return self._known[cls, arguments]
        record = record_of(cls)
        if record is None and attribute(cls, "model_validate") is None:
            return instances_of(cls)
        self._known[cls, arguments] = made = not_read_yet()
        if record is None:
            return made.become(model(cls, self.of))
        hint = _hints(cls, arguments)
        return made.become(record.reading(lambda name: self.of(hint(name))))

    def _dictionary(self, cls: Any, arguments: tuple[Any, ...]) -> Reading:
        """A `TypedDict` is a dict to Python: which keys it has is not looked at."""
        hint = _hints(cls, arguments)
        parts = {name: self.of(hint(name)) for name in of_fields(cls)}
        busy = {name: part for name, part in parts.items() if not part.is_idle()}
        if not busy:
            return Reading(MAP)

        def make(value: dict[Any, Any]) -> Any:
            return {key: busy[key](item) if key in busy else item for key, item in value.items()}

        return Reading(MAP, make)


def _hints(cls: Any, arguments: tuple[Any, ...]) -> Callable[[str], Any]:
    """What a class, subscripted with `arguments`, says of the field of a name."""
    hints, meanings = of_fields(cls), Meanings(cls, arguments)
    return lambda name: meanings.of(name, hints.get(name, Any))
