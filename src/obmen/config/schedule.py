"""When an exchange runs and when writing is allowed. Pure: the clock is an argument.

`15m`, `1h30m`: a duration · `*/15 * * * *`: cron · `18:00-10:00`, `mon-fri 18:00-10:00`, `sat,sun`: write windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

import msgspec
from cronsim import CronSim, CronSimError

from obmen.config.faults import Complaint

_DURATION = re.compile(r"(?:(\d{1,8})d)?(?:(\d{1,8})h)?(?:(\d{1,8})m)?(?:(\d{1,8})s)?")
_WINDOW = re.compile(
    r"(?:(?P<days>[^\W\d][^\s\d]*)\s*)?(?:(?P<start>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d))?"
)
_DAYS = {
    name: number
    for names in (
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    )
    for number, name in enumerate(names)
}
_DAY_MINUTES = 24 * 60


class Every(msgspec.Struct, frozen=True):
    """A steady beat. A beat missed while the hub was down is made up once, not once for each miss."""

    seconds: int

    def next_after(self, last: datetime | None, now: datetime, zone: tzinfo) -> datetime:  # noqa: ARG002 - one shape with Cron
        """Return when the next run is due, in UTC; a moment that is not after `now` means at once."""
        if last is None:
            return now.astimezone(UTC)
        return min(last, now).astimezone(UTC) + timedelta(seconds=self.seconds)


class Cron(msgspec.Struct, frozen=True):
    """Five cron fields, read in the zone of the hub; Debian's rules where clocks are moved."""

    text: str

    def next_after(self, last: datetime | None, now: datetime, zone: tzinfo) -> datetime:
        """Return when the next run is due, in UTC; a moment that is not after `now` means at once."""
        since = now if last is None else min(last, now)
        return next(CronSim(self.text, since.astimezone(zone))).astimezone(UTC)


Cadence: TypeAlias = Every | Cron


class Window(msgspec.Struct, frozen=True):
    """A span of local wall time on some days; one that ends before it starts runs on into the next day."""

    days: frozenset[int]
    """Days it starts on, Monday is 0."""
    start: int
    """Minutes from midnight."""
    end: int
    """Minutes from midnight, not included; 1440 is the end of the day."""

    def holds(self, local: datetime) -> bool:
        """Tell whether a local moment lies inside."""
        minute = local.hour * 60 + local.minute
        today = local.weekday() in self.days
        if self.start < self.end:
            return today and self.start <= minute < self.end
        yesterday = (local.weekday() - 1) % 7 in self.days
        return (today and minute >= self.start) or (yesterday and minute < self.end)


def is_open(windows: Iterable[Window], now: datetime, zone: tzinfo) -> bool:
    """Tell whether writing is allowed now; without windows it always is."""
    spans = tuple(windows)
    local = now.astimezone(zone)
    return not spans or any(window.holds(local) for window in spans)


def parse_every(text: str) -> Every:
    """Read a duration such as `15m` or `1h30m`."""
    found = _DURATION.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not 0 < total <= 366 * 24 * 3600:
        raise Complaint(
            "a duration is written like 30s, 15m, 1h30m or 1d, up to a year",
            "длительность пишется так: 30s, 15m, 1h30m или 1d, не больше года",
        )
    return Every(total)


def parse_cron(text: str) -> Cron:
    """Read five cron fields; what can never come (30 February) is refused."""
    cron = Cron(" ".join(text.split()))
    has_five = len(text.split()) == 5
    try:
        # The parser stumbles over some mixtures of `#`, `L` and `/` by other exceptions than its own.
        comes = next(CronSim(cron.text, datetime(2024, 1, 1, tzinfo=UTC)), None) if has_five else None
    except (CronSimError, AssertionError, TypeError):
        comes = None
    if comes is None:
        raise Complaint(
            "not a cron line: minute hour day month weekday, such as */15 * * * * or 0 4 * * MON-FRI",
            "не строка cron: минута час день месяц день_недели, например */15 * * * * или 0 4 * * MON-FRI",
        )
    return cron


def parse_window(text: str) -> Window:
    """Read a write window such as `18:00-10:00`, `mon-fri 18:00-10:00`, `sat,sun`."""
    found = _WINDOW.fullmatch(text.strip().casefold())
    if not text.strip() or found is None:
        raise _bad_window()
    days = frozenset(range(7)) if found["days"] is None else _days(found["days"])
    if found["start"] is None:
        return Window(days, 0, _DAY_MINUTES)
    start, end = _minutes(found["start"]), _minutes(found["end"])
    if start in {end, _DAY_MINUTES}:
        raise Complaint(
            "it starts where it ends; the whole day is 00:00-24:00",
            "начало совпадает с концом; целый день пишется 00:00-24:00",
        )
    return Window(days, start, end)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise _bad_window()
        start, end = _DAYS[first], _DAYS[last or first]
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _DAY_MINUTES:
        raise _bad_window()
    return minutes


def _bad_window() -> Complaint:
    return Complaint(
        "a window is written like 18:00-10:00, mon-fri 18:00-10:00 or sat,sun",
        "окно пишется так: 18:00-10:00, пн-пт 18:00-10:00 или сб,вс",
    )
