"""Adds up what the test runners said, from the log of a run.

Usage: `tools/totals.py LOG`. Prints one line per runner and the sum. Exits with 1 if a runner
reported a failure, or if one that belongs to `make test` reported nothing: silence is not success.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
NEXTEST: Final = re.compile(r"Summary \[.*\] +(?P<counts>\d.*)$")
# At the start of a line: indented it is what a test printed, shown by nextest.
LIBTEST: Final = re.compile(r"^test result: \w+\. (?P<counts>\d.*?)(?:; finished.*)?$")
PYTEST: Final = re.compile(r"^=+ (?P<counts>\d.*?) in [\d.]+s.*=+$")
DOCTESTS: Final = re.compile(r"Doc-tests \w+")
VECTORS: Final = re.compile(r"^\S+\.json +(?P<agree>\d+) of +(?P<all>\d+) agree")
COUNT: Final = re.compile(r"(\d+) (passed|failed|errors?|skipped|ignored|timed out)")


@dataclass
class Total:
    """What one runner reported."""

    reported: bool = False
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, counts: str) -> None:
        self.reported = True
        for number, word in COUNT.findall(counts):
            if word == "passed":
                self.passed += int(number)
            elif word in ("skipped", "ignored"):
                self.skipped += int(number)
            else:
                self.failed += int(number)


RUNNERS: Final = ("Rust tests", "Rust doc tests", "known answers", "Python tests")


def read(log: str) -> dict[str, Total]:
    """What every runner said, all its summaries added together."""
    totals = {name: Total() for name in RUNNERS}
    in_doctests = False
    for line in map(str.rstrip, ANSI.sub("", log).splitlines()):
        in_doctests = in_doctests or DOCTESTS.search(line) is not None
        if found := NEXTEST.search(line):
            totals["Rust tests"].add(found["counts"])
        elif found := LIBTEST.search(line):
            totals["Rust doc tests" if in_doctests else "Rust tests"].add(found["counts"])
        elif found := PYTEST.search(line):
            totals["Python tests"].add(found["counts"])
        elif found := VECTORS.search(line):
            agree, known = int(found["agree"]), int(found["all"])
            totals["known answers"].add(f"{agree} passed, {known - agree} failed")
    return totals


def main() -> int:
    totals = read(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"))
    for name, total in totals.items():
        said = f"{total.passed:6} passed {total.failed:4} failed {total.skipped:4} skipped"
        print(f"{name:16}{said if total.reported else '  reported nothing'}")
    passed = sum(total.passed for total in totals.values())
    failed = sum(total.failed for total in totals.values())
    print(f"{'all':16}{passed:6} passed {failed:4} failed")
    return 0 if failed == 0 and all(total.reported for total in totals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
