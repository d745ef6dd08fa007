"""Where the system may run the processes of a row.

Two cores of a virtual machine are seldom equally fast, and a round trip over the loopback costs two
switches on one core, and two wake-ups of a sleeping core across: several times as much. Left to the
system, which of these a contestant gets changes from second to second. So everybody runs on one
core, and what a server on the other one costs is shown beside it.
"""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Placement(enum.Enum):
    """Which cores a row's processes are on."""

    ONE_CORE = "client and server on one core"
    TWO_CORES = "client and server on a core each"


def place(server: int, clients: Iterable[int], placement: Placement) -> None:
    """Moves every thread of these processes."""
    allowed = sorted(os.sched_getaffinity(0))
    one, another = allowed[0], allowed[-1]
    for client in clients:
        _move(client, one)
    _move(server, one if placement is Placement.ONE_CORE else another)


def _move(process: int, core: int) -> None:
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
