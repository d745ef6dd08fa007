"""Draws the demo: colour and a moving bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import shutil
import textwrap
import time
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDEST: Final = 100
NARROWEST: Final = 40
REDRAW_SECONDS: Final = 0.05

Item = TypeVar("Item")


class Stage:
    """Where a scene speaks, shows and proves. Keeps count of what was proved."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moving = out.isatty()
        self._colour = self._moving and "NO_COLOR" not in os.environ
        self._unicode = (out.encoding or "").lower().replace("-", "") == "utf8"
        self._held = 0
        self._broken = 0

    @property
    def width(self) -> int:
        """Columns to draw in: those of the window, within reason."""
        return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))

    # -- speaking ---------------------------------------------------------------------------------

    def opening(self, name: str, sentence: str) -> None:
        self.line()
        self.line(self.bold(name))
        self.say(sentence)

    def scene(self, number: int, title: str) -> None:
        rule = self._sign("─", "-") * max(0, self.width - len(title) - 6)
        self.line()
        self.line(f"{self.bold(f'{number}  {title}')}  {self.dim(rule)}")

    def say(self, *sentences: str) -> None:
        """A paragraph, wrapped to the window."""
        for row in textwrap.wrap(" ".join(sentences), self.width - 3):
            self.line(f"   {row}")

    def line(self, text: str = "") -> None:
        print(text, file=self._out)

    def code(self, *rows: str) -> None:
        """Lines of a program."""
        self.block([self.yellow(row) for row in rows])

    def quote(self, text: str) -> None:
        """What a program said, word for word but for where its lines end."""
        self.block([self.yellow(row) for row in textwrap.wrap(text, self.width - 7)])

    def block(self, rows: Sequence[str]) -> None:
        """Lines as they are, indented and set apart."""
        self.line()
        for row in rows:
            self.line(f"     {row}")
        self.line()

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Labels on the left, what they stand for on the right."""
        widest = max(len(label) for label, _ in rows)
        self.block([f"{self.dim(label.ljust(widest))}  {value}" for label, value in rows])

    # -- proving ----------------------------------------------------------------------------------

    def proved(self, claim: str, *, by: bool) -> None:
        """States a claim together with whether it held just now."""
        if by:
            self._held += 1
            mark = self.green(self._sign("✓", "ok"))
        else:
            self._broken += 1
            mark = self.red(self._sign("✗", "NOT SO"))
        first, *rest = textwrap.wrap(claim, self.width - 7) or [""]
        self.line(f"   {mark} {first}")
        for row in rest:
            self.line(f"     {row}")

    def closing(self, seconds: float) -> int:
        """The tally. Returns the exit code."""
        self.line()
        if self._broken:
            claims = self._held + self._broken
            self.line(self.red(f"   {self._broken} of {claims} claims did not hold."))
            return 1
        self.line(f"   {self.green(f'{self._held} claims, all of them checked as you read them')}")
        self.say(f"in {seconds:.0f} seconds. Next: README.md, or `make test` for all the others.")
        self.line()
        return 0

    # -- the long part ----------------------------------------------------------------------------

    def progress(self, items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
        """Passes the items on, and shows how far they are."""
        if not self._moving:
            self.line(f"   {label} ...")
            yield from items
            return
        drawn = 0.0
        for done, item in enumerate(items):
            now = time.monotonic()
            if now - drawn >= REDRAW_SECONDS:
                drawn = now
                self._bar(label, done, total)
            yield item
        self._out.write("\r\033[K")
        self._out.flush()

    def _bar(self, label: str, done: int, total: int) -> None:
        room = max(10, min(40, self.width - len(label) - 18))
        full = room * done // max(1, total)
        bar = self._sign("━", "#") * full + self.dim(self._sign("━", ".") * (room - full))
        self._out.write(f"\r   {label}  {bar}  {100 * done // max(1, total):3} %")
        self._out.flush()

    # -- colour -----------------------------------------------------------------------------------

    def bold(self, text: str) -> str:
        return self._styled("1", text)

    def dim(self, text: str) -> str:
        return self._styled("2", text)

    def green(self, text: str) -> str:
        return self._styled("32", text)

    def red(self, text: str) -> str:
        return self._styled("31", text)

    def yellow(self, text: str) -> str:
        return self._styled("33", text)

    def _styled(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def _sign(self, sign: str, plain: str) -> str:
        return sign if self._unicode else plain
