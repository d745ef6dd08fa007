"""For tests of applications, and for looking at what a store sees.

`RawStore` shows a store as whoever runs it has it: keys and bytes. `reset` gives each test a
process that nobody has configured.
"""

from __future__ import annotations

from ._native import RawStore, reset

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import BinaryIO, TypeAlias

    _Reply: TypeAlias = "str | list[_Reply]"

__all__ = ["RawStore", "redis_keys", "reset"]


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
