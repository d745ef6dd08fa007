"""What `import cachekit` costs a program that does nothing else."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

TIMES: Final = 15


def measure(ours: Path, peers: Path) -> dict[str, float]:
    """Milliseconds that the import adds to starting and ending Python, ours and the peer's."""
    taken: dict[str, list[float]] = {"ours": [], "PyPI cachekit 0.24.1": []}
    for _ in range(TIMES):
        for name, interpreter in zip(taken, (ours, peers), strict=True):
            taken[name].append(_run(interpreter, "import cachekit") - _run(interpreter, "pass"))
    return {name: statistics.median(times) for name, times in taken.items()}


def _run(interpreter: Path, program: str) -> float:
    started = time.perf_counter_ns()
    subprocess.run([interpreter, "-c", program], check=True, capture_output=True)
    return (time.perf_counter_ns() - started) / 1e6
