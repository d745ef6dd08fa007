"""Dictionaries with the keys of one read before are copies of it: nobody may notice.

Each is read a few times over, since the first ones are read key by key.
"""

import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sameness import same

from cachekit.exceptions import SerializationError
from cachekit.serializers import DefaultSerializer

SERIALIZER = DefaultSerializer()
KEYS = "abcdefgh"
RECORD = {key: number for number, key in enumerate(KEYS)}
OTHERS = {
    "other keys behind the first": {"a": 1, **dict.fromkeys("BCDEFGH", 2)},
    "another order": {key: RECORD[key] for key in "a" + KEYS[:0:-1]},
    "another last key": {**dict.fromkeys(KEYS[:-1], 3), "H": 4},
    "a key that is no text": {**dict.fromkeys("abc", 5), 4: 6, **dict.fromkeys("defg", 7)},
    "a key that is no UTF-8": {**dict.fromkeys("abcdefg", 8), "\ud800": 9},
    "a long key": {**dict.fromkeys("abcdefg", 8), "h" * 33: 9},
    "one more key": {**RECORD, "i": 8},
    "itself in itself": {**RECORD, "c": {**RECORD, "d": [RECORD, RECORD]}},
}


def back(value):
    return SERIALIZER.deserialize(SERIALIZER.serialize(value))


def known(record):
    """Reads it until it is known."""
    for _ in range(3):
        back(record)


def text(string):
    return bytes([0xA0 | len(string)]) + string.encode()


@pytest.mark.parametrize("what", OTHERS)
def test_another_dictionary_comes_back_as_itself(what):
    known(RECORD)
    for value in [OTHERS[what], RECORD, [OTHERS[what], RECORD] * 3, OTHERS[what]]:
        assert same(back(value), value)


def test_two_readings_have_nothing_in_common():
    known(RECORD)
    first, second = back(RECORD), back(RECORD)
    first["a"] = "changed"
    del first["b"]
    first["z"] = None
    assert second == RECORD
    assert back(RECORD) == RECORD


@pytest.mark.parametrize("place", range(1, 8))
def test_a_key_twice_is_refused_wherever_it_is(place):
    known(RECORD)
    keys = [*KEYS[:place], "a", *KEYS[place + 1 :]]
    lie = b"\x88" + b"".join(text(key) + b"\xc0" for key in keys)
    with pytest.raises(SerializationError, match="twice"):
        SERIALIZER.deserialize(lie)
    assert back(RECORD) == RECORD


def test_a_dictionary_that_ends_early_is_refused():
    known(RECORD)
    encoded = SERIALIZER.serialize(RECORD)
    for end in range(1, len(encoded)):
        with pytest.raises(SerializationError, match=r"end inside|promises more"):
            SERIALIZER.deserialize(encoded[:end])
    assert back(RECORD) == RECORD


NAMES = st.sampled_from([*KEYS, "é", "name", "a_rather_long_name", "x" * 32, "x" * 33])


@given(st.lists(st.lists(NAMES, unique=True, min_size=4, max_size=10), min_size=1, max_size=6))
def test_rows_of_several_kinds_come_back(kinds):
    rows = [{name: [name, number] for number, name in enumerate(kind)} for kind in kinds * 4]
    assert same(back(rows), rows)


def test_threads_have_their_own():
    rows = [OTHERS["another order"], RECORD, OTHERS["a long key"]]
    wrong = []

    def read():
        for number in range(2_000):
            row = rows[number // 7 % len(rows)]
            if list(back(row).items()) != list(row.items()):
                wrong.append(row)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_many_kinds_take_no_more_memory_than_a_few():
    def read(kinds):
        for number in kinds:
            known({f"{number}-{key}": key for key in KEYS})

    read(range(1_000))
    tracemalloc.start()
    try:
        read(range(1_000, 3_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 300_000
