"""Scene: two clinics, one cache, the same patient number."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache
from cachekit.testing import RawStore

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "Two tenants, one number"
STORE: Final = "memory://demo-tenants"
NUMBER: Final = 42


# Where each clinic's patients start in the database: both count their own from one.
CLINICS: Final = {"clinic north": 1000, "clinic south": 2000}
# Whose request this is. A web application would set it once per request.
clinic: Final[ContextVar[str]] = ContextVar("clinic")


def current_clinic(number: int) -> str:
    return clinic.get()


def play(stage: Stage, hospital: Hospital) -> None:
    @cache.secure(
        ttl="10m",
        master_key=secrets.token_hex(32),
        backend=STORE,
        l1=False,
        tenant_extractor=current_clinic,
    )
    def patient_record(number: int) -> dict[str, Any]:
        return hospital.record(CLINICS[clinic.get()] + number)

    rows: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    records: dict[str, dict[str, Any]] = {}
    for name in CLINICS:
        clinic.set(name)
        records[name] = patient_record(NUMBER)
        names[name] = patient_record.key(NUMBER)
        rows.append((f"{name}, patient {NUMBER}", str(records[name]["name"])))
        rows.append(("  in the store", stage.red(names[name])))
    stage.say(f"Both call patient_record({NUMBER}). Each has a key and names of its own:")
    stage.table(rows)
    north, south = CLINICS
    stage.proved("each reads its own patient", by=records[north] != records[south])

    asked, right = hospital.asked, 0
    for name, record in records.items():
        clinic.set(name)
        right += patient_record(NUMBER) == record
    stage.proved("also from the cache", by=right == len(CLINICS) and hospital.asked == asked)

    store = RawStore(STORE)
    store.set(names[north], store.get(names[south]) or b"")
    clinic.set(north)
    answer = patient_record(NUMBER)
    stage.proved(
        "a store that hands one clinic the other's entry is refused, and the function runs",
        by=answer == records[north] and hospital.asked == asked + 1,
    )
