"""The panic of polars, which is no `Exception`: it would pass by every handler of the caller."""

from __future__ import annotations

import sys

__all__ = ["failures"]


def failures(*errors: type[Exception]) -> tuple[type[BaseException], ...]:
    """The errors and, where polars is loaded, its panic: where it meets a mistake of its own.

    Not what stops a program, `KeyboardInterrupt` or `SystemExit`.
    """
    polars = sys.modules.get("polars")
    panic = getattr(getattr(polars, "exceptions", None), "PanicException", None)
    return errors if panic is None else (*errors, panic)
