"""Plays the scenes, one after the other."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from demo import hits, rotation, tampering, tenants, thief, wrong_key
from demo.hospital import Hospital
from demo.terminal import Stage

SCENES = (hits, thief, tampering, wrong_key, rotation, tenants)


class OnStage(logging.Handler):
    """Shows what the cache warns of, among what it is doing at the time."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(logging.WARNING)
        self._stage = stage

    def emit(self, record: logging.LogRecord) -> None:
        self._stage.say("In the log of the application:")
        self._stage.quote(record.getMessage())


def forget_configuration() -> None:
    """The demo means its own keys and its own store, whatever the user's shell has set."""
    for name in list(os.environ):
        if name.startswith("CACHEKIT_") or name == "REDIS_URL":
            del os.environ[name]


def main() -> int:
    forget_configuration()
    stage = Stage(sys.stdout)
    logging.getLogger("cachekit").addHandler(OnStage(stage))
    stage.opening(
        "cachekit",
        "A cache whose backend never sees your data. Six scenes, about half a minute.",
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cachekit-demo-") as folder:
        hospital = Hospital.build(Path(folder) / "hospital.sqlite", stage)
        for number, scene in enumerate(SCENES, start=1):
            stage.scene(number, scene.TITLE)
            scene.play(stage, hospital)
        hospital.close()
    return stage.closing(time.perf_counter() - started)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader has seen enough (`make demo | head`). Nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
