"""Forget what is old: the journal, the raw log, page sightings, finished envelopes, closed issues.

Files are not touched here: an envelope may name a file of somebody else's, and two may name the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import UNFINISHED
from obmen.ledger.statement import Statement, among, word
from obmen.ledger.tables import (
    ALERT_TRIES,
    ALERTS,
    BIRTHS,
    ENVELOPES,
    EXCHANGES,
    ISSUES,
    JOURNAL,
    PLANS,
    SIGHTINGS,
)

if TYPE_CHECKING:
    from obmen.ledger.sql import SqlLedger, SqlTx

_DAY_S = 86_400.0
_ROWS = 2_000
"""Rows deleted per transaction: nobody waits long behind it."""


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days things are kept."""

    journal: float = 365.0
    exchanges: float = 7.0
    sightings: float = 30.0
    envelopes: float = 30.0
    issues: float = 90.0
    alerts: float = 90.0
    alert_tries: float = 90.0
    plans: float = 30.0


def _older(table: sa.Table, moment: sa.ColumnElement[Any], *also: sa.ColumnElement[bool]) -> Statement:
    """Return the query for the oldest rows that have outlived their time."""
    return Statement(
        sa.select(table.c.id)
        .where(moment < sa.bindparam("before"), *also)
        .order_by(table.c.id)
        .limit(sa.bindparam("limit"))
    )


def _oldest(table: sa.Table) -> Statement:
    """The same for tables that only grow: the oldest stand first, and nobody reads further than those."""
    key = _key(table)
    first = sa.select(key, table.c.at).order_by(key).limit(sa.bindparam("limit")).subquery()
    return Statement(sa.select(first.c[key.name]).where(first.c.at < sa.bindparam("before")))


def _delete(table: sa.Table) -> Statement:
    return Statement(sa.delete(table).where(among(_key(table), "ids")))


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key.columns
    return key


_LATER = SIGHTINGS.alias("later")
_NOT_THE_NEWEST = sa.exists(
    sa.select(sa.literal_column("1"))
    .select_from(_LATER)
    .where(
        _LATER.c.connection == SIGHTINGS.c.connection,
        _LATER.c.entity == SIGHTINGS.c.entity,
        _LATER.c.read_at > SIGHTINGS.c.read_at,
    )
)
_FINISHED = sa.and_(*(ENVELOPES.c.state != word(state) for state in UNFINISHED))

_OLD = (
    ("journal", _oldest(BIRTHS), _delete(BIRTHS)),
    ("journal", _oldest(JOURNAL), _delete(JOURNAL)),
    ("exchanges", _oldest(EXCHANGES), _delete(EXCHANGES)),
    ("sightings", _older(SIGHTINGS, SIGHTINGS.c.at, _NOT_THE_NEWEST), _delete(SIGHTINGS)),
    ("envelopes", _older(ENVELOPES, ENVELOPES.c.received_at, _FINISHED), _delete(ENVELOPES)),
    ("issues", _older(ISSUES, ISSUES.c.closed_at), _delete(ISSUES)),
    ("alerts", _oldest(ALERTS), _delete(ALERTS)),
    ("alert_tries", _oldest(ALERT_TRIES), _delete(ALERT_TRIES)),
)
_PATHS = Statement(sa.select(ENVELOPES.c.path).where(ENVELOPES.c.path != word("")).distinct())
_OLD_PLANS = Statement(sa.delete(PLANS).where(PLANS.c.at < sa.bindparam("before")))


async def prune(ledger: SqlLedger, *, now: float, keep: Keep) -> dict[str, int]:
    """Delete what has outlived its days, in small transactions, and return how much of each kind.

    The newest page of each entity of each connection is kept whatever its age.
    """
    counts = {kind: 0 for kind, _, _ in _OLD}
    for kind, find, delete in _OLD:
        before = now - getattr(keep, kind) * _DAY_S
        work = partial(_portion, find=find, delete=delete, before=before)
        while deleted := await ledger.run(work):
            counts[kind] += deleted
    before = now - keep.plans * _DAY_S
    counts["plans"] = await ledger.run(lambda tx: tx.db.run(_OLD_PLANS, before=before))
    return counts


def kept_files(tx: SqlTx) -> set[str]:
    """Return the files that envelopes name."""
    return {str(row[0]) for row in tx.db.rows(_PATHS)}


def _portion(tx: SqlTx, *, find: Statement, delete: Statement, before: float) -> int:
    """Delete some rows of one kind and return how many."""
    ids = [row[0] for row in tx.db.rows(find, before=before, limit=_ROWS)]
    if ids:
        tx.db.run(delete, ids=tx.db.batch(ids))
    return len(ids)
