"""A contestant in a process of its own.

Run as `python -m benches.process CONTESTANT REDIS_URL`, it answers one line of JSON with another:
`{"case", "calls", "samples"}` with the nanoseconds that one call took, `samples` times over.
`Process` is the other end.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benches.call import Call


def measure(call: Call, calls: int, samples: int) -> list[float]:
    """`samples` times the mean time of `calls` calls, in nanoseconds, without the loop's own."""
    clock, function = time.perf_counter_ns, call.function
    taken: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(samples):
            started = clock()
            for number in itertools.islice(call.numbers, calls):
                function(number)
            full = clock() - started
            started = clock()
            for _ in itertools.islice(itertools.repeat(0), calls):
                pass
            taken.append((full - (clock() - started)) / calls)
    finally:
        gc.enable()
    return taken


def serve(contestant: str, url: str) -> None:
    """Answers questions until there are no more."""
    module = importlib.import_module(f"benches.contestants.{contestant}")
    prepared: dict[str, Call] = {}
    print(json.dumps({"name": module.NAME, "cases": list(module.CASES)}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        case = question["case"]
        if case not in prepared:
            prepared[case] = module.CASES[case](url)
            measure(prepared[case], min(500, question["calls"] * 20), 5)
        taken = measure(prepared[case], question["calls"], question["samples"])
        print(json.dumps(taken), flush=True)


class Process:
    """A contestant that can be asked to measure."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        hello = self._read()
        self.name: str = hello["name"]
        self.cases: frozenset[str] = frozenset(hello["cases"])

    @classmethod
    def of_python(cls, interpreter: Path, contestant: str, url: str) -> Process:
        """One of `benches.contestants`, in this interpreter."""
        return cls([interpreter, "-m", "benches.process", contestant, url])

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def measure(self, case: str, calls: int, samples: int) -> list[float]:
        """Nanoseconds per call, `samples` times."""
        assert self._process.stdin is not None
        question = {"case": case, "calls": calls, "samples": samples}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: list[float] = self._read()
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            message = f"a contestant ended with exit code {self._process.wait()}"
            raise RuntimeError(message)
        return json.loads(line)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
