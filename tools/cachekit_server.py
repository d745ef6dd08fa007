"""A cachekit-server of one's own: on free ports of the loopback, gone when the block ends."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

ROOT: Final = Path(__file__).resolve().parent.parent
TOKEN: Final = "cks_of-a-bench-and-nobody-elses-0123456789"
ENDS_WITHIN_SECONDS: Final = 10.0


def program(profile: str = "dev") -> Path:
    """The server: the one that `CACHEKIT_SERVER` names, or ours, compiled if it is not yet."""
    if named := os.environ.get("CACHEKIT_SERVER"):
        return Path(named)
    command = ["cargo", "build", "--locked", "--quiet", "--package", "cachekit-server"]
    command += ["--profile", profile, "--message-format", "json-render-diagnostics"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    artifacts: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    return Path(next(each["executable"] for each in artifacts if each.get("executable")))


class CachekitServer:
    """A running `cachekit-server`, as a context manager; on an embedded store unless told."""

    def __init__(self, store: str | None = None, profile: str = "dev", **settings: str) -> None:
        self._program = program(profile)
        self._home = tempfile.TemporaryDirectory(prefix="cachekit-server-")
        self._settings = {"STORE": store or f"file://{self._home.name}/store", **settings}
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.page = ""

    def __enter__(self) -> Self:
        others = {k: v for k, v in os.environ.items() if not k.startswith("CACHEKIT_")}
        usual = {"LISTEN": "127.0.0.1:0", "ADMIN": "127.0.0.1:0", "TOKEN": TOKEN, "LOG": "warn"}
        settings = usual | self._settings
        self._process = subprocess.Popen(
            [str(self._program), "--json"],
            env=others | {f"CACHEKIT_SERVE_{k}": v for k, v in settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self._process.stdout.readline() if self._process.stdout else ""
        if not said:
            message = f"cachekit-server ended with {self._process.wait()} before it was ready"
            raise RuntimeError(message)
        addresses = json.loads(said)
        self.url, self.page = addresses["listening"], addresses["admin"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(ENDS_WITHIN_SECONDS)
            finally:
                self._process.kill()
                self._process.wait()
                if self._process.stdout:
                    self._process.stdout.close()
        self._home.cleanup()
