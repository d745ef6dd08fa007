"""`cachebox`: the quickest plain cache in a process that we know of. It encrypts nothing."""

from __future__ import annotations

from typing import Final

import cachebox

from benches.call import Call, Cases
from benches.values import IMMUTABLE

NAME: Final = "cachebox, plain"


def plain_l1_hit(_url: str) -> Call:
    @cachebox.cached(cachebox.TTLCache(10_000, 3600))
    def word(number: int) -> str:
        return IMMUTABLE

    return Call(word)


CASES: Final[Cases] = {"plain L1 hit": plain_l1_hit}
