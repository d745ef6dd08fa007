"""Finds the code blocks of the documentation, and what their author says about running them.

A comment right above a block, which no reader of the rendered page sees, may say more:

    <!-- run: key -->         with a CACHEKIT_MASTER_KEY in the environment
    <!-- run: redis -->       redis://localhost:6379 is a real, empty Redis
    <!-- run: continues -->   together with the Python blocks above it, as one program
    <!-- output -->           this block is what the one above it prints
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[\w+-]*)")
COMMENT = re.compile(r"^\s*<!-- (?P<word>run|output)(?:: (?P<options>[a-z ]+))? -->\s*$")
OPTIONS = {"key", "redis", "continues"}


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int  # of its first line of code, from 1
    language: str
    text: str
    options: frozenset
    is_output: bool

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages():
    """Every page that a reader may open."""
    at_the_top = sorted(ROOT.glob("*.md"))
    return at_the_top + sorted(p for p in (ROOT / "docs").rglob("*.md") if "book" not in p.parts)


def blocks(page):
    """The blocks of one page, in order."""
    found = []
    lines = iter(enumerate(page.read_text("utf-8").splitlines(), start=1))
    options, is_output = frozenset(), False
    for number, line in lines:
        if comment := COMMENT.match(line):
            options = frozenset((comment["options"] or "").split())
            is_output = comment["word"] == "output"
            assert options <= OPTIONS, f"{page}:{number}: unknown options {options - OPTIONS}"
        elif fence := FENCE.match(line):
            body = _body(lines, fence)
            language = fence["language"] or "text"
            found.append(Block(page, number + 1, language, body, options, is_output))
            options, is_output = frozenset(), False
        elif line.strip():
            options, is_output = frozenset(), False
    return found


def _body(lines, fence):
    body = []
    for _, line in lines:
        if line.strip() == fence["fence"]:
            return "".join(f"{row}\n" for row in body)
        body.append(line.removeprefix(fence["indent"]))
    raise AssertionError("a fence that is never closed")


def programs(page):
    """The Python programs of one page: a block, those it continues, and what it prints."""
    found = []
    for block in blocks(page):
        if block.language == "python":
            before = found[-1][0] if "continues" in block.options and found else []
            found.append(([*before, block], None))
        elif block.is_output and found:
            found[-1] = (found[-1][0], block.text)
    return found
