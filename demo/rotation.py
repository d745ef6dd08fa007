"""Scene: a new master key, without an outage."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache
from cachekit.testing import RawStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "The key is changed while the cache is full"
STORE: Final = "memory://demo-rotation"
OLD_PATIENTS: Final = range(1, 201)
NEW_PATIENTS: Final = range(201, 301)
READ_AGAIN: Final = 100
# Where an entry says which key sealed it (docs/format.md, section 4).
KEY_ID: Final = slice(4, 8)


def play(stage: Stage, hospital: Hospital) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)

    def restart(*keys: str) -> Callable[[int], dict[str, Any]]:
        """The application after a deployment with these keys: the first seals, all of them open."""
        os.environ["CACHEKIT_MASTER_KEY_ROTATION"] = ",".join(keys)
        options: dict[str, Any] = {"ttl": "10m", "backend": STORE, "name": "record", "l1": False}
        secure = cache.secure(master_key=keys[0], key_rotation_enabled=True, **options)
        return secure(hospital.record)

    def asked_for(application: Callable[[int], object], patients: Iterable[int]) -> int:
        before = hospital.asked
        for patient in patients:
            application(patient)
        return hospital.asked - before

    before = restart(old)
    asked_for(before, OLD_PATIENTS)
    _show_keys(stage, f"{len(OLD_PATIENTS)} records, and two barriers that say what was cleared:")

    during = restart(new, old)
    old_ones = asked_for(during, OLD_PATIENTS[:READ_AGAIN])
    asked_for(during, NEW_PATIENTS)
    _show_keys(
        stage,
        f"Deployed with both keys, {READ_AGAIN} old records are read, which seals them anew, and "
        f"{len(NEW_PATIENTS)} others are written:",
    )
    stage.proved("under both keys every old entry was a hit", by=old_ones == 0)

    after = restart(new)
    kept = asked_for(after, NEW_PATIENTS)
    stage.proved("with the old key gone, what the new one sealed is a hit", by=kept == 0)
    lost = asked_for(after, OLD_PATIENTS[READ_AGAIN:])
    stage.proved(
        f"what only the old key opens is a miss, {lost} times, and nothing raised",
        by=lost == len(OLD_PATIENTS) - READ_AGAIN,
    )
    del os.environ["CACHEKIT_MASTER_KEY_ROTATION"]


def _show_keys(stage: Stage, sentence: str) -> None:
    """How many entries each key id has sealed: it stands in the clear, so nobody needs a key."""
    store = RawStore(STORE)
    names = store.keys()
    found = Counter((store.get(name) or b"")[KEY_ID].hex() for name in names)
    stage.say(sentence)
    stage.table([(f"key id {key}", f"{count} blobs") for key, count in sorted(found.items())])
