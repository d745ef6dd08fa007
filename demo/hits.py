"""Scene: a slow query, sealed and remembered."""

from __future__ import annotations

import secrets
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "One decorator over a slow query"
VISITS: Final = 12_000
STORE: Final = "memory://demo"


def play(stage: Stage, hospital: Hospital) -> None:
    stage.say(
        f"{VISITS:,} times somebody opens a patient's record. Each record is a query over the",
        "whole hospital, and the function that runs it has one decorator:",
    )
    stage.code(
        '@cache.secure(ttl="10m", master_key=key, backend="memory://demo")',
        "def patient_record(patient): ...",
    )

    @cache.secure(ttl="10m", master_key=secrets.token_hex(32), backend=STORE)
    def patient_record(patient: int) -> dict[str, Any]:
        return hospital.record(patient)

    hits: list[int] = []
    seen: dict[int, dict[str, Any]] = {}
    wrong = 0
    for patient in stage.progress(hospital.visits(VISITS), VISITS, "Opening records"):
        asked, started = hospital.asked, time.perf_counter_ns()
        record = patient_record(patient)
        taken = time.perf_counter_ns() - started
        if hospital.asked == asked:
            hits.append(taken)
        wrong += seen.setdefault(patient, record) != record

    _report(stage, hospital, hits)
    stage.proved(f"{VISITS:,} records were right, remembered ones included", by=wrong == 0)
    stage.proved(
        f"the database was asked once per patient: {hospital.asked:,} times for {len(seen):,}",
        by=hospital.asked == len(seen),
    )


def _report(stage: Stage, hospital: Hospital, hits: list[int]) -> None:
    query = hospital.nanoseconds / hospital.asked
    hit = statistics.median(hits)
    spent = (hospital.nanoseconds + sum(hits)) / 1e9
    stage.table(
        [
            ("hit rate", f"{100 * len(hits) / VISITS:.1f} %"),
            ("the query", f"{query / 1e6:.2f} ms"),
            ("a sealed hit, opened", f"{hit / 1e3:.1f} µs (median), {query / hit:,.0f} x quicker"),
            ("all together", f"{spent:.1f} s instead of {query * VISITS / 1e9:.0f} s"),
        ]
    )
