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
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    value: object = None
    try:
        value = decode(rest)
        held, peak = tracemalloc.get_traced_memory()
        limit = 2 * (held - before) + 2 * len(rest)
    except SerializationError as error:
        del error
        _, peak = tracemalloc.get_traced_memory()
        limit = LARGEST_OBJECTS * len(rest)
    use(value)
    del value
    if peak - before > limit + CONSTANT:
        message = f"{peak - before} bytes for {len(rest)} of input"
        raise MemoryError(message)


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
