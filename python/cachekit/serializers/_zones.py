"""Time zones by name, and back: which library's zone it was, and not just which place.

Arrow keeps the place alone. `timezone.utc`, `ZoneInfo("UTC")` and `pytz.UTC` are one to it, and
what pandas makes of the place depends on the versions of pandas and pyarrow.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo
from importlib import import_module
from zoneinfo import ZoneInfo

__all__ = ["name_of", "place_of", "zone_of"]

_PLACE = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_+/-]{0,254}")
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


def name_of(zone: tzinfo | None) -> str | None:
    """`zoneinfo:Europe/Berlin`; none for a zone that would not come back from its name."""
    if type(zone) is timezone:
        name = "timezone:" + str(zone).removeprefix("UTC")
    elif type(zone) is ZoneInfo:
        name = f"zoneinfo:{zone.key}"
    else:
        name = f"pytz:{getattr(zone, 'zone', None)}"
    try:
        again = zone_of(name)
    except (ImportError, LookupError, ValueError):
        return None
    return name if again is zone or repr(again) == repr(zone) else None


def place_of(name: str) -> str:
    """What Arrow calls the zone."""
    return name.partition(":")[2] or "UTC"


def zone_of(name: str) -> tzinfo:
    """The zone of a name, which may come from a store.

    Raises:
        ValueError: Not a name that `name_of` gives.
        LookupError: No such place.
        ImportError: pytz is not installed.
    """
    library, _, place = name.partition(":")
    if library == "timezone" and not place:
        return timezone.utc
    if library == "timezone" and _OFFSET.fullmatch(place):
        return datetime.strptime(place, "%z").tzinfo or timezone.utc
    if library == "zoneinfo" and _PLACE.fullmatch(place):
        return ZoneInfo(place)
    if library == "pytz" and _PLACE.fullmatch(place):
        found: tzinfo = import_module("pytz").timezone(place)
        return found
    raise ValueError("not the name of a time zone")
