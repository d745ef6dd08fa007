"""Why a frame is not kept: which column, or which aspect of it, and what to do.

A label may be data, as in a pivot table, and the text of an error reaches logs: a column is told by
its position and type. Its label is there for those who know whether it may be shown.
"""

from __future__ import annotations

import re

from cachekit.exceptions import SerializationError

__all__ = ["FrameRefusedError", "aspect_refused", "column_refused"]

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)


class FrameRefusedError(SerializationError):
    """A frame that would not come back as it was.

    Attributes:
        label: The label of the column at fault, if there is one and it looks like a field's name.
    """

    label: str | None = None


def column_refused(number: int, dtype: object, label: object, what: str) -> FrameRefusedError:
    """`what` says what is wrong with the values of the column, and what to do."""
    name = str(dtype)
    # A type may hold values: categories, the name of a zone, those of a struct's fields.
    shown = name if re.fullmatch(r"[\w<>\[\]]{1,40}", name, re.ASCII) else _class(dtype)
    error = FrameRefusedError(f"column {number} ({shown}): {what}")
    if type(label) is str and _FIELD.fullmatch(label):
        error.label = label
    return error


def aspect_refused(aspect: str, what: str) -> FrameRefusedError:
    """`aspect` is what the frame has beside its columns."""
    return FrameRefusedError(f"{aspect}: {what}")


def _class(value: object) -> str:
    return type(value).__name__
