"""Holds the arrows between the crates: who may know about whom.

Reads `cargo metadata`; exits with 1 and one line per arrow that is not in the table.
Run by `make arrows` and in `make test`. The reasons stand in ARCHITECTURE.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ALLOWED: Final[dict[str, set[str]]] = {
    "cachekit-process": set(),
    "cachekit-codec": set(),
    "cachekit-macros": set(),
    "cachekit-seal": {"cachekit-process"},
    "cachekit-store": {"cachekit-process"},
    "cachekit-engine": {"cachekit-process", "cachekit-seal", "cachekit-codec", "cachekit-store"},
    "cachekit-sealed": {"cachekit-engine", "cachekit-macros"},
    "cachekit-conformance": {"cachekit-process", "cachekit-store"},
    "cachekit-python": {"cachekit-conformance", "cachekit-sealed"},
    "cachekit-server": {"cachekit-process", "cachekit-store"},
    "cachekit-cli": set(),
    "cachekit-testkit": {"cachekit-conformance", "cachekit-process", "cachekit-store"},
}

# Tests and benches of any crate may use these as well, and the crate itself with other features;
# no shipped code may.
FOR_TESTS: Final = {"cachekit-conformance", "cachekit-testkit"}

# What a macro emits compiles against the facade alone, so that is where its tests look at it.
TESTED_THROUGH: Final = {"cachekit-macros": {"cachekit-sealed"}}

# Whatever is reached from the left, at any distance, must not be on the right. A server that does
# not link the sealing code cannot open an entry, whatever else is wrong with it. The store crate
# stands here because it is all that a server is made of.
NEVER_LINKS: Final[dict[str, set[str]]] = {
    "cachekit-server": {"cachekit-seal", "cachekit-codec", "cachekit-engine", "cachekit-sealed"},
    "cachekit-store": {"cachekit-seal"},
    "cachekit-codec": {"cachekit-seal", "cachekit-store"},
}

Edges = dict[str, dict[str, set[str]]]


def metadata() -> dict[str, Any]:
    root = Path(__file__).resolve().parent.parent
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    printed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    loaded: dict[str, Any] = json.loads(printed)
    return loaded


def edges(workspace: dict[str, Any]) -> Edges:
    """For every crate of ours, the crates of ours it names, by kind of dependency."""
    ours = {package["name"] for package in workspace["packages"]}
    found: Edges = {}
    for package in workspace["packages"]:
        kinds: dict[str, set[str]] = {"normal": set(), "build": set(), "dev": set()}
        for dependency in package["dependencies"]:
            if dependency["name"] in ours:
                kinds[dependency["kind"] or "normal"].add(dependency["name"])
        found[package["name"]] = kinds
    return found


def forbidden(found: Edges) -> list[str]:
    """Arrows that are not in the table, one sentence each."""
    faults: list[str] = []
    for crate, kinds in sorted(found.items()):
        if crate not in ALLOWED:
            faults.append(f"{crate} is not in the table: say in tools/arrows.py what it may import")
            continue
        shipped = (kinds["normal"] | kinds["build"]) - ALLOWED[crate]
        tested = kinds["dev"] - ALLOWED[crate] - FOR_TESTS - TESTED_THROUGH.get(crate, {crate})
        faults += [f"{crate} -> {other} is not an allowed arrow" for other in sorted(shipped)]
        faults += [f"{crate} -> {other} is not allowed, even in tests" for other in sorted(tested)]
    return faults


def reached(found: Edges, start: str) -> set[str]:
    """Everything of ours that is linked when `start` is."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        kinds = found.get(waiting.pop(), {})
        fresh = (kinds.get("normal", set()) | kinds.get("build", set())) - seen
        seen |= fresh
        waiting += fresh
    return seen


def leaks(found: Edges) -> list[str]:
    return [
        f"{crate} links {other}, which it must never do"
        for crate, banned in NEVER_LINKS.items()
        for other in sorted(reached(found, crate) & banned)
    ]


def main() -> int:
    found = edges(metadata())
    faults = forbidden(found) + leaks(found)
    for fault in faults:
        print(f"arrows: {fault}", file=sys.stderr)
    if not faults:
        print(f"arrows: {len(found)} crates, every arrow allowed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
