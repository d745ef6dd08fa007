"""Where the demo keeps what outlives it: a store in a file, and the key that opens it.

Both lie in `target/demo`, so that the second run starts warm; `make clean` removes them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "target" / "demo"
STORE: Final = f"file://{FOLDER / 'cache'}"
# What somebody has who copies the disk.
FILE: Final = FOLDER / "cache" / "entries.mdb"


def master_key() -> str:
    """The key of the run before, or a new one. Production keeps it elsewhere than the store."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = FOLDER / "key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()
