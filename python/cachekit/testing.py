"""For tests of applications, and for looking at what a store sees.

`RawStore` shows a store as whoever runs it has it: keys and bytes. `check_store` holds a store of
your own to what the cache needs of it. `reset` gives each test a process that nobody has
configured.
"""

from __future__ import annotations

from ._native import RawStore, reset
from ._native import check_store as _check_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import BinaryIO, TypeAlias

    from .stores import AnyStore

    _Reply: TypeAlias = "str | list[_Reply]"

__all__ = ["RawStore", "check_store", "redis_keys", "reset"]


def check_store(store: str | AnyStore) -> str:
    """Holds a store to the contract, by the suite that the built-in ones pass.

    Args:
        store: An object (`cachekit.stores`), or a URL. It should be empty, and nobody else's: a few
            megabytes are written to it, under keys that begin with ``conformance:``. It takes some
            seconds. At a URL the time-outs and the token are those of `cachekit.configure` and the
            environment.

    Returns:
        A report: a line for each check. Those that need what the store does not have do not apply.

    Raises:
        AssertionError: The store does not do what it must. The text is the report, with what was
            expected and what was seen.
        ConfigurationError: The object is not a store, and a method that is missing is named.
    """
    outcomes = _check_store(store)
    rows: list[str] = []
    for check, verdict, why in outcomes:
        rows.append(f"{verdict:<14}  {check.replace('::', ': ').replace('_', ' ')}")
        rows += [f"{'':<16}{line}" for line in why.splitlines()]
    verdicts = [verdict for _, verdict, _ in outcomes]
    failed, passed = verdicts.count("failed"), verdicts.count("passed")
    rows.append(f"{failed} of {passed + failed} checks failed")
    report = "\n".join(rows)
    if failed:
        raise AssertionError(report)
    return report


def redis_keys(url: str) -> list[str]:
    """Every key in the Redis at `url`, by `SCAN`; for servers without a password, on TCP."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    address = (parts.hostname or "localhost", parts.port or 6379)
    with socket.create_connection(address, timeout=5) as line, line.makefile("rb") as replies:
        _ask(line, replies, "SELECT", parts.path.strip("/") or "0")
        keys: set[str] = set()
        cursor = "0"
        while True:
            cursor, page = _scan(line, replies, cursor)
            keys.update(page)
            if cursor == "0":
                return sorted(keys)


def _scan(line: socket.socket, replies: BinaryIO, cursor: str) -> tuple[str, list[str]]:
    reply = _ask(line, replies, "SCAN", cursor, "COUNT", "1000")
    match reply:
        case [str() as following, list() as page]:
            return following, [key for key in page if isinstance(key, str)]
        case _:
            raise OSError("SCAN was not answered as Redis answers it")


def _ask(line: socket.socket, replies: BinaryIO, *words: str) -> _Reply:
    """One command of the Redis protocol (RESP2), and its reply."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    line.sendall(b"".join(parts))
    return _reply(replies)


def _reply(replies: BinaryIO) -> _Reply:
    head = replies.readline()
    kind, rest = head[:1], head[1:].strip()
    if kind == b"*":
        return [_reply(replies) for _ in range(int(rest))]
    if kind == b"$":
        data = replies.read(int(rest) + 2)
        return data[:-2].decode("utf-8", "backslashreplace")
    if kind in {b"+", b":"}:
        return rest.decode()
    raise OSError(f"Redis answered: {rest.decode('utf-8', 'replace') or 'nothing'}")
