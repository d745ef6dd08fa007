"""A Redis of one's own: on a free port, on the loopback alone, gone when the block ends.

The tests and the benches use it, so that neither ever touches a server that somebody works with.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

STARTS_WITHIN_SECONDS: Final = 10.0


class RedisServer:
    """A running `redis-server`, as a context manager.

    Raises `FileNotFoundError` where the program is not installed.
    """

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            message = "redis-server is not installed: `apt-get install redis-server`"
            raise FileNotFoundError(message)
        self._program = program
        self._home = tempfile.TemporaryDirectory(prefix="cachekit-redis-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process of the server that runs."""
        if self._process is None:
            message = "there is no server running"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def dump(self) -> Path:
        """The backup that `SAVE` writes."""
        return Path(self._home.name) / "dump.rdb"

    def start(self) -> None:
        """Starts the server, empty, on the same port as before, and waits until it answers."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._home.name]
        arguments += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self._process = subprocess.Popen(
            [self._program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                message = f"redis-server did not answer on port {self.port}"
                raise TimeoutError(message)
            time.sleep(0.01)

    def hang(self) -> None:
        """Stops the server from running, but not from existing: its connections stay open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Kills the server. What it held is lost, as with a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._home.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
