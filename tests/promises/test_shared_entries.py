"""Entries with a name are shared between Rust and Python: real processes, one Redis."""

import dataclasses
import datetime as dt
import decimal
import json
import os
import subprocess
from pathlib import Path

import pytest

from cachekit import cache, testing

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEY = "5ea1" * 16
pytestmark = pytest.mark.timeout(600)  # the first run compiles the example


@dataclasses.dataclass
class Visit:
    day: dt.date
    price: decimal.Decimal


@dataclasses.dataclass
class Patient:
    id: int
    name: str
    ward: str | None
    temperature: float
    tags: tuple[str, ...]
    visits: list[Visit]


VISIT = Visit(dt.date(2026, 1, 2), decimal.Decimal("1.10"))
PYTHON_SAYS = Patient(7, "Ada of Python", "north", 37.0, ("x",), [VISIT])
AS_DICT = {
    "id": 7,
    "name": "Ada of Python",
    "ward": "north",
    "temperature": 37.0,
    "tags": ["x"],
    "visits": [{"day": "2026-01-02", "price": "1.10"}],
}
IN_RUST = (
    'computed=false Patient { id: 7, name: "Ada of Python", ward: Some("north"), '
    'temperature: 37.0, tags: ["x"], visits: [Visit { day: "2026-01-02", price: "1.10" }] }'
)
RUST_VISIT = Visit(dt.date(2026, 2, 28), decimal.Decimal("12.50"))
RUST_SAYS = Patient(7, "Ada of Rust", None, 36.5, ("new",), [RUST_VISIT])


@pytest.fixture(scope="session")
def example():
    """The example, compiled."""
    command = ["cargo", "build", "--locked", "--example", "shared_entries"]
    done = subprocess.run(
        [*command, "--message-format=json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return next(
        message["executable"] for message in reversed(messages) if message.get("executable")
    )


@pytest.fixture(params=["plain", "secure"])
def shared(request, example, redis_url, no_environment):
    """How Python and Rust call the function that they share."""
    testing.reset()
    os.environ.update(CACHEKIT_URL=redis_url, CACHEKIT_MASTER_KEY=MASTER_KEY)

    def rust():
        command = [example, request.param, "7"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    decorate = cache if request.param == "plain" else cache.secure
    name = "clinic.plain_patient" if request.param == "plain" else "clinic.patient"
    yield lambda function: decorate(name=name)(function), rust
    testing.reset()


def never(number):
    raise AssertionError("the entry of the other language was not found")


def test_rust_reads_what_a_python_dict_wrote(shared):
    decorate, rust = shared

    @decorate
    def patient(number: int) -> dict:
        return AS_DICT

    patient(7)
    assert rust() == IN_RUST


def test_rust_reads_what_a_dataclass_wrote(shared):
    decorate, rust = shared

    @decorate
    def patient(number: int) -> Patient:
        return PYTHON_SAYS

    assert patient(7) == patient(7) == PYTHON_SAYS
    assert rust() == IN_RUST


def test_python_reads_what_a_struct_wrote_as_a_dict(shared):
    decorate, rust = shared
    assert rust().startswith("computed=true")

    @decorate
    def patient(number: int) -> dict:
        return never(number)

    assert patient(7)["visits"] == [{"day": "2026-02-28", "price": "12.50"}]
    assert list(patient(7)) == ["id", "name", "ward", "temperature", "tags", "visits"]


def test_python_reads_what_a_struct_wrote_as_what_it_returns(shared):
    decorate, rust = shared
    assert rust().startswith("computed=true")

    @decorate
    def patient(number: int) -> Patient:
        return never(number)

    assert patient(7) == RUST_SAYS


def test_another_shape_is_a_miss_in_both(shared):
    decorate, rust = shared

    @decorate
    def patient(number: int) -> dict:
        return {"id": 7, "title": "another shape"}

    patient(7)
    assert rust().startswith("computed=true")

    @dataclasses.dataclass
    class Other:
        id: int
        title: str

    testing.reset()

    @decorate
    def other(number: int) -> Other:
        return Other(7, "computed")

    assert other(7) == Other(7, "computed")
    assert other.cache_info().undecodable == 1
