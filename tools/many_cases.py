"""The property tests with millions of cases: `make test-long`.

Rust: every property of the crates that write, read and seal, by proptest. Python: values through
every path (`tests/python/many_values.py`), one process to a core, each with a Redis of its own.
Says how far it is while it runs and how many cases there were at the end; exits with 1 at the
first case that fails, and where fewer ran than were asked for.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from tools.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
CRATES: Final = ("codec", "seal")
TOLD_EVERY_SECONDS: Final = 10
# A batch has a seed of its own, so that one that fails can be had again.
BATCH: Final = 500
# From here on every type has to have been drawn.
MANY: Final = 100_000

BLOCK: Final = re.compile(r"^( *)proptest! \{\n(.*?)^\1\}", re.MULTILINE | re.DOTALL)
PROPERTY: Final = re.compile(r"#\[test\]\s+fn (\w+)")
PASSED: Final = re.compile(r"^test (\S+) \.\.\. ok$")


class FailedError(Exception):
    """What went wrong; the details have been printed by whom it went wrong for."""


def rust(cases: int) -> int:
    """Runs every property with that many cases; how many cases that was."""
    names = [
        name
        for crate in CRATES
        for source in sorted((ROOT / "crates" / crate).rglob("*.rs"))
        for _, block in BLOCK.findall(source.read_text(encoding="utf-8"))
        for name in PROPERTY.findall(block)
    ]
    print(f"==> Rust: {len(names)} properties, {cases:,} cases each", flush=True)
    packages = [word for crate in CRATES for word in ("-p", f"cachekit-{crate}")]
    command = ["cargo", "test", "--quiet", "--release", "--locked", *packages, "--lib", "--tests"]
    process = subprocess.Popen(
        [*command, "--", "--format=pretty", *sorted(set(names))],
        cwd=ROOT,
        env={**os.environ, "PROPTEST_CASES": str(cases)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        passed = sum(_told(line) for line in _lines(process.stdout))
    if process.returncode != 0:
        raise FailedError("a property of the Rust crates does not hold")
    if passed != len(names):
        raise FailedError(f"{passed} properties ran, of {len(names)}")
    return passed * cases


def _told(line: str) -> bool:
    """Whether that is a property that holds. Everything worth reading is printed."""
    if line and not line.startswith(("running ", "test result: ok")):
        print(f"    {time.strftime('%H:%M:%S')}  {line}", flush=True)
    return PASSED.match(line) is not None


@dataclass
class Shard:
    """One process, and what it said so far."""

    process: subprocess.Popen[str]
    values: int = 0
    round_trips: int = 0
    seen: Counter[str] = field(default_factory=Counter[str])
    failed: int | None = None

    def listen(self) -> None:
        for line in _lines(self.process.stdout):
            said = json.loads(line)
            self.values += said.get("values", 0)
            self.round_trips += said.get("values", 0) * said.get("paths", 0)
            self.seen.update(said.get("seen", {}))
            self.failed = said.get("failed", self.failed)


def python(values: int, seed: int) -> int:
    """Draws that many values and sends them through every path; how many round trips that was."""
    count = os.cpu_count() or 1
    print(f"==> Python: {values:,} values in {count} processes, from seed {seed}", flush=True)
    with contextlib.ExitStack() as stack:
        shards: list[Shard] = []
        batches = math.ceil(values / BATCH)
        for number in range(count):
            server = stack.enter_context(RedisServer())
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cachekit-values-"))
            numbers = [seed + number, seed + batches, count, BATCH]
            words = [*map(str, numbers), server.url, folder]
            process = subprocess.Popen(
                [sys.executable, ROOT / "tests" / "python" / "many_values.py", *words],
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(_end, process)
            shards.append(Shard(process))
        _watch(shards, values)
    drawn = sum(shard.values for shard in shards)
    if drawn < values:
        raise FailedError(f"{drawn:,} values were drawn, of {values:,}")
    _every_type(shards, drawn)
    return sum(shard.round_trips for shard in shards)


def _watch(shards: list[Shard], values: int) -> None:
    """Tells how far they are until all have ended; `FailedError` as soon as one fails."""
    listeners = [threading.Thread(target=shard.listen) for shard in shards]
    for listener in listeners:
        listener.start()
    began = told = time.monotonic()
    while any(listener.is_alive() for listener in listeners):
        for listener in listeners:
            listener.join(timeout=0.2)
        for shard, listener in zip(shards, listeners, strict=True):
            if shard.process.poll():
                listener.join()
                raise FailedError(_why(shard))
        if time.monotonic() >= told + TOLD_EVERY_SECONDS:
            told = time.monotonic()
            _tell([shard.values for shard in shards], values, told - began)
    for shard in shards:
        if shard.process.wait() != 0:
            raise FailedError(_why(shard))


def _tell(each: list[int], values: int, seconds: float) -> None:
    done = sum(each)
    rate = done / seconds
    left = f"{(values - done) / rate / 60:.0f} min left" if done else "no batch is done yet"
    counts = " + ".join(f"{count:,}" for count in each)
    print(f"    {counts} of {values:,} values, {rate:.0f}/s, {left}", flush=True)


def _why(shard: Shard) -> str:
    if shard.failed is None:
        return f"a process ended with {shard.process.returncode}"
    again = f"make test-long LONG_CASES=0 LONG_VALUES={BATCH} LONG_SEED={shard.failed}"
    return f"what is above; the same values again: {again}"


def _every_type(shards: list[Shard], drawn: int) -> None:
    seen: Counter[str] = Counter()
    for shard in shards:
        seen.update(shard.seen)
    rarest = min(seen, key=seen.__getitem__)
    print(f"    {len(seen)} types; the rarest, {rarest}, in {seen[rarest]:,} values", flush=True)
    if drawn >= MANY and not seen[rarest]:
        raise FailedError(f"no value had a {rarest} in it")


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _lines(stream: IO[str] | None) -> Iterator[str]:
    return map(str.rstrip, stream or ())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=500_000, help="drawn in Python, in all")
    parser.add_argument("--cases", type=int, default=1_000_000, help="of each property in Rust")
    parser.add_argument("--seed", type=int, default=None, help="of the first batch in Python")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    began = time.monotonic()
    try:
        in_rust = rust(options.cases) if options.cases else 0
        in_python = python(options.values, seed) if options.values else 0
    except FailedError as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    minutes = (time.monotonic() - began) / 60
    print(f"==> {in_rust + in_python:,} cases in {minutes:.0f} min, and none failed:")
    print(f"    {in_rust:,} of properties in Rust, {in_python:,} round trips of values in Python")
    return 0


if __name__ == "__main__":
    sys.exit(main())
