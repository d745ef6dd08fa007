"""PyPI `cachekit`, the one other cache that encrypts on the client."""

from __future__ import annotations

import itertools
import logging
import os
from typing import TYPE_CHECKING, Any, Final

from benches.call import Call, Cases
from benches.values import IMMUTABLE, MASTER_KEY, RECORD, frame

if TYPE_CHECKING:
    from collections.abc import Callable

NAME: Final = "PyPI cachekit 0.24.1"

# It logs every operation; a user would turn that off before measuring, and so do we.
logging.disable(logging.CRITICAL)


def _secure(url: str, **options: Any) -> Callable[[int], dict[str, Any]]:
    os.environ["CACHEKIT_REDIS_URL"] = url
    from cachekit import cache

    @cache.secure(ttl=3600, master_key=MASTER_KEY, **options)
    def record(number: int) -> dict[str, Any]:
        return RECORD

    found: Callable[[int], dict[str, Any]] = record
    return found


def secure_l1_hit(url: str) -> Call:
    # With Redis behind it: it refuses `backend=None` together with `secure`.
    record = _secure(url)
    return Call(record)


def plain_l1_hit(_url: str) -> Call:
    from cachekit import cache

    @cache(ttl=3600, backend=None)
    def word(number: int) -> str:
        return IMMUTABLE

    return Call(word)


def secure_redis_hit(url: str) -> Call:
    record = _secure(url, l1_enabled=False)
    return Call(record)


def secure_redis_write(url: str) -> Call:
    record = _secure(url, l1_enabled=False)
    return Call(record, itertools.count())


def arrow_round_trip(_url: str) -> Call:
    from cachekit.serializers import ArrowSerializer

    serializer, value = ArrowSerializer(), frame()

    def there_and_back(_number: int) -> Any:
        data, metadata = serializer.serialize(value)
        return serializer.deserialize(data, metadata)

    return Call(there_and_back)


CASES: Final[Cases] = {
    "secure L1 hit": secure_l1_hit,
    "plain L1 hit": plain_l1_hit,
    "1000-row frame": arrow_round_trip,
    "secure Redis hit": secure_redis_hit,
    "secure Redis write": secure_redis_write,
}
