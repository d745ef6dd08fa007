"""What sealing adds to a serializer's round trip: the table of the document, measured here and now.

    pytest tests/performance/test_encryption_overhead.py -v -s

Asserts that values survive, and no time at all: how fast a machine is today is for its reader.
"""

import gc
import time

import numpy as np
import pytest

from cachekit.serializers import (
    ArrowSerializer,
    DefaultSerializer,
    EncryptionWrapper,
    OrjsonSerializer,
)

MASTER_KEY = "a" * 64
SMALL = {
    "id": 4711,
    "name": "Jane Roe",
    "email": "jane.roe@example.org",
    "active": True,
    "balance": 1204.5,
    "roles": ["reader", "editor"],
}


def frame():
    import pandas as pd

    chance = np.random.default_rng(20260101)
    return pd.DataFrame(
        {
            "patient_id": np.arange(1000),
            "diagnosis": chance.choice(["E11.9", "I10", "J45.20", "N18.3"], 1000),
            "risk_score": chance.random(1000),
            "admitted": pd.date_range("2026-01-01", periods=1000, freq="h"),
        }
    )


def same_frame(left, right):
    import pandas as pd

    pd.testing.assert_frame_equal(left, right)


def same(left, right):
    assert left == right
    assert type(left) is type(right)


CASES = {
    "JSON (OrjsonSerializer)": (OrjsonSerializer, lambda: SMALL, same, 20_000),
    "MessagePack (DefaultSerializer)": (DefaultSerializer, lambda: SMALL, same, 20_000),
    "DataFrames (ArrowSerializer, 1000 rows)": (ArrowSerializer, frame, same_frame, 400),
}


@pytest.fixture(scope="module")
def table():
    """Collects a row per serializer, and prints the table when all are measured."""
    rows = []
    yield rows
    print("\n\nP95 of serialize + deserialize\n")
    print("| Serializer | Plain | Encrypted | Overhead | Relative |")
    print("|---|---|---|---|---|")
    for name, plain, encrypted in rows:
        added = encrypted - plain
        print(
            f"| {name} | {plain:.2f} μs | {encrypted:.2f} μs | {added:+.2f} μs "
            f"| {100 * added / plain:+.1f}% |"
        )


def p95_pair(first, second, value, rounds):
    """The 95th percentile of both round trips, in microseconds.

    They take turns, so that whatever else the machine does falls on both alike.
    """
    clock = time.perf_counter_ns
    times = ([], [])
    contestants = ((first, times[0].append), (second, times[1].append))
    for serializer, _ in contestants:
        for _ in range(rounds // 10):
            serializer.deserialize(serializer.serialize(value))
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for serializer, note in contestants:
                started = clock()
                serializer.deserialize(serializer.serialize(value))
                note(clock() - started)
    finally:
        gc.enable()
    return tuple(sorted(taken)[int(rounds * 0.95)] / 1000 for taken in times)


@pytest.mark.parametrize("name", CASES)
def test_encryption_overhead(name, table):
    make, make_value, equal, rounds = CASES[name]
    plain, value = make(), make_value()
    encrypted = EncryptionWrapper(serializer=make(), master_key=MASTER_KEY)

    equal(plain.deserialize(plain.serialize(value)), value)
    equal(encrypted.deserialize(encrypted.serialize(value)), value)
    assert plain.serialize(value) not in encrypted.serialize(value)
    table.append((name, *p95_pair(plain, encrypted, value, rounds)))
