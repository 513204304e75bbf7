"""What orders keep of the stock until its owner counts it himself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from obmen.ledger.contract import Reserve
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, among, upsert
from obmen.ledger.tables import RESERVES

_ALL = sa.select(*RESERVES.columns)
_PUT = upsert(RESERVES, ("quantity", "known_at", "until"))
_DROP = Statement(
    sa.delete(RESERVES).where(
        RESERVES.c.of_order == sa.bindparam("of_order"), among(RESERVES.c.offer, "offers")
    )
)
_OF_ORDERS = Statement(_ALL.where(among(RESERVES.c.of_order, "orders")))
_OF_OFFERS = Statement(_ALL.where(among(RESERVES.c.offer, "offers")))
_KNOWN = Statement(
    _ALL.where(RESERVES.c.known_at > sa.literal_column("0"), RESERVES.c.known_at < sa.bindparam("before"))
)
_EXPIRED = Statement(_ALL.where(RESERVES.c.until <= sa.bindparam("now")))


class Reserves(Part):
    """One row per order and offer; few at any time, since an acknowledged order's go with the next stock."""

    def put_reserves(self, reserves: Sequence[Reserve]) -> None:
        """Store what orders keep; the same order and offer replaces."""
        self.db.bulk(_PUT, sorted(reserves))

    def drop_reserves(self, pairs: Collection[tuple[int, int]]) -> None:
        """Forget what these (order, offer) kept."""
        for order in sorted({order for order, _ in pairs}):
            offers = self.db.batch([offer for of, offer in pairs if of == order])
            self.db.run(_DROP, of_order=order, offers=offers)

    def reserves(self, orders: Collection[int]) -> list[Reserve]:
        """Return what these orders keep."""
        return [Reserve(*row) for row in self.db.rows(_OF_ORDERS, orders=self.db.batch(orders))]

    def reserves_of(self, offers: Collection[int]) -> list[Reserve]:
        """Return what is kept of these offers."""
        return [Reserve(*row) for row in self.db.rows(_OF_OFFERS, offers=self.db.batch(offers))]

    def known_reserves(self, *, before: int) -> list[Reserve]:
        """Return reserves the owner of the stock has known of since before a tick."""
        return [Reserve(*row) for row in self.db.rows(_KNOWN, before=before)]

    def expired_reserves(self, *, now: float) -> list[Reserve]:
        """Return reserves whose time has passed."""
        return [Reserve(*row) for row in self.db.rows(_EXPIRED, now=now)]
