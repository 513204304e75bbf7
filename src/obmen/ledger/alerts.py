"""What alerts rest on: what is remembered of situations, every message, and every try to deliver one.

A message is a row before it is sent, and a try is a row when it has ended. A crash in between sends the message again
under the same number: at least once, never nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from obmen.ledger.database import Part
from obmen.ledger.statement import Row, Statement, among, insert, upsert, word
from obmen.ledger.tables import ALERT_TRIES, ALERTS, SITUATIONS
from obmen.sync.alerting import Notice, Standing

DUE = "due"
DELIVERED = "delivered"
FOLDED = "folded"
"""Its lines went into a later message."""
GIVEN_UP = "given_up"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as the ledger keeps it."""

    id: int = 0
    """Its number, shown to whoever reads it; given by the ledger."""
    at: float
    since: float
    """When the oldest of its lines became due: of a message that took over another one's, that one's."""
    state: str = DUE
    next_at: float = 0.0
    """Not tried before."""
    notices: tuple[Notice, ...] = ()


class Try(NamedTuple):
    """One try to deliver a message through one channel."""

    alert: int
    channel: str
    at: float
    error_en: str = ""
    """Empty where it was delivered."""
    error_ru: str = ""
    again_at: float = 0.0
    """Before this moment the channel asked not to be tried again."""


_ENCODE = msgspec.json.Encoder().encode
_STANDING = msgspec.json.Decoder(Standing).decode
_NOTICES = msgspec.json.Decoder(tuple[Notice, ...]).decode

_STANDINGS = Statement(sa.select(*SITUATIONS.columns))
_PUT_STANDING = upsert(SITUATIONS, ("document",))
_DROP_STANDINGS = Statement(sa.delete(SITUATIONS).where(among(SITUATIONS.c.key, "keys")))

_ADD = Statement(
    sa.insert(ALERTS)
    .values({column.name: sa.bindparam(column.name) for column in ALERTS.columns if column.name != "id"})
    .returning(ALERTS.c.id)
)
_MOVE = Statement(
    sa.update(ALERTS)
    .where(ALERTS.c.id == sa.bindparam("number"))
    .values(state=sa.bindparam("new_state"), next_at=sa.bindparam("new_next_at"))
)
_DUE = Statement(sa.select(*ALERTS.columns).where(ALERTS.c.state == word(DUE)).order_by(ALERTS.c.id))
_NEWEST = Statement(sa.select(*ALERTS.columns).order_by(ALERTS.c.id.desc()).limit(sa.bindparam("limit")))
_TRY = insert(ALERT_TRIES, but=["id"])
_TRY_COLUMNS = tuple(column for column in ALERT_TRIES.columns if column.name != "id")
_TRIES = Statement(
    sa.select(*_TRY_COLUMNS).where(among(ALERT_TRIES.c.alert, "alerts")).order_by(ALERT_TRIES.c.id)
)
_LAST_TRIES = Statement(
    sa.select(*_TRY_COLUMNS).where(
        ALERT_TRIES.c.id.in_(sa.select(sa.func.max(ALERT_TRIES.c.id)).group_by(ALERT_TRIES.c.channel))
    )
)


class Alerts(Part):
    """Situations, messages and tries."""

    def standings(self) -> dict[str, Standing]:
        """Return what is remembered of situations, by key."""
        return {row.key: _STANDING(row.document) for row in self.db.rows(_STANDINGS)}

    def put_standings(self, standings: Mapping[str, Standing], *, gone: Collection[str]) -> None:
        """Remember situations as given, and forget those that are over."""
        self.db.bulk(_PUT_STANDING, [(key, _ENCODE(one)) for key, one in sorted(standings.items())])
        if gone:
            self.db.run(_DROP_STANDINGS, keys=self.db.batch(sorted(gone)))

    def add_alert(self, alert: Alert) -> int:
        """Write a message down (its `id` is ignored) and return its number."""
        row = self.db.one(
            _ADD,
            at=alert.at,
            since=alert.since,
            state=alert.state,
            next_at=alert.next_at,
            document=self.db.document(_ENCODE(alert.notices)),
        )
        return int(row[0])

    def move_alert(self, number: int, *, state: str, next_at: float = 0.0) -> None:
        """Say what became of a message."""
        self.db.run(_MOVE, number=number, new_state=state, new_next_at=next_at)

    def due_alerts(self) -> list[Alert]:
        """Return the messages that are still to be delivered, oldest first."""
        return [_alert(row) for row in self.db.rows(_DUE)]

    def alerts(self, *, limit: int = 100) -> list[Alert]:
        """Return the newest messages, newest first."""
        return [_alert(row) for row in self.db.rows(_NEWEST, limit=limit)]

    def add_tries(self, tries: Sequence[Try]) -> None:
        """Note how tries ended."""
        self.db.many(_TRY, [tuple(one) for one in tries])

    def tries(self, alerts: Collection[int]) -> list[Try]:
        """Return the tries of these messages, oldest first."""
        return [Try(*row) for row in self.db.rows(_TRIES, alerts=self.db.batch(sorted(alerts)))]

    def last_tries(self) -> dict[str, Try]:
        """Return how each channel was tried last."""
        return {row.channel: Try(*row) for row in self.db.rows(_LAST_TRIES)}


def _alert(row: Row) -> Alert:
    return Alert(
        id=row.id,
        at=row.at,
        since=row.since,
        state=row.state,
        next_at=row.next_at,
        notices=_NOTICES(row.document),
    )
