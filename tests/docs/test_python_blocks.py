"""Every Python block of the documentation runs, in a process of its own."""

import os
import subprocess
import sys

import pytest
from blocks import pages, programs

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
REDIS = "redis://localhost:6379"
PROGRAMS = [program for page in pages() for program in programs(page)]


def source(parts):
    """One program, every line of which has the number it has on the page."""
    lines = []
    for block in parts:
        lines += [""] * (block.line - 1 - len(lines))
        lines += block.text.splitlines()
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("parts", "output"), PROGRAMS, ids=[str(parts[-1]) for parts, _ in PROGRAMS]
)
def test_a_python_block_runs(parts, output, tmp_path, request):
    options = frozenset().union(*(block.options for block in parts))
    program = source(parts)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CACHEKIT_") and name != "REDIS_URL"
    }
    if "key" in options:
        environment["CACHEKIT_MASTER_KEY"] = KEY
    if "redis" in options:
        address = request.getfixturevalue("redis_url").removesuffix("/0")
        program = program.replace(REDIS, address)
    path = tmp_path / parts[-1].page.with_suffix(".py").name
    path.write_text(program, "utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, f"{parts[-1]}\n{done.stderr}"
    if output is not None:
        assert done.stdout == output


def test_there_are_blocks():
    assert PROGRAMS
