"""The floor: one question and one answer over a socket, nothing parsed and nothing opened."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from benches.call import Call, Cases

NAME: Final = "a bare round trip"
# A sealed six-field record.
ENTRY: Final = b"x" * 308


def round_trip(url: str) -> Call:
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname or "127.0.0.1", address.port or 6379))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"*3\r\n$3\r\nSET\r\n$5\r\nfloor\r\n$308\r\n" + ENTRY + b"\r\n")
    connection.recv(64)
    question = b"*2\r\n$3\r\nGET\r\n$5\r\nfloor\r\n"

    def ask(_number: int) -> object:
        connection.sendall(question)
        return connection.recv(4096)

    return Call(ask)


def two_round_trips(url: str) -> Call:
    once = round_trip(url).function

    def twice(number: int) -> object:
        once(number)
        return once(number)

    return Call(twice)


CASES: Final[Cases] = {
    "secure Redis hit": round_trip,
    "secure Redis write": two_round_trips,
}
