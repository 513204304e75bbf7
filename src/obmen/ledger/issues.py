"""What must be settled by a person or an event: waiting, issues and dangers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import READY, WAITING, Danger, Issue, OpenIssue, Waiter
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, among, unindexed, upsert, word
from obmen.ledger.tables import DANGERS, ISSUES, OUTBOX, WAITS

WRITE = "write"
_LAST = "\U0010ffff"
"""Behind every character a key may go on with."""

_ENCODE = msgspec.json.Encoder().encode
_DANGER = msgspec.json.Decoder(Danger).decode

_WAIT = upsert(WAITS)
_WAITING = Statement(
    sa.select(WAITS.c.record, WAITS.c.connection, WAITS.c.kind)
    .where(among(WAITS.c.key, "keys"))
    .distinct()
    .order_by(WAITS.c.record, WAITS.c.connection, WAITS.c.kind)
)
_WAITED_FOR = Statement(
    sa.select(WAITS.c.key, sa.func.min(WAITS.c.record), sa.func.min(WAITS.c.connection))
    .where(
        WAITS.c.key > sa.bindparam("after"),
        WAITS.c.key < sa.bindparam("end"),
        WAITS.c.kind == sa.bindparam("kind"),
    )
    .group_by(WAITS.c.key)
    .order_by(WAITS.c.key)
    .limit(sa.bindparam("limit"))
)
_ANYBODY = Statement(
    sa.select(WAITS.c.record)
    .where(WAITS.c.key >= sa.bindparam("first"), WAITS.c.key <= sa.bindparam("last"))
    .limit(sa.literal_column("1"))
)
_FORGET = Statement(sa.delete(WAITS).where(among(WAITS.c.key, "keys")))
_WAKE = Statement(
    sa.update(OUTBOX)
    .where(
        OUTBOX.c.connection == sa.bindparam("reader"),
        among(OUTBOX.c.record, "records"),
        unindexed(OUTBOX.c.state) == word(WAITING),
    )
    .values(state=word(READY), reason=word(""), wakes_on=sa.bindparam("nothing"))
)

_IS_OPEN = ISSUES.c.closed_at.is_(None)
_ISSUE = ("key", "code", "connection", "entity", "record", "ref", "en", "ru")


def _open(inserts: Any) -> Any:
    names = (*_ISSUE, "count", "opened_at", "seen_at")
    rows = inserts(ISSUES).values({name: sa.bindparam(name) for name in names})
    return rows.on_conflict_do_update(
        index_elements=[ISSUES.c.key],
        index_where=_IS_OPEN,
        set_={
            "count": ISSUES.c.count + sa.literal_column("1"),
            "seen_at": rows.excluded.seen_at,
            "en": rows.excluded.en,
            "ru": rows.excluded.ru,
        },
    )


_OPEN = Statement(_open)
_CLOSE = Statement(
    sa.update(ISSUES).where(_IS_OPEN, among(ISSUES.c.key, "keys")).values(closed_at=sa.bindparam("at"))
)
_ISSUES = Statement(
    sa.select(*ISSUES.columns).where(_IS_OPEN).order_by(ISSUES.c.id).limit(sa.bindparam("limit"))
)
_ISSUES_OF = Statement(
    sa.select(*ISSUES.columns)
    .where(_IS_OPEN, ISSUES.c.connection == sa.bindparam("connection"))
    .order_by(ISSUES.c.id)
    .limit(sa.bindparam("limit"))
)
_IS_OPEN_NOW = Statement(sa.select(ISSUES.c.id).where(_IS_OPEN, ISSUES.c.key == sa.bindparam("key")))

_PUT_DANGERS = upsert(DANGERS, ("document",))
_DROP_DANGERS = Statement(
    sa.delete(DANGERS).where(
        DANGERS.c.connection == sa.bindparam("connection"),
        DANGERS.c.record == sa.bindparam("record"),
        DANGERS.c.atom == sa.bindparam("atom"),
    )
)
_DANGERS = Statement(
    sa.select(DANGERS.c.document)
    .where(DANGERS.c.connection == sa.bindparam("connection"))
    .order_by(DANGERS.c.record, DANGERS.c.atom)
)


class Issues(Part):
    """Waiting, issues and dangers."""

    # --- waiting
    def wait(self, rows: Sequence[tuple[str, Waiter]]) -> None:
        """Note that a waiter waits for a key."""
        self.db.bulk(_WAIT, sorted([(key, *waiter) for key, waiter in rows], key=itemgetter(0)))

    def woken(self, keys: Collection[str]) -> list[Waiter]:
        """Return and forget who waited for these keys; waiting writes become ready."""
        if not keys:
            return []
        # Most pages bring nobody anything: one look at the whole range spares thousands.
        if self.db.row(_ANYBODY, first=min(keys), last=max(keys)) is None:
            return []
        batch = self.db.batch(keys)
        waiters = [Waiter(*row) for row in self.db.rows(_WAITING, keys=batch)]
        if not waiters:
            return []
        self.db.run(_FORGET, keys=batch)
        for reader in sorted({waiter.connection for waiter in waiters if waiter.kind == WRITE}):
            records = [
                waiter.record for waiter in waiters if waiter.connection == reader and waiter.kind == WRITE
            ]
            self.db.run(_WAKE, reader=reader, records=self.db.batch(records), nothing=self.db.document(b"[]"))
        return waiters

    def waited_for(
        self, prefix: str, kind: str, *, after: str = "", limit: int = 500
    ) -> list[tuple[str, Waiter]]:
        """Return the keys behind `after` that begin with a prefix, in order, each with one who waits for it."""
        rows = self.db.rows(_WAITED_FOR, after=max(after, prefix), end=prefix + _LAST, kind=kind, limit=limit)
        return [(key, Waiter(record, connection, kind)) for key, record, connection in rows]

    # --- issues
    def open_issues(self, issues: Sequence[Issue], *, at: float) -> None:
        """Open issues, or count them once more."""
        rows = [(*(getattr(issue, name) for name in _ISSUE), 1, at, at) for issue in issues]
        rows.sort(key=lambda row: str(row[0]))
        self.db.many(_OPEN, rows)

    def close_issues(self, keys: Collection[str], *, at: float) -> None:
        """Close issues that are settled."""
        if keys:
            self.db.run(_CLOSE, keys=self.db.batch(keys), at=at)

    def issues(self, *, connection: str | None = None, limit: int = 200) -> list[OpenIssue]:
        """Return open issues, oldest first."""
        if connection is None:
            rows = self.db.rows(_ISSUES, limit=limit)
        else:
            rows = self.db.rows(_ISSUES_OF, connection=connection, limit=limit)
        return [
            OpenIssue(
                id=row.id,
                issue=Issue(**{name: getattr(row, name) for name in _ISSUE}),
                # `row.count` is a method of every tuple.
                count=row._mapping["count"],  # noqa: SLF001 - public in SQLAlchemy
                opened_at=row.opened_at,
                seen_at=row.seen_at,
            )
            for row in rows
        ]

    def is_open(self, key: str) -> bool:
        """Tell whether an issue is open."""
        return self.db.row(_IS_OPEN_NOW, key=key) is not None

    # --- dangers
    def put_dangers(self, dangers: Sequence[Danger]) -> None:
        """Note dangerous changes; the same record and atom replaces."""
        rows = [(danger.connection, danger.record, danger.atom, _ENCODE(danger)) for danger in dangers]
        rows.sort()
        self.db.bulk(_PUT_DANGERS, rows)

    def drop_dangers(self, connection: str, pairs: Collection[tuple[int, str]]) -> None:
        """Forget dangers of (record, atom) that are none any more."""
        self.db.many(_DROP_DANGERS, [(connection, *pair) for pair in sorted(pairs)])

    def dangers(self, connection: str) -> list[Danger]:
        """Return what this system said that is still held."""
        return [_DANGER(row[0]) for row in self.db.rows(_DANGERS, connection=connection)]
