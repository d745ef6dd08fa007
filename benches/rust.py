"""The Rust benches, quickly: criterion's in the crates, and ours beside the peer crates."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

from benches.rows import Times

if TYPE_CHECKING:
    from pathlib import Path

# criterion: `seal/200 B   time:   [238.1 ns 240.3 ns 243.9 ns]`, the middle one being its estimate.
LINE: Final = re.compile(
    r"^(?P<name>\S.*?)?\s+time:\s+\[[\d.]+ \S+ (?P<time>[\d.]+) (?P<unit>[pnµum]?s) "
)
MICROSECONDS: Final = {"ps": 1e-6, "ns": 1e-3, "µs": 1.0, "us": 1.0, "ms": 1e3, "s": 1e6}


def redis_floor(root: Path) -> Path:
    """Builds the contestant that only asks and waits."""
    command = ["cargo", "build", "--release", "--quiet", "--bin", "redis-floor"]
    _run(root / "benches" / "peers", [*command, "--target-dir", str(root / "target")])
    return root / "target" / "release" / "redis-floor"


def beside_peers(root: Path) -> list[Times]:
    """A hit in the process on a six-field struct: ours, then the peer crates."""
    command = ["cargo", "run", "--release", "--quiet"]
    command += ["--target-dir", str(root / "target")]
    taken: dict[str, list[float]] = json.loads(_run(root / "benches" / "peers", command))
    return [Times.of(name, nanoseconds) for name, nanoseconds in taken.items()]


def inside(root: Path) -> dict[str, float]:
    """criterion's estimates for our crates, in microseconds by the name of the bench."""
    names = _benches(root)
    if not names:
        return {}
    command = ["cargo", "bench", "--locked"]
    command += [part for name in names for part in ("--bench", name)]
    return read(_run(root, [*command, "--", "--quick", "--noplot"]))


def read(said: str) -> dict[str, float]:
    """A long name stands on a line of its own, before its time."""
    found: dict[str, float] = {}
    before = ""
    for line in said.splitlines():
        if match := LINE.match(line):
            name: str = (match["name"] or before).strip()
            found[name] = float(match["time"]) * MICROSECONDS[match["unit"]]
        before = line
    return found


def _benches(root: Path) -> list[str]:
    said = _run(root, ["cargo", "metadata", "--format-version", "1", "--no-deps"])
    packages: list[dict[str, Any]] = json.loads(said)["packages"]
    targets: list[dict[str, Any]] = [t for package in packages for t in package["targets"]]
    return sorted(target["name"] for target in targets if "bench" in target["kind"])


def _run(folder: Path, command: list[str]) -> str:
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
