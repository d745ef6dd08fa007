"""What the promises are tried on."""

import sys
from pathlib import Path

import pytest
import redis

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def stolen(redis_server, redis_url):
    """A function that gives all entries of the server, by key."""

    def entries():
        with redis.Redis(port=redis_server.port) as connection:
            keys = list(connection.scan_iter(count=1000))
            values = connection.mget(keys) if keys else []
        return dict(zip(keys, values, strict=True))

    return entries
