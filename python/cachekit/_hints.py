"""What annotations mean, each resolved alone: one that names something unknown hides no other.

Resolving runs code of whoever wrote the annotation, which may raise anything. Nothing here raises:
what does not resolve stays what was written.
"""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

__all__ = ["DEEPEST", "MOST_PARTS", "attribute", "of_fields", "of_return", "own"]

DEEPEST = 64
"""Levels of an annotation that are looked at: a few frames of the stack to each."""
MOST_PARTS = 10_000
"""Parts of an annotation that are looked at: aliases that double at each step have no end."""

_LONGEST_CHAIN = 64


def attribute(holder: Any, name: str) -> Any:
    """The attribute; None where there is none, or where looking for it raises."""
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - any object may stand in an annotation, and raise anything
        return None


def of_return(function: Any, otherwise: Any) -> Any:
    """What `function` says it returns; `otherwise` if it says nothing."""
    annotations = own(function)
    if "return" not in annotations:
        return otherwise
    inner = _innermost(function)
    names: dict[str, Any] = attribute(inner, "__globals__") or {}
    return _resolved(annotations["return"], names, _parameters(inner) | _closure(inner))


def of_fields(cls: Any) -> dict[str, Any]:
    """What a class says of its attributes, those of its bases included."""
    try:
        return typing.get_type_hints(cls)
    except Exception:  # noqa: BLE001 - see `attribute`
        found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        # The module first: a default of the same name as a type is not that type.
        names = {**_parameters(base), **attribute(base, "__dict__")}
        for name, annotation in own(base).items():
            found[name] = _resolved(annotation, names, module)
    return found


def own(holder: Any) -> dict[str, Any]:
    """The annotations of a function, or those in the body of a class, as they were written."""
    annotations = attribute(holder, "__annotations__")
    return dict(annotations) if isinstance(annotations, dict) else {}  # pyright: ignore[reportUnknownArgumentType]


def _resolved(annotation: Any, names: dict[str, Any], first: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, names, first)["it"]
    except Exception:  # noqa: BLE001 - see `attribute`
        return annotation


def _innermost(function: Any) -> Any:
    """Behind `functools.wraps` and bound methods: what has the names that the annotation uses."""
    for _ in range(_LONGEST_CHAIN):
        inner = attribute(function, "__wrapped__") or attribute(function, "__func__")
        if inner is None:
            break
        function = inner
    return function


def _closure(function: Any) -> dict[str, Any]:
    """The variables of enclosing functions that a function uses."""
    names = attribute(attribute(function, "__code__"), "co_freevars") or ()
    found: dict[str, Any] = {}
    for name, cell in zip(names, attribute(function, "__closure__") or (), strict=False):
        # A cell is empty while its variable is not assigned.
        if (content := attribute(cell, "cell_contents")) is not None:
            found[name] = content
    return found


def _parameters(holder: Any) -> dict[str, Any]:
    """The type variables of `def f[T]` and `class C[T]`, which are no one's globals."""
    parameters = attribute(holder, "__type_params__")
    return {one.__name__: one for one in parameters} if isinstance(parameters, tuple) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
