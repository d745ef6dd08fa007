"""The Python faces of the decoders, under atheris: `make fuzz-python`.

Whatever the bytes: a value or `SerializationError`. While it decodes, a decoder holds no more than
twice the value that it makes and twice the input (a dictionary that grows holds the old one beside
the new); where it refuses, no more than the largest of Python's objects explain (`docs/values.md`).
"""

from __future__ import annotations

import sys
import tracemalloc

import atheris

with atheris.instrument_imports(include=["cachekit"]):
    from cachekit._native import json_from_bytes
    from cachekit.exceptions import SerializationError
    from cachekit.serializers import ArrowSerializer, DefaultSerializer, OrjsonSerializer

ARROW = ArrowSerializer()
DECODERS = (
    DefaultSerializer().deserialize,
    OrjsonSerializer().deserialize,
    json_from_bytes,
    ARROW.deserialize,
)
LARGEST_OBJECTS = 200
CONSTANT = 1 << 20


def one_input(data: bytes) -> None:
    """The first byte chooses the decoder."""
    if not data:
        return
    decode, rest = DECODERS[data[0] % len(DECODERS)], data[1:]
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
    del value
    if peak - before > limit + CONSTANT:
        message = f"{peak - before} bytes for {len(rest)} of input"
        raise MemoryError(message)


def main() -> None:
    # What is imported at the first value is not the value's.
    import pandas as pd

    ARROW.deserialize(ARROW.serialize(pd.DataFrame({"a": [1]})))
    tracemalloc.start()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
