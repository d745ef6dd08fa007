"""This tree."""

from __future__ import annotations

import itertools
from typing import Any, Final

from benches.call import Call, Cases
from benches.values import IMMUTABLE, MASTER_KEY, RECORD, frame
from cachekit import cache
from cachekit.serializers import (
    ArrowSerializer,
    DefaultSerializer,
    EncryptionWrapper,
    OrjsonSerializer,
    Serializer,
)

NAME: Final = "cachekit, this tree"


def secure_l1_hit(_url: str) -> Call:
    @cache.secure(ttl=3600, master_key=MASTER_KEY, backend=None)
    def record(number: int) -> dict[str, Any]:
        return RECORD

    return Call(record)


def plain_l1_hit(_url: str) -> Call:
    @cache(ttl=3600, backend=None)
    def word(number: int) -> str:
        return IMMUTABLE

    return Call(word)


def secure_redis_hit(url: str) -> Call:
    @cache.secure(ttl=3600, master_key=MASTER_KEY, backend=url, l1=False)
    def record(number: int) -> dict[str, Any]:
        return RECORD

    return Call(record)


def secure_redis_write(url: str) -> Call:
    @cache.secure(ttl=3600, master_key=MASTER_KEY, backend=url, l1=False)
    def record(number: int) -> dict[str, Any]:
        return RECORD

    return Call(record, itertools.count())


def _round_trip(serializer: Serializer, value: object) -> Call:
    serialize, deserialize = serializer.serialize, serializer.deserialize
    return Call(lambda _: deserialize(serialize(value)))


def _sealed(serializer: Serializer) -> EncryptionWrapper:
    return EncryptionWrapper(serializer=serializer, master_key=MASTER_KEY)


CASES: Final[Cases] = {
    "secure L1 hit": secure_l1_hit,
    "plain L1 hit": plain_l1_hit,
    "secure Redis hit": secure_redis_hit,
    "secure Redis write": secure_redis_write,
    "six-field dict": lambda _: _round_trip(DefaultSerializer(), RECORD),
    "1000-row frame": lambda _: _round_trip(_sealed(ArrowSerializer()), frame()),
    "JSON": lambda _: _round_trip(OrjsonSerializer(), RECORD),
    "JSON sealed": lambda _: _round_trip(_sealed(OrjsonSerializer()), RECORD),
    "MessagePack": lambda _: _round_trip(DefaultSerializer(), RECORD),
    "MessagePack sealed": lambda _: _round_trip(_sealed(DefaultSerializer()), RECORD),
    "frame": lambda _: _round_trip(ArrowSerializer(), frame()),
    "frame sealed": lambda _: _round_trip(_sealed(ArrowSerializer()), frame()),
}
