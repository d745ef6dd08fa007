"""Scene: a store that changes what it holds."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache
from cachekit.testing import RawStore

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "One bit is changed in the store"
STORE: Final = "memory://demo-tampering"
# An entry starts with a header of 36 bytes; the first 8 say which format and which key.
KEY_ID_ENDS: Final = 8
HEADER_ENDS: Final = 36
VICTIM: Final = 1
OTHER: Final = 2


def play(stage: Stage, hospital: Hospital) -> None:
    # Without the process's own copy, so that every call reads the store and meets the change.
    @cache.secure(ttl="10m", master_key=secrets.token_hex(32), backend=STORE, l1=False)
    def patient_record(patient: int) -> dict[str, Any]:
        return hospital.record(patient)

    truth, other = patient_record(VICTIM), patient_record(OTHER)
    store = RawStore(STORE)
    name, elsewhere = patient_record.key(VICTIM), patient_record.key(OTHER)
    entry = store.get(name) or b""

    middle = len(entry) // 2
    changed = bytearray(entry)
    changed[middle] ^= 1
    stage.say(f"Byte {middle} of an entry, before and after the store changed one bit of it:")
    stage.table(
        [
            ("before", entry[middle - 4 : middle + 4].hex(" ")),
            ("after", bytes(changed[middle - 4 : middle + 4]).hex(" ")),
        ]
    )
    attempts = {
        "a flipped bit": bytes(changed),
        "half an entry": entry[:middle],
        "another patient's entry under this name": store.get(elsewhere) or b"",
        "a forged header": entry[:KEY_ID_ENDS] + secrets.token_bytes(28) + entry[HEADER_ENDS:],
    }
    for attempt, forged in attempts.items():
        asked = hospital.asked
        store.set(name, forged)
        answer = patient_record(VICTIM)
        stage.proved(
            f"{attempt}: refused, the function ran, the record is right",
            by=answer == truth and hospital.asked == asked + 1,
        )
    refused = sum(patient_record.cache_info().refused.values())
    stage.proved(f"each of the {len(attempts)} was counted: {refused}", by=refused == len(attempts))
    asked = hospital.asked
    stage.proved(
        "the entry was mended: the next call is a hit again",
        by=patient_record(VICTIM) == truth
        and patient_record(OTHER) == other
        and hospital.asked == asked,
    )
