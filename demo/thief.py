"""Scene: what whoever steals the store has, beside what the application has."""

from __future__ import annotations

import base64
import itertools
import json
from typing import TYPE_CHECKING, Any, Final

from cachekit import cache
from cachekit.testing import RawStore
from demo import place

if TYPE_CHECKING:
    from demo.hospital import Hospital
    from demo.terminal import Stage

TITLE: Final = "What a thief of the store sees"
PLAIN: Final = "memory://demo-plain"
SEARCHED_PATIENTS: Final = 300


def play(stage: Stage, hospital: Hospital) -> None:
    @cache(ttl="10m", backend=PLAIN, l1=False)
    def patient_record(patient: int) -> dict[str, Any]:
        return hospital.record(patient)

    patient = next(hospital.visits(1))
    record = patient_record(patient)
    sealed, plain = hospital.remembered, RawStore(PLAIN)
    if sealed is None:
        return

    stage.say("The application sees a record:")
    _show_record(stage, record)
    stage.say("Cached without encryption, whoever reads the store sees it as well:")
    _show_entry(stage, plain, _largest(plain))
    stage.say("With @cache.secure, this is the same record's entry, from the scene before:")
    _show_entry(stage, RawStore(place.STORE), sealed.key(patient))
    stage.say("and these are names of others. Which patient? Which function? Which tenant?")
    others = set(hospital.visits(6)) - {patient}
    stage.block([stage.red(name) for name in sorted(map(sealed.key, others))[:4]])

    stolen = place.FILE.read_bytes()
    words = _words(hospital)
    found = sum(spelling in stolen for word in words for spelling in spellings(word))
    stage.proved(
        f"of {len(words):,} names, numbers and diagnoses, looked for raw, in hex and in base64 in "
        f"the whole file of {len(stolen):,} bytes, {found} were found",
        by=found == 0,
    )
    stage.proved(
        "the same search finds the patient in the plain store: it can find",
        by=record["ssn"].encode() in _dump(plain),
    )


def _show_record(stage: Stage, record: dict[str, Any]) -> None:
    fields = [(field, json.dumps(record[field])) for field in ("name", "born", "ssn")]
    fields += [("diagnosis", title) for _, title, _ in record["diagnoses"]]
    stage.table(fields)


def _show_entry(stage: Stage, store: RawStore, name: str) -> None:
    """One entry as `redis-cli` or a dump would show it: its name, then the first rows of bytes."""
    entry = store.get(name) or b""
    rows = [f"{stage.red(name)}  {stage.dim(f'{len(entry)} bytes')}"]
    # A row is an offset, three columns a byte and the text: half as many bytes on a narrow window.
    width = 16 if stage.width >= 80 else 8
    for start in range(0, 6 * width, width):
        row = entry[start : start + width]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows.append(
            f"{stage.dim(f'{start:04x}')}  {row.hex(' ').ljust(3 * width)} {stage.red(text)}"
        )
    stage.block(rows)


def _largest(store: RawStore) -> str:
    return max(store.keys(), key=lambda name: (len(store.get(name) or b""), name))


def _dump(store: RawStore) -> bytes:
    names = store.keys()
    return b"".join(name.encode() + (store.get(name) or b"") for name in names)


def _words(hospital: Hospital) -> set[str]:
    """What nobody may read: names, numbers and diagnoses of the patients opened most recently."""
    ask = hospital.connection.execute
    opened = set(itertools.islice(dict.fromkeys(hospital.visits(12_000)), SEARCHED_PATIENTS))
    words = {row[0] for row in ask("SELECT DISTINCT title FROM diagnoses")}
    for patient, name, ssn in ask("SELECT id, name, ssn FROM patients"):
        if patient in opened:
            words |= {name, ssn}
    return words


def spellings(word: str) -> set[bytes]:
    """The word raw, in hex, and in base64 at each of the three places it can start."""
    raw = word.encode()
    found = {raw, raw.hex().encode()}
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + raw)
        # The characters at either end also depend on the neighbours of the word.
        found.add(encoded[0 if shift == 0 else 4 : (shift + len(raw)) // 3 * 4])
    return found
