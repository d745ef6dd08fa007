"""One run of everything: prints a table, or with `--json` one JSON document."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benches import imports, rust
from benches.placement import place
from benches.process import Process
from benches.report import Report
from benches.rows import ADDED, ROWS, STRUCT_HIT, Added, Row, Times
from tools.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT: Final = Path(__file__).resolve().parent.parent
OURS: Final = ROOT / ".venv" / "bin" / "python"
PEERS: Final = ROOT / ".rival" / "bin" / "python"
CONTESTANTS: Final = (
    (OURS, "ours"),
    (PEERS, "pypi"),
    (PEERS, "boxed"),
    (PEERS, "by_hand"),
    (PEERS, "packed"),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--rounds", type=int, default=8, help="turns that each contestant takes")
    parser.add_argument("--no-rust", action="store_true", help="leave out the Rust benches")
    return parser.parse_args()


def take_turns(players: Mapping[str, Callable[[], list[float]]], rounds: int) -> list[Times]:
    """Everybody measures once per round."""
    taken: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(rounds):
        for name, measure in players.items():
            taken[name] += measure()
    return [Times.of(name, nanoseconds) for name, nanoseconds in taken.items()]


def play(row: Row, contestants: list[Process], rounds: int) -> list[Times]:
    """Everybody who can play this row."""
    players = {
        contestant.name: partial(contestant.measure, row.case, row.calls, row.samples)
        for contestant in contestants
        if row.case in contestant.cases
    }
    return take_turns(players, rounds)


def play_added(added: Added, ours: Process, rounds: int) -> list[Times]:
    """The plain round trip and the sealed one, against each other."""
    players = {
        case: partial(ours.measure, case, added.calls, added.samples)
        for case in (added.plain, added.sealed)
    }
    return take_turns(players, rounds)


def machine() -> str:
    """What this ran on, for the reader of the table."""
    said = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    fields = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    cores = fields.get("CPU(s)", "?").strip()
    return f"{fields.get('Model name', 'unknown processor').strip()}, {cores} cores"


def main() -> None:
    options = arguments()
    report = Report(sys.stderr if options.json else sys.stdout)
    results: dict[str, Any] = {"machine": machine(), "rows": {}}
    report.opening(results["machine"])
    with RedisServer() as server:
        contestants = [
            Process.of_python(interpreter, name, server.url) for interpreter, name in CONTESTANTS
        ]
        floor = rust.redis_floor(ROOT)
        contestants.append(Process([floor, server.url]))
        contestants.append(Process([floor, server.url, "blocking"]))
        for row in ROWS:
            place(server.pid, (contestant.pid for contestant in contestants), row.placement)
            measured = play(row, contestants, options.rounds)
            report.row(row, measured)
            results["rows"][row.key] = [asdict(times) for times in measured]
        for added in ADDED:
            measured = play_added(added, contestants[0], options.rounds)
            report.added(added, measured)
            results["rows"][added.title] = [asdict(times) for times in measured]
        for contestant in contestants:
            contestant.close()
    results["import"] = imports.measure(OURS, PEERS)
    report.imports(results["import"])
    if not options.no_rust:
        hits = rust.beside_peers(ROOT)
        report.row(STRUCT_HIT, hits)
        estimates = rust.inside(ROOT)
        report.rust(estimates)
        results["rust"] = {"hits": [asdict(times) for times in hits], "criterion": estimates}
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
