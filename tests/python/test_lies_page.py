"""The table of lies in docs/values.md says the error of each, and leaves none out."""

import re
import struct
from pathlib import Path

import pytest
from test_frames import forged_zone, plain, stream
from test_value_attacks import LIES, SERIALIZER

from cachekit.exceptions import SerializationError
from cachekit.serializers import ArrowSerializer

pa = pytest.importorskip("pyarrow")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "values.md"


def said():
    """The parts of errors in the last column of the table."""
    section = PAGE.read_text("utf-8").partition("## When the bytes are a lie")[2]
    header, _, *rows = re.findall(r"^\|.*\|$", section.partition("\n## ")[0], re.MULTILINE)
    assert header.endswith("| the error says |")
    return [part for row in rows for part in re.findall("`([^`]+)`", row.split(" | ")[-1])]


def arrow_lies():
    numbers, text = pa.table({"n": [1.5] * 9}), pa.array(["abc", "def"], pa.large_string())
    yield stream(numbers, compression="zstd")
    yield stream(pa.table({"n": pa.nulls(3)})).replace(
        struct.pack("<q", 3), struct.pack("<q", 2**40)
    )
    yield stream(pa.table({"t": text})).replace(
        struct.pack("<qqq", 0, 3, 6), struct.pack("<qqq", 0, 3, 2**30)
    )
    yield ArrowSerializer().serialize(plain()).replace(b"[0, 4, 1]", b"[0, 9, 1]")
    yield forged_zone("/etc/timezone")


def errors():
    for decode, lies in [
        (SERIALIZER.deserialize, [data for data, _ in LIES.values()]),
        (ArrowSerializer().deserialize, arrow_lies()),
    ]:
        for data in lies:
            with pytest.raises(SerializationError) as refused:
                decode(data)
            yield str(refused.value)


def test_each_error_is_one_that_the_page_names_and_each_named_is_one_of_theirs():
    parts, found = said(), list(errors())
    assert [error for error in found if not any(part in error for part in parts)] == []
    assert [part for part in parts if not any(part in error for error in found)] == []
