"""HTTP stores beside bare Redis, in one run: throughput and latency of reads and of writes.

`make bench-http`. Everybody is asked by a generator that is not the bottleneck (wrk for HTTP,
redis-benchmark for Redis), over the loopback, once by one client and once by 32.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tools.cachekit_server import TOKEN, CachekitServer
from tools.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

BYTES: Final = 1024
CLIENTS: Final = (1, 32)
NAMES: Final = 1000
UNITS: Final = {"us": 1.0, "ms": 1000.0, "s": 1_000_000.0}
OPERATIONS: Final = ("read", "write")

# A request of the next name, with or without a body: wrk asks for one each time.
SCRIPT: Final = """
local n = 0
local body = string.rep("x", {bytes})
wrk.headers = {{ {headers} }}
request = function()
  n = (n + 1) % {names}
  return wrk.format("{method}", "{before}" .. n .. "{after}", nil, {body})
end
"""


@dataclass(frozen=True)
class Result:
    """What one contestant did in one discipline."""

    contestant: str
    operation: str
    clients: int
    requests_per_second: float
    p50_us: float
    p99_us: float


@dataclass(frozen=True)
class Paths:
    """How an HTTP contestant is asked: method, and what stands before and after a name."""

    address: str
    read: tuple[str, str, str]
    write: tuple[str, str, str]
    headers: str = ""

    def script(self, operation: str) -> str:
        method, before, after = self.read if operation == "read" else self.write
        body = "body" if operation == "write" else "nil"
        return SCRIPT.format(
            bytes=BYTES, headers=self.headers, names=NAMES, method=method, before=before,
            after=after, body=body,
        )  # fmt: skip


def wrk(paths: Paths, operation: str, clients: int, seconds: int) -> tuple[float, float, float]:
    """Requests a second, median and 99th percentile in microseconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(paths.script(operation))
        script.flush()
        options = ["-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", script.name]
        said = subprocess.run(
            ["wrk", *options, paths.address], check=True, capture_output=True, text=True
        ).stdout
    if "Non-2xx" in said:
        message = f"{paths.address} refused some requests:\n{said}"
        raise RuntimeError(message)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    found = {share: re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", said) for share in (50, 99)}
    micros = [float(m[1]) * UNITS[m[2]] for m in found.values() if m]
    if not rate or len(micros) != len(found):
        message = f"wrk said something else:\n{said}"
        raise RuntimeError(message)
    return float(rate[1]), micros[0], micros[1]


def redis_benchmark(
    port: int, operation: str, clients: int, seconds: int
) -> tuple[float, float, float]:
    """The same of Redis; it counts requests, so first it is found out how many fit the time."""
    test = {"read": "get", "write": "set"}[operation]
    fixed = ["-p", str(port), "-c", str(clients), "-d", str(BYTES), "-r", str(NAMES), "--csv"]

    def run(requests: int) -> dict[str, str]:
        command = ["redis-benchmark", *fixed, "-t", test, "-n", str(requests)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return next(csv.DictReader(said.splitlines()))

    pace = float(run(20_000)["rps"])
    row = run(max(20_000, int(pace * seconds)))
    median, slow = (float(row[f"p{share}_latency_ms"]) * 1000 for share in (50, 99))
    return float(row["rps"]), median, slow


@contextmanager
def webdis(redis_port: int) -> Generator[str]:
    """webdis, as Debian has it, in front of this Redis."""
    with tempfile.TemporaryDirectory(prefix="cachekit-webdis-") as home:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        config: dict[str, object] = {
            "redis_host": "127.0.0.1", "redis_port": redis_port, "http_host": "127.0.0.1",
            "http_port": port, "threads": 2, "pool_size": 10, "daemonize": False,
            "verbosity": 0, "logfile": f"{home}/log", "acl": [{"disabled": []}],
            "http_max_request_size": 1 << 20,
        }  # fmt: skip
        path = Path(home) / "webdis.json"
        path.write_text(json.dumps(config), "utf-8")
        process = subprocess.Popen(["webdis", str(path)], stdout=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/PING")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=1).close()
            return
        time.sleep(0.02)
    message = f"{address} does not answer"
    raise RuntimeError(message)


def cachekit(url: str) -> Paths:
    entry = "/v1/cache/ck:"
    headers = f'["Authorization"] = "Bearer {TOKEN}", ["X-CacheKit-TTL"] = "600"'
    parts = urlsplit(url)
    return Paths(f"http://{parts.netloc}", ("GET", entry, ""), ("PUT", entry, ""), headers)


def fill(paths: Paths) -> None:
    """Writes every name once, so that each read finds something."""
    method, before, after = paths.write
    headers = dict(re.findall(r'\["(.+?)"\] = "(.+?)"', paths.headers))
    connection = http.client.HTTPConnection(urlsplit(paths.address).netloc)
    for n in range(NAMES):
        connection.request(method, f"{before}{n}{after}", b"x" * BYTES, headers)
        connection.getresponse().read()
    connection.close()


def contestants(
    stack: ExitStack, profile: str
) -> dict[str, Callable[..., tuple[float, float, float]]]:
    """Everybody, started and full."""
    redis = stack.enter_context(RedisServer())
    beside = stack.enter_context(RedisServer())
    embedded = stack.enter_context(CachekitServer(profile=profile))
    shared = stack.enter_context(CachekitServer("shm://cachekit-bench", profile))
    over_redis = stack.enter_context(CachekitServer(redis.url, profile))
    served = {
        "cachekit, file:": cachekit(embedded.url),
        "cachekit, shm:": cachekit(shared.url),
        "cachekit, redis:": cachekit(over_redis.url),
    }
    if shutil.which("webdis"):
        address = stack.enter_context(webdis(beside.port))
        served["webdis"] = Paths(
            address, ("GET", "/GET/ck:", ".bin"), ("PUT", "/SETEX/ck:", "/600")
        )

    def asking(paths: Paths) -> Callable[..., tuple[float, float, float]]:
        return lambda *how: wrk(paths, *how)

    for paths in served.values():
        fill(paths)
    redis_benchmark(redis.port, "write", 1, 1)
    players = {name: asking(paths) for name, paths in served.items()}
    players["bare Redis"] = lambda *how: redis_benchmark(redis.port, *how)
    return players


def turns(
    players: dict[str, Callable[..., tuple[float, float, float]]],
    operation: str,
    clients: int,
    options: argparse.Namespace,
) -> list[Result]:
    """Everybody once per round, so that what disturbs the machine disturbs all; medians of each."""
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in players}
    for _ in range(options.rounds):
        for name, player in players.items():
            measured[name].append(player(operation, clients, options.seconds))
    return [
        Result(
            name,
            operation,
            clients,
            *(statistics.median(column) for column in zip(*rows, strict=True)),
        )
        for name, rows in measured.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-http", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--seconds", type=int, default=3, help="that each turn takes")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each contestant takes")
    parser.add_argument("--profile", default="release", help="how the server is compiled")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is not installed: `apt-get install wrk webdis`")
    results: list[Result] = []
    with ExitStack() as stack:
        players = contestants(stack, options.profile)
        for operation in OPERATIONS:
            for clients in CLIENTS:
                results += turns(players, operation, clients, options)
    if options.json:
        print(json.dumps([asdict(result) for result in results]))
        return
    print(f"{BYTES} bytes, {os.cpu_count()} cores for server, store and generator together\n")
    print(f"{'':18}{'':7}{'clients':>8}{'requests/s':>12}{'median':>10}{'99 %':>10}")
    for r in results:
        print(
            f"{r.contestant:18}{r.operation:7}{r.clients:8}{r.requests_per_second:12,.0f}"
            f"{r.p50_us:7.0f} µs{r.p99_us:7.0f} µs"
        )


if __name__ == "__main__":
    main()
