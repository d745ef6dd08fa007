"""The Rust benches, quickly: criterion's in the crates, and ours beside the peer crates."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# criterion: `seal/200 B   time:   [238.1 ns 240.3 ns 243.9 ns]`, the middle one being its estimate.
LINE: Final = re.compile(r"^(?P<name>\S.*?)?\s+time:\s+\[\S+ \S+ (?P<time>\S+) (?P<unit>\S+) ")
MICROSECONDS: Final = {"ps": 1e-6, "ns": 1e-3, "µs": 1.0, "us": 1.0, "ms": 1e3, "s": 1e6}


def measure(root: Path) -> dict[str, float]:
    """Microseconds by the name of the bench."""
    quick = ["--", "--quick", "--noplot"]
    found = _run(root, ["cargo", "bench", "--profile", "fast", "--locked", "--benches", *quick])
    peers = root / "benches" / "peers"
    target = ["--target-dir", str(root / "target" / "peers")]
    found |= _run(peers, ["cargo", "bench", "--locked", *target, *quick])
    return found


def _run(folder: Path, command: list[str]) -> dict[str, float]:
    said = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
    return read(said)


def read(said: str) -> dict[str, float]:
    """criterion's estimates. A long name stands on a line of its own, before its time."""
    found: dict[str, float] = {}
    before = ""
    for line in said.splitlines():
        if match := LINE.match(line):
            name = (match["name"] or before).strip()
            found[name] = float(match["time"]) * MICROSECONDS[match["unit"]]
        before = line
    return found
