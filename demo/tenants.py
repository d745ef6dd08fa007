"""Scene: two clinics, one cache, the same patient number."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from cachekit.testing import RawStore

from cachekit import cache

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "Two tenants, one number"
STORE: Final = "memory://demo-tenants"
NUMBER: Final = 42


def play(stage: Stage, hospital: Hospital) -> None:
    here = "none"

    @cache.secure(
        ttl="10m",
        master_key=secrets.token_hex(32),
        backend=STORE,
        l1=False,
        tenant_extractor=lambda number: here,
    )
    def patient_record(number: int) -> dict[str, Any]:
        # Each clinic counts its patients from one: number 42 is somebody else in each of them.
        offset = 1000 if here == "clinic north" else 2000
        return hospital.record(offset + number)

    store = RawStore(STORE)
    rows: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    records: dict[str, dict[str, Any]] = {}
    for clinic in ("clinic north", "clinic south"):
        here = clinic
        records[clinic] = patient_record(NUMBER)
        names[clinic] = patient_record.key(NUMBER)
        rows.append((f"{clinic}, patient {NUMBER}", records[clinic]["name"]))
        rows.append(("  in the store", stage.red(names[clinic])))
    stage.say("Both clinics call patient_record(42). Each has a key and names of its own:")
    stage.table(rows)
    stage.proved(
        "each reads its own patient", by=records["clinic north"] != records["clinic south"]
    )

    asked = hospital.asked
    again = []
    for clinic, record in records.items():
        here = clinic
        again.append(patient_record(NUMBER) == record)
    stage.proved("also from the cache", by=all(again) and hospital.asked == asked)

    north, south = (names[clinic] for clinic in records)
    store.set(north, store.get(south) or b"")
    here = "clinic north"
    answer = patient_record(NUMBER)
    stage.proved(
        "a store that hands one clinic the other's entry is refused, and the function runs",
        by=answer == records[here] and hospital.asked == asked + 1,
    )
