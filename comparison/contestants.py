"""What a contestant makes of a value: `identical`, `changed`, `refused` or `lost`."""

from __future__ import annotations

import contextlib
import logging
import pickle
from typing import TYPE_CHECKING, Any

from comparison.values import VALUES, same

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome = str


def through_serializer(
    dumps: Callable[[Any], Any], loads: Callable[[Any], Any]
) -> dict[str, Outcome]:
    """There and back, by two functions."""

    def outcome(value: Any) -> Outcome:
        try:
            again = loads(dumps(value))
        except Exception:  # noqa: BLE001 - whatever it raises, it says no
            return "refused"
        return "identical" if same(again, value) else f"changed: {type(again).__name__}"

    return {name: outcome(make()) for name, make in VALUES.items()}


class _Told(logging.Handler):
    """Whether anybody was told that a value is not kept."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = 0

    def emit(self, _record: logging.LogRecord) -> None:
        self.lines += 1


def through_decorator(decorate: Callable[[Any], Any]) -> dict[str, Outcome]:
    """Called twice: the second call shows what the cache made of the value."""
    logging.disable(logging.NOTSET)
    return {name: _called_twice(decorate, make) for name, make in VALUES.items()}


def _called_twice(decorate: Callable[[Any], Any], make: Callable[[], Any]) -> Outcome:
    runs = 0

    def function(number: int) -> Any:  # noqa: ARG001 - what a call is told apart by
        nonlocal runs
        runs += 1
        return make()

    told = _Told()
    logging.getLogger().addHandler(told)
    try:
        cached = decorate(function)
        cached(1)
        again = cached(1)
    except Exception:  # noqa: BLE001 - whatever it raises, it says no
        return "refused"
    finally:
        logging.getLogger().removeHandler(told)
    if runs > 1:
        return "refused" if told.lines else "lost"
    return "identical" if same(again, make()) else f"changed: {type(again).__name__}"


def ours(url: str) -> dict[str, dict[str, Outcome]]:
    """This tree, and the serializers of its environment."""
    import msgspec
    import orjson
    import ormsgpack

    from cachekit import cache
    from comparison import values

    allow = [values.Colour, values.Level, values.Access, values.Named, values.Data, values.Slotted]
    allow += [values.Attrs, values.Struct, values.Model, values.Word]
    name = iter(range(10_000))
    pack = msgspec.msgpack

    def decorate(function: Any) -> Any:
        return cache(backend=url, l1=False, allow=allow, name=f"compared-{next(name)}")(function)

    return {
        "ours": through_decorator(decorate),
        "orjson": through_serializer(orjson.dumps, orjson.loads),
        "ormsgpack": through_serializer(ormsgpack.packb, ormsgpack.unpackb),
        "msgspec": through_serializer(pack.encode, pack.decode),
        "pickle": through_serializer(pickle.dumps, pickle.loads),
    }


def peer(url: str) -> dict[str, dict[str, Outcome]]:
    """PyPI's package of our name."""
    import os

    os.environ["CACHEKIT_REDIS_URL"] = url
    from cachekit import cache

    number = iter(range(10_000))

    def decorate(function: Any) -> Any:
        options: dict[str, Any] = {"ttl": 3600, "l1_enabled": False}
        return cache(namespace=f"compared-{next(number)}", **options)(function)

    with contextlib.redirect_stdout(None):
        return {"PyPI cachekit 0.24.1": through_decorator(decorate)}
