"""Runs the tests of the Python package with the interpreters and libraries that it promises.

Usage: `tools/compatibility.py [NAME...]`. Each set has an environment of its own in target/compat,
with the newest wheel of target/wheels. At the end it says what ran, with which versions, and what
was not tried for want of an interpreter. Exits with 1 if a run failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
HOME: Final = ROOT / "target" / "compat"
WHEELS: Final = ROOT / "target" / "wheels"
LOG: Final = "run.log"

RUNNERS: Final = ("pytest>=9", "hypothesis", "pytest-timeout", "redis", "cryptography")
CACHED: Final = ("attrs", "msgspec", "ormsgpack", "orjson", "pydantic", "tzdata")
FRAMES: Final = ("numpy", "pandas", "pyarrow", "polars")
"""Of these the versions are told; unpinned, the newest that exist for the interpreter."""

OLDEST: Final = ("numpy==1.26.*", "pandas==2.1.*", "pyarrow==15.*", "polars==1.0.*")
"""The lower bounds of pyproject.toml, with the NumPy of their time."""

# It compiles an example in Rust, which no version of Python has a part in.
NOT_OURS: Final = "tests/promises/test_shared_entries.py"
TESTS: Final = ("tests/python", "tests/promises", "--ignore", NOT_OURS)
SUMMARY: Final = re.compile(r"=+ (?P<counts>\d.*?) in [\d.]+s.*=+$")


@dataclass(frozen=True)
class Promise:
    """An interpreter and libraries that pyproject.toml says we work with."""

    name: str
    python: str
    pins: tuple[str, ...] = FRAMES


PROMISES: Final = (
    Promise("python3.10", "3.10"),
    Promise("oldest-frames", "3.11", OLDEST),
    Promise("pandas2", "3.11", ("numpy", "pandas==2.3.*", "pyarrow", "polars")),
    Promise("python3.12", "3.12"),
    Promise("python3.13", "3.13"),
)


@dataclass(frozen=True)
class Outcome:
    """What is to be said of one promise."""

    promise: Promise
    said: str
    held: bool = True
    versions: str = ""

    def __str__(self) -> str:
        words = (f"{self.promise.name:14}", self.said, self.versions)
        return "  ".join(word for word in words if word)


def interpreter(version: str) -> Path | None:
    """The interpreter of a version: on PATH, or where pyenv has it; one that starts."""
    on_path = shutil.which(f"python{version}")
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    found = [*([Path(on_path)] if on_path else []), *reversed(kept)]
    return next((each for each in found if _starts(each, version)), None)


def _starts(program: Path, version: str) -> bool:
    """A shim of pyenv may stand on PATH for a version that is not chosen."""
    ask = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([program, "-c", ask], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def newest_wheel() -> Path:
    wheels = sorted(WHEELS.glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    if not wheels:
        sys.exit(f"no wheel in {WHEELS.relative_to(ROOT)}: `make demo` or `make test` builds it")
    return wheels[-1]


def prepare(promise: Promise, program: Path, wheel: Path) -> Path:
    """An environment with all that the promise says; made anew, so that nothing is left over."""
    place = HOME / promise.name
    subprocess.run([program, "-m", "venv", "--clear", place], check=True)
    python = place / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *RUNNERS, *CACHED, *promise.pins, str(wheel)], check=True)
    return python


def versions(python: Path) -> str:
    names = ", ".join(repr(name) for name in FRAMES)
    ask = (
        "import platform, importlib.metadata as all; "
        f"told = [f'{{name}} {{all.version(name)}}' for name in ({names})]; "
        "print(', '.join(['Python ' + platform.python_version(), *told]))"
    )
    done = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def run(promise: Promise, wheel: Path) -> Outcome:
    program = interpreter(promise.python)
    if program is None:
        return Outcome(promise, f"not tried: there is no Python {promise.python}")
    print(f"==> {promise.name}: {promise.python}, {', '.join(promise.pins)}", flush=True)
    try:
        python = prepare(promise, program, wheel)
    except subprocess.CalledProcessError:
        return Outcome(promise, "FAILED: what it needs could not be installed", held=False)
    log = HOME / promise.name / LOG
    pytest = [str(python), "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("w") as sink:
        done = subprocess.run(
            pytest, cwd=ROOT, env=own, stdout=sink, stderr=subprocess.STDOUT, check=False
        )
    lines = log.read_text(errors="replace").splitlines()
    for line in lines:
        if line.startswith(("FAILED", "ERROR")):
            print(line)
    counts = next(filter(None, map(SUMMARY.match, reversed(lines))), None)
    said = counts["counts"] if counts else "no summary"
    held = done.returncode == 0 and counts is not None
    if not held:
        said = f"FAILED: {said}, see {log.relative_to(ROOT)}"
    return Outcome(promise, said, held=held, versions=versions(python))


def main(names: list[str]) -> int:
    unknown = set(names) - {promise.name for promise in PROMISES}
    if unknown:
        sys.exit(f"no such set: {', '.join(sorted(unknown))}")
    wheel = newest_wheel()
    chosen = [promise for promise in PROMISES if not names or promise.name in names]
    outcomes = [run(promise, wheel) for promise in chosen]
    print(f"\nWith {wheel.name}:")
    for outcome in outcomes:
        print(outcome)
    return 0 if all(outcome.held for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
