"""The snippets are all there, none was changed, and each is run by a test."""

import hashlib
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SNIPPETS = HERE / "snippets"
FROZEN = dict(
    reversed(line.split()) for line in (HERE / "snippets.sha256").read_text().splitlines()
)
TESTS = "".join(p.read_text("utf-8") for p in HERE.glob("test_*.py") if p != Path(__file__))


def test_the_snippets_are_those_of_the_document():
    assert {path.name for path in SNIPPETS.iterdir() if path.is_file()} == set(FROZEN)


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_a_snippet_keeps_the_words_of_the_document(name):
    assert hashlib.sha256((SNIPPETS / name).read_bytes()).hexdigest() == FROZEN[name]


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_a_snippet_is_run(name):
    assert f'"{name}"' in TESTS
