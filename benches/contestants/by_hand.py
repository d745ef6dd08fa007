"""What people write by hand: redis-py and orjson, no encryption."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis

from benches.call import Call, Cases
from benches.values import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

NAME: Final = "redis-py + orjson, plain"


def _cached(url: str) -> Callable[[int], Any]:
    connection = redis.Redis.from_url(url)

    def record(number: int) -> Any:
        key = f"by-hand:{number}"
        stored = connection.get(key)
        if stored is not None:
            return orjson.loads(stored)
        connection.set(key, orjson.dumps(RECORD), ex=3600)
        return RECORD

    return record


def redis_hit(url: str) -> Call:
    record = _cached(url)
    return Call(record)


def redis_write(url: str) -> Call:
    record = _cached(url)
    return Call(record, itertools.count(1_000_000))


CASES: Final[Cases] = {
    "secure Redis hit": redis_hit,
    "secure Redis write": redis_write,
}
