"""Two versions of an application share a store: real processes, one Redis, both directions."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

MASTER_KEY = "5ea2" * 16

PROGRAM = """
    import dataclasses, json
    from cachekit import cache

    @dataclasses.dataclass
    class Address:
        {address}

    @dataclasses.dataclass
    class Patient:
        {patient}

    def make(number):
        return Patient({values})

    @cache.secure
    def annotated(number: int) -> list[Patient]:
        return [make(number)]

    @cache.secure(allow=[Patient])
    def unannotated(number: int):
        return [make(number)]

    @cache(name="clinic.named", {version})
    def named(number: int) -> Patient:
        return make(number)

    def told(function):
        values = [function(7), function(7)]
        info = function.cache_info()
        fields = [str(value) for value in values]
        return fields, info.hits, info.misses, info.undecodable

    print(json.dumps([told(annotated), told(unannotated), told(named)]))
"""
OLD = {
    "address": "town: str",
    "patient": "id: int; home: Address",
    "values": "number, Address('Bonn')",
}
NEW = {
    "address": "town: str; code: int = 0",
    "patient": "id: int; home: Address; email: str = ''",
    "values": "number, Address('Bonn', 53111)",
}
EMPTY, FULL = (1, 1, 0), (2, 0, 0)
RESHAPED = (1, 1, 1)  # what was found could not be read: a miss


@pytest.fixture
def run(tmp_path, redis_url):
    """Runs a version of the application; hits, misses and undecodable entries by function."""

    def run(shape, version=""):
        program = tmp_path / "app.py"
        program.write_text(textwrap.dedent(PROGRAM).format(**shape, version=version))
        environment = {
            **{name: value for name, value in os.environ.items() if name[:9] != "CACHEKIT_"},
            "CACHEKIT_URL": redis_url,
            "CACHEKIT_MASTER_KEY": MASTER_KEY,
        }
        command = [sys.executable, "-W", "error", str(program)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        for (first, second), *_ in told:
            # Whatever the store held, the caller got today's class.
            assert first == second
            assert ("email" in first) == (shape is NEW)
        return [tuple(counts) for _, *counts in told]

    return run


def test_the_shape_in_the_name_keeps_versions_apart(run):
    assert run(OLD)[0] == EMPTY
    assert run(NEW)[0] == EMPTY, "the new version does not find what the old one wrote"
    assert run(OLD)[0] == FULL, "nor does it disturb it"
    assert run(NEW)[0] == FULL


def test_what_the_name_does_not_tell_is_a_miss_and_counted(run):
    run(OLD)
    assert run(NEW)[1:] == [RESHAPED, RESHAPED]
    assert run(OLD)[1:] == [RESHAPED, RESHAPED], "and back: the new version's entry is a miss too"
    assert run(OLD)[1:] == [FULL, FULL]


def test_a_version_keeps_named_entries_apart(run):
    assert run(OLD, "version=1")[2] == EMPTY
    assert run(NEW, "version=2")[2] == EMPTY
    assert run(OLD, "version=1")[2] == FULL
    assert run(NEW, "version=2")[2] == FULL
