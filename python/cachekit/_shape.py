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

from cachekit._hints import DEEPEST, MOST_PARTS, attribute, of_fields, of_return

__all__ = ["fingerprint"]

_LONGEST = 120
"""Characters of a shape that is its own fingerprint; a longer one is hashed."""

_NOT_TOLD = "..."
"""What stands for a part of an annotation that is too deep, or one too many."""

_NOTHING = object()


def fingerprint(function: Any) -> str:
    """The shape of the return annotation; empty where there is none.

    Asked at the function's first call, when what the annotation names exists. What does not
    resolve even then counts by its text. Nothing is raised, whatever stands there.
    """
    annotation = of_return(function, _NOTHING)
    if annotation is _NOTHING:
        return ""
    text = _Shapes().of(annotation)
    # A name is UTF-8, which has no half of a surrogate pair.
    encoded = text.encode(errors="backslashreplace")
    if len(text) <= _LONGEST:
        return encoded.decode()
    from hashlib import sha256

    return sha256(encoded).hexdigest()


class _Shapes:
    """A class is told with its fields where it comes first, and by its name after that.

    So is an alias with what it means, which may hold the alias.
    """

    def __init__(self) -> None:
        # By address, with what keeps it: a metaclass need not let its classes be hashed.
        self._told: dict[int, Any] = {}
        self._depth = 0
        self._parts = 0

    def of(self, annotation: Any) -> str:
        self._parts += 1
        if self._depth >= DEEPEST or self._parts > MOST_PARTS:
            return _NOT_TOLD
        self._depth += 1
        try:
            return self._form(annotation)
        except Exception:  # noqa: BLE001 - whose object it is may raise anything; its text counts
            return _text(annotation)
        finally:
            self._depth -= 1

    def _form(self, annotation: Any) -> str:  # noqa: PLR0911 - a line to a form
        if annotation is None or annotation is type(None):
            return "None"
        if isinstance(annotation, str):
            return annotation
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.of(arguments[0])
        if origin is typing.Literal:
            return f"Literal{_text(list(arguments))}"
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
        if fields is None or not self._is_new(cls):
            return name
        hints = of_fields(cls)
        told = (f"{field}:{self.of(hints.get(field, ''))}" for field in fields)
        return f"{name}{{{','.join(told)}}}"

    def _indirect(self, annotation: Any) -> str:
        """`NewType`, a type alias, a type variable; else its text."""
        alias = attribute(annotation, "__value__")
        if alias is not None:
            return self.of(alias) if self._is_new(annotation) else _text(annotation)
        for name in ("__supertype__", "__bound__"):
            meant = attribute(annotation, name)
            if meant is not None:
                return self.of(meant)
        return _text(annotation)

    def _is_new(self, part: Any) -> bool:
        if id(part) in self._told:
            return False
        self._told[id(part)] = part
        return True


def _is_list(value: Any) -> bool:
    return type(value) is list


def _text(annotation: Any) -> str:
    """How it shows itself, without addresses; if it cannot, its type."""
    try:
        text = repr(annotation)
    except Exception:  # noqa: BLE001 - see `_Shapes.of`
        # Not what a metaclass makes of it.
        text = type.__repr__(type(annotation))  # pyright: ignore[reportUnknownArgumentType]
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _fields(cls: Any) -> list[str] | None:
    """The names of the fields of a record, in order."""
    for name in ("__dataclass_fields__", "__struct_fields__", "model_fields", "_fields"):
        fields = attribute(cls, name)
        if isinstance(fields, (dict, tuple)):
            return [str(field) for field in fields]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if attribute(cls, "__total__") is not None:
        return sorted(of_fields(cls))
    attributes = attribute(cls, "__attrs_attrs__")
    return None if attributes is None else [field.name for field in attributes]
