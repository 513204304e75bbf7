"""Which alerts are due: from what is wrong now, what was told before, the clock and the rules. Pure.

A *situation* is one kind of trouble of one connection, however many records it is about: a hundred refused orders are
one message with a count. It is told when it begins, again while it lasts, and once when it is over. What has been told
is a *standing*, kept with the message it led to, so that a restart tells nothing twice.

Nothing here can hold a name, a phone or an address: a situation is made of codes, counts, moments and order numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import msgspec


class Kind(Enum):
    """A kind of trouble; `grows` where more of the same is news."""

    PAUSED = "paused", False
    SILENT = "silent", False
    ERRORS = "errors", False
    UNPAIRED = "unpaired", True
    HELD = "held", True
    ATTENTION = "attention", True
    LAG = "lag", False
    UNTOLD = "untold", False

    def __init__(self, code: str, grows: bool) -> None:  # noqa: FBT001 - written once, in the table above
        self.code = code
        self.grows = grows


EXPLAINED_BY: Mapping[str, frozenset[str]] = {
    Kind.ERRORS.code: frozenset({Kind.PAUSED.code}),
    Kind.LAG.code: frozenset({Kind.PAUSED.code, Kind.ERRORS.code}),
}
"""What needs no message of its own while one of these of the same connection stands."""
_GROWS = frozenset(kind.code for kind in Kind if kind.grows)

_NUMBER = re.compile(r"(?=.*\d)(?!.*[^\W\d_]{5})[\w./#№-]{1,20}")
"""A number people give to orders: `A-1017`, `ИП00-000017`; never five letters together, as a name has."""
_PHONE_DIGITS = 10
_NETWORK_CODE = re.compile(r"network\.[a-z_]+")
"""What the hub itself says of a line; anything else may be a sentence with a name in it."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong now: one kind, one connection."""

    kind: str
    connection: str
    since: float
    """Epoch seconds from which on it is wrong."""
    count: int = 1
    details: tuple[tuple[str, int], ...] = ()
    """Codes with how many of each."""
    numbers: tuple[str, ...] = ()
    """Order numbers, some of them."""
    patience_s: float = 0.0
    """It is told only when it has been seen for so long."""

    @property
    def key(self) -> str:
        """The same trouble has the same key."""
        return f"{self.kind}:{self.connection}"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a situation between two looks."""

    situation: Situation
    """As it was last seen."""
    seen_at: float
    """When it was first seen."""
    gone_at: float = 0.0
    """Since when it is not seen any more; 0 while it is."""
    told_at: float = 0.0
    """When it was last told; 0 while it was not."""
    told_count: int = 0


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a message."""

    phase: str
    """`begun`, `again` or `settled`."""
    situation: Situation
    at: float
    """The moment it speaks of: of `settled` the end of the trouble."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """When to speak."""

    repeat_s: float = 4 * 3600.0
    """What lasts is told again after so long; 0 tells it once."""
    grown_s: float = 1800.0
    """What has grown is told again no sooner than this."""
    calm_s: float = 300.0
    """How long something must be away to be over."""
    muted: frozenset[str] = frozenset()
    """Kinds that are never told."""


class Decision(NamedTuple):
    """What to remember and what to say."""

    standings: dict[str, Standing]
    notices: tuple[Notice, ...]


def decide(
    found: Collection[Situation],
    known: Mapping[str, Standing],
    *,
    now: float,
    rules: Rules,
    silent: Collection[str] = (),
) -> Decision:
    """Return what to remember from now on, and what to tell now. `silent`: kinds that wait because of the hour."""
    here = {one.key: one for one in found if one.kind not in rules.muted}
    standings: dict[str, Standing] = {}
    notices: list[Notice] = []
    for key in sorted({*here, *known}):
        standing = _seen(here[key], known.get(key), now) if key in here else _away(known[key], now)
        if standing.situation.kind in rules.muted:
            continue
        phase = _phase(standing, here, now, rules)
        if phase and standing.situation.kind in silent:
            phase = ""
        elif phase:
            at = standing.gone_at if phase == "settled" else now
            notices.append(Notice(phase=phase, situation=standing.situation, at=at))
            standing = msgspec.structs.replace(standing, told_at=now, told_count=standing.situation.count)
        if phase != "settled" and not _is_over_untold(standing, now, rules):
            standings[key] = standing
    return Decision(standings, tuple(notices))


def _seen(situation: Situation, before: Standing | None, now: float) -> Standing:
    if before is None:
        return Standing(situation=situation, seen_at=now)
    since = min(situation.since, before.situation.since)
    still = msgspec.structs.replace(situation, since=since)
    return msgspec.structs.replace(before, situation=still, gone_at=0.0)


def _away(before: Standing, now: float) -> Standing:
    return before if before.gone_at else msgspec.structs.replace(before, gone_at=now)


def _phase(standing: Standing, here: Mapping[str, Situation], now: float, rules: Rules) -> str:
    situation = standing.situation
    if standing.gone_at:
        return "settled" if standing.told_at and now - standing.gone_at >= rules.calm_s else ""
    if not standing.told_at:
        if now - standing.seen_at < situation.patience_s:
            return ""
        causes = EXPLAINED_BY.get(situation.kind, frozenset())
        return "" if any(f"{kind}:{situation.connection}" in here for kind in causes) else "begun"
    quiet_s = now - standing.told_at
    if situation.kind in _GROWS and situation.count > standing.told_count and quiet_s >= rules.grown_s:
        return "again"
    return "again" if rules.repeat_s and quiet_s >= rules.repeat_s else ""


def _is_over_untold(standing: Standing, now: float, rules: Rules) -> bool:
    """Tell whether it ended before anybody was told of it."""
    return bool(standing.gone_at) and not standing.told_at and now - standing.gone_at >= rules.calm_s


def folded(waiting: Sequence[Notice], new: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the lines of one message in the place of two: of one situation the newest line counts.

    A beginning nobody has heard of stays a beginning while the trouble lasts.
    """
    lines = {notice.situation.key: notice for notice in waiting}
    for notice in new:
        before = lines.get(notice.situation.key)
        is_first = before is not None and before.phase == "begun" and notice.phase == "again"
        lines[notice.situation.key] = msgspec.structs.replace(notice, phase="begun") if is_first else notice
    return tuple(lines.values())


