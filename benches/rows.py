"""The rows of the table, and what we aim for in each."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benches.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Times:
    """What one contestant needed in one case, in microseconds per call."""

    contestant: str
    median: float
    p95: float

    @classmethod
    def of(cls, contestant: str, nanoseconds: list[float]) -> Times:
        ordered = sorted(nanoseconds)
        p95 = ordered[int(len(ordered) * 0.95)]
        return cls(contestant, statistics.median(ordered) / 1000, p95 / 1000)


@dataclass(frozen=True)
class Row:
    """One case, how it is measured, and the median we aim for, given the floor's."""

    case: str
    title: str
    calls: int
    samples: int
    aim: Callable[[float], float] | None = None
    placement: Placement = Placement.ONE_CORE

    @property
    def key(self) -> str:
        """What tells it from the other rows."""
        return self.case if self.placement is Placement.ONE_CORE else f"{self.case}, two cores"


REDIS_HIT: Final = ("secure Redis hit", "Secure hit from local Redis, L1 off", 20, 60)
REDIS_WRITE: Final = ("secure Redis write", "Secure miss and write, local Redis", 20, 60)

ROWS: Final = (
    Row("secure L1 hit", "Secure L1 hit, six-field dict", 500, 60, lambda _: 0.8),
    Row("plain L1 hit", "Plain L1 hit, immutable value", 2000, 60, lambda _: 0.18),
    Row("six-field dict", "There and back, six-field dict, by the serializer alone", 500, 60),
    Row("1000-row frame", "There and back, 1000-row frame: ours sealed, the peer's plain", 1, 60),
    Row(*REDIS_HIT, lambda floor: floor + 8),
    Row(*REDIS_WRITE, lambda floor: floor + 15),
    Row(*REDIS_HIT, None, Placement.TWO_CORES),
    Row(*REDIS_WRITE, None, Placement.TWO_CORES),
)

# Measured by a Rust program of its own, which has its own idea of calls and samples.
STRUCT_HIT: Final = Row("struct", "L1 hit, Rust, six-field struct", 0, 0, lambda _: 0.45)


@dataclass(frozen=True)
class Added:
    """What sealing adds to a round trip: two cases of ours, in turns."""

    plain: str
    sealed: str
    title: str
    calls: int
    samples: int
    aim: str


ADDED: Final = (
    Added("JSON", "JSON sealed", "JSON round trip", 200, 60, "<= 0.6 µs"),
    Added("MessagePack", "MessagePack sealed", "MessagePack round trip", 200, 60, "<= 0.6 µs"),
    Added("frame", "frame sealed", "1000-row frame round trip", 1, 60, "<= 1 %"),
)
