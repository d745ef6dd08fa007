"""Scene: a slow query, sealed and remembered, by the next run too."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache
from demo import place

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "One decorator over a slow query"
VISITS: Final = 12_000


def play(stage: Stage, hospital: Hospital) -> None:
    stage.say(
        f"{VISITS:,} times somebody opens a patient's record. Each record is a query over the",
        "whole hospital, and the function that runs it has one decorator:",
    )
    stage.code(
        '@cache.secure(ttl="1d", master_key=key, backend=store)',
        "def patient_record(patient): ...",
    )

    # Another hospital, or another query, makes other records: those of before are not met.
    @cache.secure(
        ttl="1d", master_key=place.master_key(), backend=place.STORE, version=hospital.version
    )
    def patient_record(patient: int) -> dict[str, Any]:
        return hospital.record(patient)

    hospital.remembered = patient_record
    query = hospital.time_of_a_query()
    hits: list[int] = []
    seen: dict[int, dict[str, Any]] = {}
    known = wrong = 0
    for patient in stage.progress(hospital.visits(VISITS), VISITS, "Opening records"):
        asked, started = hospital.asked, time.perf_counter_ns()
        record = patient_record(patient)
        taken = time.perf_counter_ns() - started
        if hospital.asked == asked:
            hits.append(taken)
            known += patient not in seen
        wrong += seen.setdefault(patient, record) != record

    _report(stage, hospital, hits, query)
    stage.proved(f"{VISITS:,} records were right, remembered ones included", by=wrong == 0)
    if known:
        stage.proved(
            f"{known:,} of {len(seen):,} patients were known from the run before: its process has "
            "ended, the file in target/demo has not",
            by=all(hospital.record(patient) == seen[patient] for patient in list(seen)[:20]),
        )
    else:
        stage.proved(
            f"the database was asked once per patient: {hospital.asked:,} times for {len(seen):,}",
            by=hospital.asked == len(seen),
        )
        stage.say("The store is a file in target/demo: run this again, and it starts warm.")


def _report(stage: Stage, hospital: Hospital, hits: list[int], query: float) -> None:
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