# --- series of errors ---------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """How one request ended."""

    at: float
    code: str
    """Empty where it went well."""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """When errors are a series."""

    errors: int = 10
    """So many in a row; or so many, and half of all, within `within_s`."""
    within_s: float = 900.0
    calm_s: float = 300.0
    """A mixed series has ended when nothing has failed for so long."""


def series_of(connection: str, outcomes: Sequence[Outcome], *, now: float, rule: Series) -> Situation | None:
    """Return the series of errors a connection is in; `outcomes` are its newest ones, newest first."""
    row = _leading_failures(outcomes)
    recent = [one for one in outcomes if now - one.at <= rule.within_s]
    failed = [one for one in recent if one.code]
    mixed = (
        len(failed) >= rule.errors and 2 * len(failed) >= len(recent) and now - failed[0].at <= rule.calm_s
    )
    if len(row) < rule.errors and not mixed:
        return None
    told = row if len(row) >= rule.errors else failed
    return Situation(
        kind=Kind.ERRORS.code,
        connection=connection,
        since=told[-1].at,
        count=len(told),
        details=tally(one.code for one in told),
    )


def _leading_failures(outcomes: Sequence[Outcome]) -> list[Outcome]:
    row: list[Outcome] = []
    for one in outcomes:
        if not one.code:
            break
        row.append(one)
    return row


# --- nothing personal ---------------------------------------------------------------------------------------------


def tally(codes: Iterable[str], *, most: int = 5) -> tuple[tuple[str, int], ...]:
    """Count codes, the most frequent first."""
    return tuple(Counter(codes).most_common(most))


def outcome_code(status: int, error: str) -> str:
    """Return what may be told of how a request ended: our own code or the HTTP status, never a vendor's sentence."""
    if _NETWORK_CODE.fullmatch(error):
        return error
    if 0 < status < 400:
        return "refused" if error else ""
    return f"HTTP {status}" if status else "no_answer"


def order_number(number: object, record: int) -> str:
    """Return what an order may be called in an alert: its number, or the hub's own where it could be a phone or a name."""
    text = number if isinstance(number, str) else ""
    digits = sum(character.isdigit() for character in text)
    is_phone = digits >= _PHONE_DIGITS and not text.startswith("00")
    if _NUMBER.fullmatch(text) and not is_phone:
        return text
    return f"#{record}"
