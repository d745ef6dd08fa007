"""What is cached in every contestant's process: the same values, the same key."""

from __future__ import annotations

from typing import Any, Final

MASTER_KEY: Final = "3b" * 16 + "f5" * 16
IMMUTABLE: Final = "a value that nobody can change"
RECORD: Final[dict[str, Any]] = {
    "id": 4711,
    "name": "Jane Roe",
    "email": "jane.roe@example.org",
    "active": True,
    "balance": 1204.5,
    "roles": ["reader", "editor"],
}


def frame() -> Any:
    """A frame of 1000 rows, as an analyst caches it."""
    import numpy as np
    import pandas as pd

    chance = np.random.default_rng(20260101)
    return pd.DataFrame(
        {
            "patient_id": np.arange(1000),
            "diagnosis": chance.choice(["E11.9", "I10", "J45.20", "N18.3"], 1000),
            "risk_score": chance.random(1000),
            "admitted": pd.date_range("2026-01-01", periods=1000, freq="h"),
        }
    )
