"""Checks ``arguments.json`` with an encoder of its own, written from ``docs/arguments.md``.

It shares no code with the project and needs nothing but Python: ``python check_arguments.py``.
"""

import json
import math
import pathlib
import struct
import sys


def sized(tag, content):
    """A tag, the length, the content."""
    length = len(content)
    head = bytes([length]) if length < 255 else b"\xff" + length.to_bytes(8, "big")
    return tag + head + content


def integer(number):
    magnitude = abs(number)
    shortest = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big")
    return sized(b"-" if number < 0 else b"+", shortest)


def float64(bits):
    (number,) = struct.unpack(">d", bits)
    return b"f" + (bytes.fromhex("7ff8000000000000") if math.isnan(number) else bits)


def present(encoded):
    return b"?" + encoded if encoded[:1] in {b"N", b"?"} else encoded


def pair(entry):
    key, content = entry
    return value(key) + value(content)


ENCODERS = {
    "none": lambda _: b"N",
    "bool": lambda truth: b"T" if truth else b"F",
    "int": lambda text: integer(int(text)),
    "float": lambda bits: float64(bytes.fromhex(bits)),
    "str": lambda text: sized(b"s", text.encode()),
    "utf8": lambda text: sized(b"s", bytes.fromhex(text)),
    "bytes": lambda text: sized(b"b", bytes.fromhex(text)),
    "list": lambda items: b"[" + b"".join(map(value, items)) + b"]",
    "tuple": lambda items: b"(" + b"".join(map(value, items)) + b")",
    "set": lambda items: b"<" + b"".join(sorted(map(value, items))) + b">",
    "map": lambda entries: b"{" + b"".join(sorted(map(pair, entries))) + b"}",
    "standard": lambda tagged: sized(b"x", tagged[0].encode()) + value(tagged[1]),
    "class": lambda tagged: sized(b"o", tagged[0].encode()) + value(tagged[1]),
    "some": lambda inner: present(value(inner)),
}


def value(description):
    ((kind, content),) = description.items()
    return ENCODERS[kind](content)


def encoded(vector):
    if "arguments" in vector:
        return value({"map": [[{"str": name}, given] for name, given in vector["arguments"]]})
    if "key" in vector:
        return value({"standard": ["key", vector["key"]]})
    return value(vector["value"])


def wrong(vectors):
    """The names of the vectors that this encoder does not agree with."""
    every = [*vectors["values"], *vectors["calls"], *vectors["keys"]]
    return [vector["name"] for vector in every if encoded(vector).hex() != vector["hex"]]


def shared(vectors):
    """The names of vectors that share an encoding, though their values differ."""
    seen = {}
    for vector in vectors["values"]:
        seen.setdefault(vector["hex"], []).append(vector["name"])
    return [names for names in seen.values() if len(names) > 1]


# The same value, described twice on purpose.
TWINS = [
    ["int 5", "Rust's Some(5), which is 5"],
    ["float NaN", "float NaN with sign and payload"],
    ["map: sorted by key", "map: the same in another order"],
]


def main():
    path = pathlib.Path(__file__).with_name("arguments.json")
    vectors = json.loads(path.read_text(encoding="utf-8"))
    problems = [f"another encoding: {name}" for name in wrong(vectors)]
    problems += [f"one encoding: {names}" for names in shared(vectors) if names not in TWINS]
    print("\n".join(problems) or "arguments.json: every vector agrees")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
