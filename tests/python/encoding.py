"""How the tests of arguments look at an encoding, and the encoder that shares no code with ours."""

import importlib.util
import json
import pathlib
import struct

from cachekit._native import encode_arguments

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


def load(name):
    spec = importlib.util.spec_from_file_location(name, VECTORS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load("check_arguments")
vectors = json.loads((VECTORS / "arguments.json").read_text(encoding="utf-8"))


def one(value, **options):
    """The encoding of one value."""

    def f(v): ...

    return encode_arguments(f, (value,), **options).removeprefix(b"{s\x01v").removesuffix(b"}")


def describe(value):
    """A Python value in the words of the vectors."""
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, (bool, type(None))):
        return {"none": None} if value is None else {"bool": value}
    if isinstance(value, (list, tuple, set)):
        return {type(value).__name__: [describe(item) for item in value]}
    if isinstance(value, frozenset):
        return {"standard": ["frozenset", describe(set(value))]}
    if isinstance(value, dict):
        return {"map": [[describe(k), describe(v)] for k, v in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, int):
        return {"int": str(value)}
    return {"utf8": value.encode("utf-8", "surrogatepass").hex()}
