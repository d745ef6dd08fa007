"""A network of a test's own, in which a host name of the documentation is this machine.

`unshare` (util-linux) gives a process namespaces of its own. In them `/etc/hosts` says what the
test wants, port 443 is free, and nothing outside can be reached: programs run there unmodified,
against the addresses that are written in them. It needs root, or user namespaces.

Run as a program it is the process inside, which reads a `Scene` from standard input.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS: Final = 45


@dataclass
class Scene:
    """A server, and the programs that run one after the other while it does."""

    host: str
    server: list[str]
    server_environment: dict[str, str]
    programs: list[list[str]]
    environment: dict[str, str]


def is_possible() -> bool:
    """Whether this machine lets us have one."""
    return subprocess.run([*_unshared(), "true"], check=False, capture_output=True).returncode == 0


def play(scene: Scene) -> list[str]:
    """What each program printed. `AssertionError`, with what it complained of, if one fails."""
    outcome = subprocess.run(
        [*_unshared(), sys.executable, __file__],
        check=False,
        input=json.dumps(asdict(scene)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert outcome.returncode == 0, outcome.stderr
    printed: list[str] = json.loads(outcome.stdout)
    return printed


def cachekit_server() -> Path:
    """The program, built if it is not. `CACHEKIT_SERVER` names another one."""
    if named := os.environ.get("CACHEKIT_SERVER"):
        return Path(named)
    command = ["cargo", "build", "--quiet", "--locked", "--package", "cachekit-server"]
    built = subprocess.run(
        [*command, "--message-format", "json"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    artifacts: list[dict[str, Any]] = [json.loads(line) for line in built.stdout.splitlines()]
    executables = [a["executable"] for a in artifacts if a.get("executable")]
    return Path(executables[-1])


def _unshared() -> list[str]:
    whose = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *whose, "--mount", "--net", "--"]


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        # SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP of netdevice(7).
        name = struct.pack("16sH14x", b"lo", 0)
        (_, flags) = struct.unpack("16sH14x", fcntl.ioctl(any_socket, 0x8913, name))
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def _inside(scene: Scene) -> list[str]:
    _loopback_up()
    with tempfile.NamedTemporaryFile("w") as hosts:
        hosts.write(f"127.0.0.1 localhost {scene.host}\n")
        hosts.flush()
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
        server = subprocess.Popen(
            scene.server,
            env={"PATH": os.environ["PATH"], **scene.server_environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            assert server.stdout.readline(), "the server did not come up"
            return [_run(program, scene.environment) for program in scene.programs]
        finally:
            server.kill()
            server.wait()


def _run(program: list[str], environment: dict[str, str]) -> str:
    outcome = subprocess.run(
        program,
        check=False,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )
    if outcome.returncode != 0:
        raise SystemExit(outcome.stderr)
    return outcome.stdout


if __name__ == "__main__":
    print(json.dumps(_inside(Scene(**json.load(sys.stdin)))))
