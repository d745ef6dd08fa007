"""Runs a snippet as a module of its own, and counts what it asks its source."""

import itertools
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SNIPPETS = HERE / "snippets"

sys.path.insert(0, str(HERE))

_runs = itertools.count(1)


class Source:
    """What stands behind a cached function: answers, and counts how often it was asked."""

    def __init__(self, answer):
        self._answer = answer
        self.asked = []

    def __call__(self, *arguments):
        self.asked.append(arguments)
        return self._answer(*arguments)


class Database:
    """The `db` of the document. Every method of it is the one source."""

    def __init__(self, source):
        self._source = source

    def get_ssn(self, user_id):
        return self._source(user_id)

    def get_price(self, item_id):
        return self._source(item_id)

    def get_profile(self, user_id):
        return self._source(user_id)

    def get_user_data(self, tenant_id, user_id):
        return self._source(tenant_id, user_id)

    def query(self, model):
        return Query(self._source, model)


class Query:
    """`db.query(Model).filter_by(id=...).first()`, which asks nothing before `first`."""

    def __init__(self, source, model, filters=None):
        self._source, self._model, self._filters = source, model, filters or {}

    def filter_by(self, **filters):
        return Query(self._source, self._model, filters)

    def first(self):
        return self._source(self._filters["id"])


@pytest.fixture
def source():
    """`source(answer)`: a source that answers by calling `answer`."""
    return Source


@pytest.fixture
def database():
    """`database(source)`: the document's `db` over that source."""
    return Database


@pytest.fixture
def run_snippet(no_environment):
    """`run_snippet("01_one_decorator.py", db=...)`: the module that the snippet makes, as a dict.

    Each run is a module of another name, so that no test meets what another one cached.
    """
    from cachekit import cache

    def run(name, **given):
        path = SNIPPETS / name
        module = {"__name__": f"mission.{path.stem}.{next(_runs)}", "cache": cache, **given}
        exec(compile(path.read_text("utf-8"), str(path), "exec"), module)
        return module

    return run
