"""What every kind of Python test here may ask for."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.redis_server import RedisServer  # noqa: E402

# How fast the machine draws is nobody's failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def redis_server():
    """One real Redis for the whole run."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server):
    """The address of a real Redis that is empty."""
    import redis

    with redis.Redis(port=redis_server.port) as connection:
        connection.flushall()
    return redis_server.url


@pytest.fixture
def no_environment():
    """A process that nobody has configured; what the test sets is forgotten after it."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("CACHEKIT_") or name == "REDIS_URL":
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)
