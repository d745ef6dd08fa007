"""The Python faces of the decoders, under atheris: `make fuzz-python`.

Whatever the bytes: a value or `SerializationError`; a panic of polars, which is no `Exception`,
counts as a failure. While it decodes, a decoder holds no more than twice the value that it makes
and twice the input (a dictionary that grows holds the old one beside the new); where it refuses, no
more than the largest of Python's objects explain (`docs/values.md`).

The folder that it is given holds what it starts from, `seeds`, and what it finds. `FACE=0` to
`FACE=3` in the environment stay with one decoder.
"""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

sys.path.append(str(Path(__file__).parents[2] / "tests" / "python"))
with atheris.instrument_imports(include=["cachekit"]):
    from cachekit._native import json_from_bytes
    from cachekit.exceptions import SerializationError
    from cachekit.serializers import (
        ArrowSerializer,
        DefaultSerializer,
        OrjsonSerializer,
        _axes,  # noqa: F401 - imported at the first frame otherwise, and not instrumented then
        _own_columns,  # noqa: F401
        _pandas,  # noqa: F401
        _polars,  # noqa: F401
    )

import polars as pl
import seeds
from any_class import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable

DECODERS = (
    DefaultSerializer(allow=CLASSES).deserialize,
    OrjsonSerializer().deserialize,
    json_from_bytes,
    ArrowSerializer().deserialize,
)
FACE = int(os.environ["FACE"]) if "FACE" in os.environ else None
LARGEST_OBJECTS = 200
CONSTANT = 1 << 20


def one_input(data: bytes) -> None:
    """The first byte chooses the decoder."""
    if not data:
        return
    face = data[0] if FACE is None else FACE
    decode, rest = DECODERS[face % len(DECODERS)], data[1:]
    # What a library imports at the first value of a kind is not the value's: it is asked again.
    if beyond(decode, rest) and (excess := beyond(decode, rest)):
        message = f"{excess} bytes more than {len(rest)} of input explain"
        raise MemoryError(message)


def beyond(decode: Callable[[bytes], object], data: bytes) -> int:
    """By how many bytes decoding takes more than it may; 0 if it does not."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    value: object = None
    try:
        value = decode(data)
        held, peak = tracemalloc.get_traced_memory()
        limit = 2 * (held - before) + 2 * len(data)
    except SerializationError as error:
        del error
        _, peak = tracemalloc.get_traced_memory()
        limit = LARGEST_OBJECTS * len(data)
    use(value)
    return max(0, peak - before - limit - CONSTANT)


def use(value: object) -> None:
    """What was read is there to be looked at: a panic may wait until then."""
    if isinstance(value, (pl.DataFrame, pl.Series)):
        repr(value)


def main() -> None:
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            seeds.write(Path(argument), FACE)
    # What is imported at the first value is not the value's.
    for number, encoded in enumerate(seeds.encoded()):
        for data in encoded:
            DECODERS[number](data)
    tracemalloc.start()
    # The decoders are native and the libraries not instrumented: no seed shows that it is of use.
    atheris.Setup([*sys.argv, "-keep_seed=1"], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
