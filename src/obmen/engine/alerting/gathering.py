"""What is wrong now, as the ledger knows it. One transaction; no title, no sentence of an issue ever leaves it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from obmen.connectors.contract import Door
from obmen.engine.hub import Hub
from obmen.engine.issues import paused_key
from obmen.ledger.contract import READY
from obmen.ledger.sql import SqlTx
from obmen.ledger.troubles import Absent, Backlog, IssueCount
from obmen.model import ENTITIES, Record
from obmen.sync.alerting import (
    Kind,
    Outcome,
    Series,
    Situation,
    order_number,
    outcome_code,
    series_of,
    tally,
)
from obmen.sync.reasons import Reason
from obmen.sync.rules import Reader, family

NEWEST = 200
"""Exchanges a series of errors is looked for in."""
MOST = 1_000
"""Orders without a pair that are counted; more are not needed to get up at night."""
NAMED = 5
BY_HAND = "by_hand"
ACCESS = "access"
INBOX = "inbox"
OUTBOX = "outbox"
BY_HAND_PATIENCE_S = 3600.0
"""Who has just paused a connection knows of it; who has forgotten does not."""
LAG_PATIENCE_S = 300.0
"""Work that waited for an outage is worked off in minutes, and then nobody need know."""

_OF_PEOPLE = frozenset(
    reason.code
    for reason in (
        Reason.DOUBT,
        Reason.TUG_OF_WAR,
        Reason.FACTS_CLASH,
        Reason.REVIEW,
        Reason.DOUBLE,
        Reason.REJECTED,
        Reason.WAITING_MAPPING,
        Reason.BLOCKED,
        Reason.GONE,
        Reason.SAME_ARTICLE,
    )
)
_PAUSES = frozenset({Reason.ANOTHER_SYSTEM.code, Reason.HELD_EPOCH.code})
_OF_CONDITIONS = frozenset({"stage", "payments", "shipments", "cancelled", "money"})
"""Families of atoms a `when` speaks of: an order that could not go before counts from their last change."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """From when on something is wrong."""

    unpaired_after_s: float = 1800.0
    lag_after_s: float = 1800.0
    series: Series = Series()


def situations(tx: SqlTx, hub: Hub, watched: Watched, *, now: float) -> list[Situation]:
    """Return everything that is wrong now."""
    issues = defaultdict[str, list[IssueCount]](list)
    for one in tx.issue_counts():
        issues[one.connection].append(one)
    inbox = tx.inbox_backlog(before=now - watched.lag_after_s)
    found: list[Situation | None] = []
    for name in hub.connections:
        paused = _paused(tx, name, now)
        outcomes = [
            Outcome(one.at, outcome_code(one.status, one.error)) for one in tx.ended(name, limit=NEWEST)
        ]
        found += [
            paused,
            series_of(name, outcomes, now=now, rule=watched.series),
            _of_issues(Kind.SILENT, name, issues[name], {Reason.SILENT.code}),
            _of_issues(Kind.HELD, name, issues[name], {Reason.HELD_GUARD.code}),
            _of_issues(Kind.ATTENTION, name, issues[name], _OF_PEOPLE),
            _unpaired(tx, hub, name, now - watched.unpaired_after_s),
        ]
        backlogs = {INBOX: inbox.get(name)}
        if paused is None and not isinstance(
            hub.connections[name], Door
        ):  # who comes and takes is not kept waiting
            backlogs[OUTBOX] = tx.backlog(name, before=now - watched.lag_after_s)
        found.append(_lag(name, {code: one for code, one in backlogs.items() if one is not None}))
    return [one for one in found if one is not None]


def _paused(tx: SqlTx, name: str, now: float) -> Situation | None:
    state, reason = tx.state_of(name)
    if state == "active":
        return None
    opened = {one.issue.key: one.opened_at for one in tx.issues(connection=name, limit=10_000)}
    by_access = paused_key(name) in opened
    code = reason if reason in _PAUSES else ACCESS if by_access else BY_HAND
    return Situation(
        kind=Kind.PAUSED.code,
        connection=name,
        since=opened.get(paused_key(name), now),
        details=((code, 1),),
        patience_s=BY_HAND_PATIENCE_S if code == BY_HAND else 0.0,
    )


def _of_issues(kind: Kind, name: str, issues: Iterable[IssueCount], codes: Iterable[str]) -> Situation | None:
    """Return the open issues of some codes as one situation."""
    wanted = frozenset(codes)
    here = [one for one in issues if one.code in wanted]
    if not here:
        return None
    return Situation(
        kind=kind.code,
        connection=name,
        since=min(one.since for one in here),
        count=sum(one.number for one in here),
        details=tuple((one.code, one.number) for one in sorted(here, key=lambda one: -one.number)),
    )


def _lag(name: str, backlogs: Mapping[str, Backlog]) -> Situation | None:
    if not backlogs:
        return None
    return Situation(
        kind=Kind.LAG.code,
        connection=name,
        since=min(one.since for one in backlogs.values()),
        count=sum(one.number for one in backlogs.values()),
        details=tuple((code, one.number) for code, one in backlogs.items()),
        patience_s=LAG_PATIENCE_S,
    )


# --- orders without a pair ----------------------------------------------------------------------------------------


def _unpaired(tx: SqlTx, hub: Hub, name: str, before: float) -> Situation | None:
    late = unpaired(tx, hub, name, before=before)
    if not late:
        return None
    return Situation(
        kind=Kind.UNPAIRED.code,
        connection=name,
        since=min(since for _, _, since in late),
        count=len(late),
        details=tally(_why(hub, name, row) for _, row, _ in late),
        numbers=tuple(order_number(record.atoms.get("number"), record.id) for record, _, _ in late[:NAMED]),
    )


def _why(hub: Hub, name: str, row: Absent) -> str:
    if row.reason:
        return row.reason
    is_taken = row.state == READY and isinstance(hub.connections[name], Door)
    return Reason.TO_BE_TAKEN.code if is_taken else row.state


def unpaired(
    tx: SqlTx, hub: Hub, name: str, *, before: float, limit: int = MOST
) -> list[tuple[Record, Absent, float]]:
    """Return the orders one system should have had since `before` and has not, oldest first, and since when.

    Left out are orders whose turn has not come (`when`), and those a person holds back.
    """
    topology = hub.topologies.get("order")
    reader = None if topology is None else topology.reader(name)
    if reader is None:
        return []
    rows = tx.absent(name, "order", rank=ENTITIES["order"].rank, before=before, limit=limit)
    rows = [row for row in rows if row.reason != Reason.HELD_PERSON.code]
    records: Mapping[int, Record] = tx.records([row.record for row in rows])
    late = [
        (record, row, since)
        for row in rows
        if (record := records[row.record]).merged_into is None
        and (since := _could_go_since(record, row, reader)) is not None
        and since <= before
    ]
    return sorted(late, key=lambda one: one[2])


def _could_go_since(record: Record, row: Absent, reader: Reader) -> float | None:
    """Return since when an order could have gone: since its condition has held, as far as the record can tell."""
    if reader.when is None:
        return row.since
    if not reader.when(record):
        return None
    said = [
        datetime.fromisoformat(one.at).timestamp()
        for one in record.said
        if any(family(atom) in _OF_CONDITIONS for atom in one.atoms)
    ]
    return max([row.since, *said])
