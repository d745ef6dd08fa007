"""Values of an entry that another language wrote, as the function's annotation says.

An explicit `name=` is shared with Rust, which writes a struct as a map of its fields and a tuple
as an array. `reader` looks once at what the function says it returns, and gives what makes that; a
value that has its type already is left as it is. What does not fit raises: the entry is a miss.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Union, cast

__all__ = ["reader"]

Read = Callable[[Any], Any]

_TEXTS = {
    "uuid": ("UUID",),
    "decimal": ("Decimal",),
    "datetime": ("datetime", "date", "time"),
    "pathlib": ("Path", "PurePath", "PosixPath", "PurePosixPath"),
}


def reader(function: Callable[..., Any]) -> Read | None:
    """What turns a plain value into what `function` says it returns; None where it is that already.

    An annotation that cannot be resolved says nothing.
    """
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - resolving an annotation runs its code, which may raise anything
        return None
    return _Readers().of(hints.get("return"))


class _Readers:
    """By annotation, so that a class that holds itself is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Any, Read | None] = {}

    def of(self, annotation: Any) -> Read | None:
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.of(arguments[0])
        if origin in {Union, types.UnionType}:
            return self._any_of(arguments)
        if isinstance(origin, type):
            return self._container(origin, arguments)
        return self._class(annotation) if isinstance(annotation, type) else None

    def _any_of(self, arguments: tuple[Any, ...]) -> Read | None:
        given = [argument for argument in arguments if argument is not type(None)]
        # Which of several it is, only its writer knows.
        inner = self.of(given[0]) if len(given) == 1 else None
        if inner is None:
            return None
        return _unless_none(inner)

    def _container(self, origin: type, arguments: tuple[Any, ...]) -> Read | None:
        if origin is tuple:
            return self._tuple(arguments)
        if issubclass(origin, Mapping):
            inner = self.of(arguments[1]) if len(arguments) > 1 else None
            return None if inner is None else _each_value(inner)
        inner = self.of(arguments[0]) if arguments else None
        if issubclass(origin, AbstractSet):
            return _of_list(frozenset if origin is frozenset else set, inner)
        if issubclass(origin, Sequence):
            return None if inner is None else _each_item(inner)
        return None

    def _tuple(self, arguments: tuple[Any, ...]) -> Read:
        if len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 - `tuple[int, ...]`
            inner = self.of(arguments[0])
            return lambda value: tuple(_all(inner, value)) if _is_list(value) else value
        readers = [self.of(argument) for argument in arguments]

        def read(value: Any) -> Any:
            if not _is_list(value):
                return value
            pairs = zip(readers, value, strict=True)
            return tuple(item if inner is None else inner(item) for inner, item in pairs)

        return read

    def _class(self, cls: type) -> Read | None:
        if cls in self._known:
            # Looked at already, or being looked at: a class that holds itself.
            return lambda value: known(value) if (known := self._known[cls]) else value
        self._known[cls] = None
        self._known[cls] = self._record(cls) or _text(cls)
        return self._known[cls]

    def _record(self, cls: Any) -> Read | None:
        if hasattr(cls, "model_validate"):
            return lambda value: cls.model_validate(value) if _is_dict(value) else _is(cls, value)
        names = _fields(cls)
        if names is None:
            return _bare(cls)
        hints = typing.get_type_hints(cls)
        readers = {name: inner for name in names if (inner := self.of(hints.get(name)))}

        def read(value: Any) -> Any:
            if not _is_dict(value):
                return _is(cls, value)
            return cls(
                **{
                    name: readers[name](item) if name in readers else item
                    for name, item in value.items()
                }
            )

        return read


def _is_list(value: Any) -> bool:
    return type(value) is list


def _is_dict(value: Any) -> bool:
    return type(value) is dict


def _unless_none(inner: Read) -> Read:
    return lambda value: None if value is None else inner(value)


def _each_value(inner: Read) -> Read:
    return lambda value: {key: inner(item) for key, item in value.items()}


def _each_item(inner: Read) -> Read:
    return lambda value: [inner(item) for item in value]


def _of_list(make: Read, inner: Read | None) -> Read:
    return lambda value: make(_all(inner, value)) if _is_list(value) else value


def _all(inner: Read | None, values: Any) -> Any:
    return values if inner is None else map(inner, values)


def _is(cls: type, value: Any) -> Any:
    if isinstance(value, cls):
        return value
    raise TypeError(f"no {cls.__name__}")


def _fields(cls: Any) -> tuple[str, ...] | None:
    """The names of the fields, if the constructor takes them by name."""
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    for attribute in ("__struct_fields__", "_fields"):
        names: Any = getattr(cls, attribute, None)
        if type(names) is tuple:
            return tuple(str(name) for name in cast("tuple[object, ...]", names))
    attributes = getattr(cls, "__attrs_attrs__", None)
    return None if attributes is None else tuple(field.name for field in attributes)


def _text(cls: Any) -> Read | None:
    """Types that other languages know as text or as bytes."""
    import enum

    if issubclass(cls, enum.Enum):
        return lambda value: value if isinstance(value, cls) else cls[value]
    if cls.__name__ not in _TEXTS.get(cls.__module__.split(".")[0], ()):
        return None
    if cls.__name__ == "UUID":
        return lambda value: cls(bytes=value) if type(value) is bytes else _of_text(cls, value)
    made: Read = getattr(cls, "fromisoformat", cls)
    return lambda value: made(value) if type(value) is str else value


def _of_text(cls: Any, value: Any) -> Any:
    return cls(value) if type(value) is str else value


def _bare(cls: Any) -> Read | None:
    """`tuple`, `set` and `frozenset` without what is in them."""
    if cls in {tuple, set, frozenset}:
        return _of_list(cls, None)
    return None
