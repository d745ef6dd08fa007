"""Servers of several kinds on free ports of the loopback, each gone when its block ends."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tools.certificate import self_signed

PATIENCE = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command, answers):
    """A program, from when `answers()` until the block ends."""
    assert shutil.which(command[0]), f"{command[0]} is not installed"
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen([str(part) for part in command], **quiet)
    try:
        until(answers)
        yield
    finally:
        process.kill()
        process.wait()


def until(answers):
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError):
            if answers():
                return
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.02)


def listens(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


@contextlib.contextmanager
def redis(*options):
    """The directory of a Redis without a port, but as the options say."""
    with tempfile.TemporaryDirectory(prefix="cachekit-") as directory:
        home = Path(directory)
        fixed = ["--dir", home, "--save", "", "--unixsocket", home / "redis.sock"]
        given = [str(option).replace("HOME", directory) for option in options]
        with running("redis-server", *fixed, *given, answers=(home / "redis.sock").exists):
            yield home


@contextlib.contextmanager
def redis_unix():
    with redis("--port", 0) as home:
        yield f"unix://{home}/redis.sock"


@contextlib.contextmanager
def redis_tls():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="cachekit-") as directory:
        certificate, key = self_signed(Path(directory), "127.0.0.1")
        files = ["--tls-cert-file", certificate, "--tls-key-file", key]
        listening = ["--port", 0, "--tls-port", port, "--tls-auth-clients", "no"]
        with redis(*listening, *files):
            yield f"rediss://127.0.0.1:{port}/0?ca={certificate}"


@contextlib.contextmanager
def redis_cluster():
    """One node that has all the slots: what is opened is opened as a cluster."""
    from redis import Redis

    port = free_port()
    bus = ["--cluster-enabled", "yes", "--cluster-port", free_port()]
    with redis("--port", port, *bus):
        until(lambda: listens(port))
        with Redis(port=port) as node:
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            until(lambda: b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO"))
        yield f"redis+cluster://127.0.0.1:{port}"


@contextlib.contextmanager
def redis_sentinel():
    port, watching = free_port(), free_port()
    with redis("--port", port) as home:
        until(lambda: listens(port))
        config = home / "sentinel.conf"
        config.write_text(f"port {watching}\nsentinel monitor cache 127.0.0.1 {port} 1\n")
        with running("redis-server", config, "--sentinel", answers=lambda: listens(watching)):
            yield f"redis+sentinel://127.0.0.1:{watching}/cache"


@contextlib.contextmanager
def memcached():
    """Two servers, of which each key has one."""
    ports = [free_port(), free_port()]
    with contextlib.ExitStack() as both:
        for port in ports:
            command = ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", port]
            both.enter_context(running(*command, answers=lambda port=port: listens(port)))
        yield "memcached://" + ",".join(f"127.0.0.1:{port}" for port in ports)
