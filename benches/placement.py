"""Where the system may run the processes of a row.

A round trip over the loopback costs two switches on one core, and two wake-ups of a sleeping core
across: several times as much, and which of the two a process gets changes from second to second.
Compared is therefore what everybody needs on one core; the other is shown beside it.
"""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Placement(enum.Enum):
    """Which cores a row's processes share."""

    ANYWHERE = "wherever the system likes"
    ONE_CORE = "client and server on one core"
    TWO_CORES = "client and server on a core each"

    def cores(self) -> set[int]:
        """The cores that it allows, of those that this process may use."""
        allowed = os.sched_getaffinity(0)
        return {min(allowed)} if self is Placement.ONE_CORE else allowed


def place(processes: Iterable[int], placement: Placement) -> None:
    """Moves every thread of these processes."""
    cores = placement.cores()
    for process in processes:
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
