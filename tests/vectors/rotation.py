"""Lists of master keys, from docs/format.md, section "Rotation"."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from derivation import Master


@dataclass
class Key:
    master: Master
    state: str = "active"
    date: int | None = None
    demotion: int | None = None

    def may_seal(self, now: int) -> bool:
        if self.state == "seal-after":
            return now >= (self.date or 0)
        if self.state == "sealed-until":
            return now < (self.date or 0)
        return self.state == "active"


class BadList(Exception):
    def __init__(self, entry: int, problem: str) -> None:
        super().__init__(entry, problem)
        self.entry, self.problem = entry, problem


def parse_list(text: str, master: str | None = None) -> list[Key]:
    keys: list[Key] = []
    for entry, part in enumerate(text.split(","), start=1):
        key = parse_entry(part.strip(), entry)
        kids = [other.master.kid for other in keys]
        if key.master.kid in kids:
            raise BadList(entry, "Duplicate")
        keys.append(key)
    if master is not None:
        own = Master(bytes.fromhex(master))
        if all(key.master.kid != own.kid for key in keys):
            keys.append(Key(own, "open"))
    for position, key in enumerate(keys):
        key.demotion = demotion(keys, position)
    return keys


def parse_entry(text: str, entry: int) -> Key:
    if not text:
        raise BadList(entry, "Empty")
    digits, at, state = text.partition("@")
    key = Key(Master(b""))
    if at:
        word, equals, date = (part.strip() for part in state.partition("="))
        if word in ("open", "revoked") and not equals:
            key.state = word
        elif word in ("seal-after", "sealed-until") and equals:
            key.state, key.date = word, parse_date(date, entry)
        else:
            raise BadList(entry, "UnknownState")
    digits = digits.strip()
    if not re.fullmatch(r"([0-9a-fA-F]{2}){32,}", digits):
        raise BadList(entry, "KeyEncoding")
    key.master = Master(bytes.fromhex(digits))
    return key


def parse_date(text: str, entry: int) -> int:
    try:
        date = dt.datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        raise BadList(entry, "Date") from None
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
    if date.tzinfo is None or date < epoch:
        raise BadList(entry, "Date")
    return (date - epoch) // dt.timedelta(milliseconds=1)


def demotion(keys: list[Key], position: int) -> int | None:
    def earliest(others: list[Key]) -> int | None:
        dates = [key.date for key in others if key.state == "seal-after" and key.date is not None]
        return min(dates, default=None)

    key, before = keys[position], keys[:position]
    if key.state == "revoked":
        return None
    if key.state == "sealed-until":
        return key.date
    date = earliest(before)
    if date is None and key.state == "open":
        date = earliest(keys[position + 1 :])
    return date
