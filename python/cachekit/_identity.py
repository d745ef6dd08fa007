"""What a function is called when nobody gave it a name: the same in every process that has it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["entry", "operation", "place"]


def entry(key: object) -> None:
    """What a `Cache` object caches: its signature names the entries, and it is never called."""


def operation(function: Callable[..., Any]) -> str:
    """``module.qualname``, where a script counts as the module that others would import.

    What is typed into an interpreter is nobody's module: it begins with ``__main__``.
    """
    module = getattr(function, "__module__", None) or type(function).__module__
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    # The second is its name in a child that `multiprocessing` spawned.
    is_main = module in {"__main__", "__mp_main__"}
    return f"{_importable(function) if is_main else module}.{name}"


def place(function: Callable[..., Any]) -> str:
    """``file:line``, for a person to look at."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def _importable(function: Callable[..., Any]) -> str:
    """The script's module or path.

    Asked is the namespace that the function was defined in: in a child that was spawned,
    ``sys.modules["__main__"]`` is not the script while the script is being run there.
    """
    import os

    defined = function if hasattr(function, "__globals__") else type(function).__call__
    namespace: dict[str, Any] = getattr(defined, "__globals__", vars(sys.modules["__main__"]))
    spec = namespace.get("__spec__")
    if spec is not None:
        return str(spec.name)
    file = namespace.get("__file__")
    return os.path.abspath(file) if file else "__main__"  # noqa: PTH100 - pathlib costs 5 ms here
