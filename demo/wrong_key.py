"""Scene: the right entry, the wrong key."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from cachekit import ConfigurationError, DecryptionError, cache
from cachekit.serializers import EncryptionWrapper

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "Somebody comes with another key"
STORE: Final = "memory://demo-wrong-key"


def play(stage: Stage, hospital: Hospital) -> None:
    def patient_record(patient: int) -> dict[str, Any]:
        return hospital.record(patient)

    ours, theirs = secrets.token_hex(32), secrets.token_hex(32)
    options: dict[str, Any] = {"ttl": "10m", "backend": STORE, "name": "record", "l1": False}
    with_ours = cache.secure(master_key=ours, **options)(patient_record)
    with_theirs = cache.secure(master_key=theirs, **options)(patient_record)

    record = with_ours(7)
    stage.say("The same call looks for its entry elsewhere under another key:")
    stage.table([("our name", with_ours.key(7)), ("theirs", stage.red(with_theirs.key(7)))])
    asked = hospital.asked
    stage.proved(
        "with another key the entry is not even found, and the function runs",
        by=with_theirs(7) == record and hospital.asked == asked + 1,
    )
    sealed = EncryptionWrapper(master_key=ours).serialize(record)
    _show_refusal(stage, sealed, theirs)
    _show_bad_key(stage)


def _show_refusal(stage: Stage, sealed: bytes, key: str) -> None:
    """Opened by hand, a sealed value says why it stays shut."""
    try:
        EncryptionWrapper(master_key=key).deserialize(sealed)
    except DecryptionError as error:
        stage.say("Opened by hand:")
        stage.quote(f"DecryptionError: {error}")
        expected = "Decryption failed: authentication tag verification failed"
        stage.proved("it is an error, and says which", by=str(error).startswith(expected))
    else:
        stage.proved("another key opens nothing", by=False)


def _show_bad_key(stage: Stage) -> None:
    """A key that is none is said where the function is decorated, before any call."""
    try:
        cache.secure(ttl="10m", master_key="not hex", backend=STORE)(_nothing)
    except ConfigurationError as error:
        stage.say("And a key that is none:")
        stage.quote(f"ConfigurationError: {error}")
        stage.proved("it is refused when the program starts", by=True)
    else:
        stage.proved("a key that is none is refused", by=False)


def _nothing(patient: int) -> None:
    """Stands for a function that would have been cached."""
