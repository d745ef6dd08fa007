"""What a function says it returns, as a text that changes when the shape of it does.

It is part of an entry's name: where a class gets another field, who has the new class does not find
entries of the old one, nor the other way round. The versions of a program share a store.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable
from typing import Any, Union

__all__ = ["fingerprint"]

_LONGEST = 120
"""Characters of a shape that is its own fingerprint; a longer one is hashed."""


def fingerprint(function: Any) -> str:
    """The shape of the return annotation; empty where there is none.

    Asked at the function's first call, when what the annotation names exists. What does not
    resolve even then counts by its text.
    """
    annotations: dict[str, Any] = getattr(function, "__annotations__", None) or {}
    if "return" not in annotations:
        return ""
    text = _Shapes().of(_hints(function).get("return", annotations["return"]))
    if len(text) <= _LONGEST:
        return text
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()


def _hints(holder: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(holder)
    except Exception:  # noqa: BLE001 - resolving an annotation runs its code, which may raise anything
        return dict(getattr(holder, "__annotations__", None) or {})


class _Shapes:
    """A class is told with its fields where it comes first, and by its name after that."""

    def __init__(self) -> None:
        self._told: set[Any] = set()

    def of(self, annotation: Any) -> str:  # noqa: PLR0911 - a line to a form
        if annotation is None or annotation is type(None):
            return "None"
        if isinstance(annotation, str):
            return annotation
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.of(arguments[0])
        if origin is typing.Literal:
            return f"Literal{list(arguments)}"
        if origin in {Union, types.UnionType}:
            return f"Union[{self._list(arguments)}]"
        if origin is not None:
            return f"{self.of(origin)}[{self._list(arguments)}]"
        if isinstance(annotation, type):
            return self._class(annotation)
        return self._indirect(annotation)

    def _list(self, arguments: Iterable[Any]) -> str:
        # A list stands among the arguments of `Callable`.
        told = (f"[{self._list(each)}]" if _is_list(each) else self.of(each) for each in arguments)
        return ",".join(told)

    def _class(self, cls: Any) -> str:
        name = f"{cls.__module__}.{cls.__qualname__}"
        fields = _fields(cls)
        if fields is None or cls in self._told:
            return name
        self._told.add(cls)
        hints = _hints(cls)
        told = (f"{field}:{self.of(hints.get(field, ''))}" for field in fields)
        return f"{name}{{{','.join(told)}}}"

    def _indirect(self, annotation: Any) -> str:
        """`NewType`, a type alias, a type variable; else its text, without addresses."""
        for attribute in ("__supertype__", "__value__", "__bound__"):
            meant = getattr(annotation, attribute, None)
            if meant is not None:
                return self.of(meant)
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(annotation))


def _is_list(value: Any) -> bool:
    return type(value) is list


def _fields(cls: Any) -> list[str] | None:
    """The names of the fields of a record, in order."""
    for attribute in ("__dataclass_fields__", "__struct_fields__", "model_fields", "_fields"):
        fields = getattr(cls, attribute, None)
        if isinstance(fields, (dict, tuple)):
            return [str(field) for field in fields]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if hasattr(cls, "__total__"):
        return sorted(_hints(cls))
    attributes = getattr(cls, "__attrs_attrs__", None)
    return None if attributes is None else [field.name for field in attributes]
