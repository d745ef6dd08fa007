"""What a store written in Python needs of Python: an event loop of its own, and small loops.

It decides nothing: the Rust half says what is called, and how long it waits.
"""

from __future__ import annotations

from asyncio import gather, new_event_loop, run_coroutine_threadsafe
from contextlib import suppress
from threading import Thread, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from typing import Any, TypeAlias

    _Write: TypeAlias = tuple[str, bytes, float]

__all__ = [
    "get_each",
    "get_each_async",
    "get_ident",
    "set_each",
    "set_each_async",
    "start",
    "submit",
]


def start() -> tuple[AbstractEventLoop, int]:
    """An event loop that runs for as long as the process, and its thread's identity."""
    event_loop = new_event_loop()
    thread = Thread(target=_run, args=(event_loop,), name="cachekit-store", daemon=True)
    thread.start()
    return event_loop, thread.ident or 0


def _run(event_loop: AbstractEventLoop) -> None:
    while True:
        # `SystemExit` in a task ends `run_forever`: the store's other calls go on.
        with suppress(BaseException):
            event_loop.run_forever()


def submit(
    event_loop: AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any],
    reply: Callable[[Future[Any]], object],
) -> Future[Any]:
    """Awaits a coroutine on the loop, from any thread; `reply` gets the future that is done."""
    future = run_coroutine_threadsafe(coroutine, event_loop)
    future.add_done_callback(reply)
    return future


def get_each(get: Callable[[str], Any], keys: list[str]) -> list[Any]:
    """One key after the other, for a store without `get_many`."""
    return [get(key) for key in keys]


async def get_each_async(get: Callable[[str], Awaitable[Any]], keys: list[str]) -> list[Any]:
    """All keys at once, for a store without `get_many`."""
    return list(await gather(*map(get, keys)))


def set_each(set_: Callable[[str, bytes, float], object], writes: list[_Write]) -> None:
    """In order: of two writes to one key the later stays."""
    for write in writes:
        set_(*write)


async def set_each_async(
    set_: Callable[[str, bytes, float], Awaitable[object]], writes: list[_Write]
) -> None:
    """In order, awaited: of two writes to one key the later stays."""
    for write in writes:
        await set_(*write)
