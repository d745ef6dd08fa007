"""The data source: a SQLite file of generated patients, and the query the application needs.

Nobody in it is real. The same seed makes the same hospital, so that a claim can be checked again.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachekit.typing import Cached
    from demo.terminal import Stage

PATIENTS: Final = 4000
SAMPLED: Final = 25
SEED: Final = 20260101

GIVEN: Final = tuple(
    """
Ada Amara Anneke Bela Bruno Carla Chidi Dalia Dario Elif Emil Farah Femi Greta Hana Ines Ivo Jana
Jonas Kofi Lena Levi Mads Mei Milan Nadia Nils Noor Olga Omar Petra Priya Rafa Rosa Sami Selma
Tariq Tessa Uma Viggo Wanda Yara Yusuf Zoe
""".split()  # noqa: SIM905 - read as a list of names
)
FAMILY: Final = tuple(
    """
Adeyemi Albers Bakker Banerjee Bergholm Castellan Cerny Dahlgren Dragan Eriksen Fontaine Goren
Haddad Hofmeister Ibarra Jansdottir Kowalke Lindqvist Marchetti Moreau Nakagawa Novotny Okonjo
Oyelaran Petrosyan Quispe Rahimi Rosenthal Santoro Sorensen Tanaka Ullmann Varga Wiesner Yildiz
Zeman
""".split()  # noqa: SIM905
)
DIAGNOSES: Final = (
    ("E11.9", "Type 2 diabetes mellitus"),
    ("I10", "Essential hypertension"),
    ("J45.20", "Mild intermittent asthma"),
    ("F33.1", "Recurrent depressive disorder"),
    ("B20", "HIV disease"),
    ("C50.911", "Malignant neoplasm of breast"),
    ("N18.3", "Chronic kidney disease, stage 3"),
    ("G40.909", "Epilepsy"),
)
DRUGS: Final = ("metformin", "lisinopril", "salbutamol", "sertraline", "dolutegravir", "tamoxifen")
TESTS: Final = ("HbA1c", "creatinine", "LDL")

SCHEMA: Final = """
CREATE TABLE patients (id INTEGER PRIMARY KEY, name TEXT, born TEXT, ssn TEXT, decade INTEGER);
CREATE TABLE diagnoses (patient INTEGER, code TEXT, title TEXT, since TEXT);
CREATE TABLE prescriptions (patient INTEGER, drug TEXT, milligrams INTEGER);
CREATE TABLE labs (patient INTEGER, decade INTEGER, test TEXT, value REAL);
CREATE INDEX diagnoses_of ON diagnoses (patient);
CREATE INDEX prescriptions_of ON prescriptions (patient);
CREATE INDEX labs_of ON labs (patient);
"""

# What makes the source worth caching: a rank among everyone of the same age, over the whole table.
RANK: Final = """
SELECT avg(value < (SELECT max(value) FROM labs WHERE patient = :id AND test = :test))
FROM labs WHERE test = :test AND decade = :decade
"""


@dataclass
class Hospital:
    """The database, and how often and for how long it was asked."""

    connection: sqlite3.Connection
    asked: int = 0
    nanoseconds: int = 0
    # `record`, as the first scene decorated it.
    remembered: Cached[[int], dict[str, Any]] | None = None

    @classmethod
    def build(cls, path: Path, stage: Stage) -> Hospital:
        """Writes the database file and opens it."""
        connection = sqlite3.connect(path)
        connection.executescript(SCHEMA)
        chance = random.Random(SEED)
        stage.line()
        patients = range(1, PATIENTS + 1)
        for patient in stage.progress(patients, PATIENTS, f"Admitting {PATIENTS} patients"):
            _admit(connection, chance, patient)
        connection.commit()
        return cls(connection)

    def close(self) -> None:
        self.connection.close()

    @property
    def version(self) -> str:
        """Changes with whatever changes a record: this very file."""
        return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]

    def time_of_a_query(self) -> float:
        """Nanoseconds, the middle one of a few; not counted as asked."""
        times: list[int] = []
        for patient in range(1, SAMPLED + 1):
            started = time.perf_counter_ns()
            self._query(patient)
            times.append(time.perf_counter_ns() - started)
        return statistics.median(times)

    def record(self, patient: int) -> dict[str, Any]:
        """One patient's record: what a doctor's screen asks for, straight from the database."""
        started = time.perf_counter_ns()
        try:
            return self._query(patient)
        finally:
            self.asked += 1
            self.nanoseconds += time.perf_counter_ns() - started

    def _query(self, patient: int) -> dict[str, Any]:
        ask = self.connection.execute
        key = (patient,)
        name, born, ssn, decade = ask(
            "SELECT name, born, ssn, decade FROM patients WHERE id = ?", key
        ).fetchone()
        asked = {"id": patient, "test": TESTS[0], "decade": decade}
        return {
            "id": patient,
            "name": name,
            "born": born,
            "ssn": ssn,
            "diagnoses": ask(
                "SELECT code, title, since FROM diagnoses WHERE patient = ?", key
            ).fetchall(),
            "prescriptions": ask(
                "SELECT drug, milligrams FROM prescriptions WHERE patient = ?", key
            ).fetchall(),
            "hba1c_rank_among_peers": round(ask(RANK, asked).fetchone()[0], 3),
        }

    def visits(self, count: int) -> Iterator[int]:
        """Whose record is opened, visit after visit: a few patients often, most of them rarely."""
        chance = random.Random(SEED + 1)
        patients = chance.sample(range(1, PATIENTS + 1), PATIENTS)
        for _ in range(count):
            yield patients[int(PATIENTS ** chance.random()) - 1]


def _admit(connection: sqlite3.Connection, chance: random.Random, patient: int) -> None:
    year = chance.randint(1935, 2008)
    decade = year // 10 * 10
    name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
    born = f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    # Numbers from 900 on are never issued.
    ssn = f"{chance.randint(900, 999)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}"
    write = connection.execute
    many = connection.executemany
    write("INSERT INTO patients VALUES (?, ?, ?, ?, ?)", (patient, name, born, ssn, decade))
    found = chance.sample(DIAGNOSES, chance.randint(1, 3))
    since = [f"{chance.randint(2009, 2025)}-{chance.randint(1, 12):02}" for _ in found]
    many(
        "INSERT INTO diagnoses VALUES (?, ?, ?, ?)",
        [(patient, code, title, when) for (code, title), when in zip(found, since, strict=True)],
    )
    many(
        "INSERT INTO prescriptions VALUES (?, ?, ?)",
        [(patient, drug, chance.choice((5, 10, 20, 50, 500))) for drug in chance.sample(DRUGS, 2)],
    )
    many(
        "INSERT INTO labs VALUES (?, ?, ?, ?)",
        [(patient, decade, test, round(chance.gauss(6, 1.4), 2)) for test in TESTS * 4],
    )
