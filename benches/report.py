"""Prints what was measured, as it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benches.rows import Added, Row, Times

OURS: Final = ("cachekit, this tree", "cachekit, sealed")
FLOOR: Final = "redis-rs, bare"
IMPORT_AIM: Final = 30.0


class Report:
    """A table for people. Medians; the ratio is to ours."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def opening(self, machine: str) -> None:
        self._line(machine)
        self._line("Medians and 95th percentiles per call; contestants take turns.")

    def row(self, row: Row, all_times: Sequence[Times]) -> None:
        by_name = {times.contestant: times for times in all_times}
        ours = _ours(all_times)
        self._line()
        where = "" if FLOOR not in by_name else f", {row.placement.value}"
        self._line(f"{row.title}{where}{_aim(row, ours, by_name)}")
        for times in all_times:
            ratio = "" if times is ours else f"{times.median / ours.median:8.2f} x ours"
            self._line(self._times(times) + ratio)

    def added(self, added: Added, all_times: Sequence[Times]) -> None:
        """What sealing adds, as the difference of two medians."""
        plain, sealed = (times.median for times in all_times)
        self._line()
        self._line(f"{added.title}   aim: sealing adds {added.aim}")
        for times in all_times:
            self._line(self._times(times))
        difference = f"{sealed - plain:+.2f} µs, {100 * (sealed - plain) / plain:+.1f} %"
        self._line(f"  {'sealing adds':28}{difference}")

    def imports(self, milliseconds: Mapping[str, float]) -> None:
        self._line()
        self._line(f"import cachekit   aim <= {IMPORT_AIM:.0f} ms")
        for name, taken in milliseconds.items():
            self._line(f"  {name:28}{taken:10.1f} ms")

    def rust(self, microseconds: Mapping[str, float]) -> None:
        self._line()
        self._line("Rust (criterion, quick)")
        for name, taken in microseconds.items():
            self._line(f"  {name:48}{taken:10.3f} µs")

    def _times(self, times: Times) -> str:
        return f"  {times.contestant:28}{times.median:10.2f} µs   p95 {times.p95:9.2f} µs"

    def _line(self, text: str = "") -> None:
        print(text, file=self._out, flush=True)


def _ours(all_times: Sequence[Times]) -> Times:
    return next(times for times in all_times if times.contestant in OURS)


def _aim(row: Row, ours: Times, by_name: Mapping[str, Times]) -> str:
    if row.aim is None:
        return ""
    floor = by_name[FLOOR].median if FLOOR in by_name else 0.0
    aim = row.aim(floor)
    mark = "met" if ours.median <= aim else "missed"
    return f"   aim <= {aim:.2f} µs: {mark}"
