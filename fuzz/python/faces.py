"""The Python faces of the decoders, under atheris: `make fuzz-python`.

Whatever the bytes: a value or `SerializationError`, and no more memory than Python's own objects
explain (`docs/values.md`: 130 times the input), which NumPy and Arrow do not exceed.
"""

from __future__ import annotations

import sys
import tracemalloc

import atheris

with atheris.instrument_imports(include=["cachekit"]):
    from cachekit.exceptions import SerializationError
    from cachekit.serializers import ArrowSerializer, DefaultSerializer, OrjsonSerializer
    from cachekit.serializers._orjson import json_from_bytes

ARROW = ArrowSerializer()
DECODERS = (
    DefaultSerializer().deserialize,
    OrjsonSerializer().deserialize,
    json_from_bytes,
    ARROW.deserialize,
)
TIMES = 200
CONSTANT = 1 << 20


def one_input(data: bytes) -> None:
    """The first byte chooses the decoder."""
    if not data:
        return
    decode, rest = DECODERS[data[0] % len(DECODERS)], data[1:]
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        decode(rest)
    except SerializationError as error:
        del error
    _, peak = tracemalloc.get_traced_memory()
    if peak - before > TIMES * len(rest) + CONSTANT:
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
