"""Any value comes back as it went in: plain and sealed, from this process, Redis and a file.

A few seconds here; `make test-long` asks for millions of cases.
"""

import pytest
from any_value import VALUE
from every_path import (
    MASTER_KEY,
    every_path,
    keeps_its_bytes,
    stays_the_same_argument,
    survives,
)
from hypothesis import HealthCheck, given, settings


@pytest.fixture
def paths(redis_url, tmp_path, monkeypatch):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", MASTER_KEY)
    return every_path(redis_url, tmp_path)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(value=VALUE)
def test_any_value_survives_every_path(paths, value):
    survives(paths, value)


@given(VALUE)
def test_bytes_depend_on_the_value_alone(value):
    keeps_its_bytes(value)


@given(VALUE)
def test_a_value_that_came_back_is_the_same_argument(value):
    stays_the_same_argument(value)
