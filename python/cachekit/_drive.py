"""The asynchronous colour's only Python: what has to be an `async def`.

It decides nothing. `Pending` is a future of the engine and `Ticket` the right to compute; both are
told what happened, and they know what follows.
"""

from __future__ import annotations

from asyncio import get_running_loop

from ._native import Pending, Ticket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ._native import Function

__all__ = ["call", "finish", "refresh", "settle", "wake"]


async def call(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """A call of a cached coroutine function."""
    found = function.lookup(args, kwargs)
    if type(found) is Pending:
        return await finish(found, function.wrapped, args, kwargs)
    return found


async def refresh(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """A call that computes whatever is cached."""
    return await finish(function.refresh(args, kwargs), function.wrapped, args, kwargs)


async def finish(
    found: Any,
    computation: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """Waits for the value, or for the right to compute it, and computes."""
    # An entry that does not decode gives another future: the one that replaces it.
    while type(found) is Pending:
        found = await settle(found)
    if type(found) is not Ticket:
        return found
    value = await _compute(found, computation, args, kwargs or {})
    if (filling := found.fill(value)) is not None:
        await settle(filling)
    return value


async def settle(pending: Pending) -> Any:
    """Waits for a future of the engine."""
    loop = get_running_loop()
    try:
        while not pending.advance_on(loop, waiter := loop.create_future()):
            await waiter
        return pending.take()
    except BaseException:
        pending.abandon()
        raise


def wake(waiter: Future[None]) -> None:
    """Lets `settle` go on. A waiter that was cancelled has had its result."""
    if not waiter.done():
        waiter.set_result(None)


async def _compute(
    ticket: Ticket,
    computation: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    try:
        with ticket:
            return await computation(*args, **kwargs)
    except Exception as error:
        ticket.fail(error)
        raise
    except BaseException:
        # Cancelled or interrupted: that is this task's affair, the next one may compute.
        ticket.abandon()
        raise
