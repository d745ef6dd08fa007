"""What a contestant hands over to be measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# A call that is always the same: a hit.
ALWAYS = 4711


@dataclass(frozen=True)
class Call:
    """A function of one number, and the numbers it is to be called with.

    The function is called as it is, with no closure around it: that would cost what a hit costs.
    """

    function: Callable[[int], Any]
    numbers: itertools.repeat[int] | itertools.count[int] = field(
        default_factory=lambda: itertools.repeat(ALWAYS)
    )


Cases = dict[str, Callable[[str], Call]]
