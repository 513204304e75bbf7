"""Pull: read what changed behind a cursor and settle it. The cursor moves in the transaction that stores its page."""

from __future__ import annotations

from collections import Counter

from obmen.connectors.contract import Source
from obmen.engine import guarding
from obmen.engine.delivering import look_again
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, Outcome, settle_page
from obmen.ledger.contract import Tx


async def pull(hub: Hub, connection: str, entity: str, *, pages: int = 1000) -> Counter[str]:
    """Read pages until there is nothing more to read now; return what the looks came to."""
    source = hub.connections[connection]
    counted: Counter[str] = Counter()
    if not isinstance(source, Source):
        return counted
    for _ in range(pages):
        cursor, read_at = await hub.ledger.run(lambda tx: (tx.cursor(connection, entity), tx.tick()))
        page = await source.pull(entity, cursor)
        arrival = Arrival(
            connection=connection,
            entity=entity,
            looks=page.looks,
            read_at=read_at,
            evidence=f"poll@{read_at}",
        )

        def store(tx: Tx, arrival: Arrival = arrival, cursor: str = page.cursor) -> Outcome:
            outcome = settle_page(tx, hub, arrival)
            tx.put_cursor(connection, entity, cursor)
            return outcome

        outcome = await hub.ledger.run(store)
        counted.update(outcome.counted)
        await look_again(hub, connection, entity, outcome.look_again, evidence="superseded")
        if page.last:
            break
    await hub.ledger.run(lambda tx: guarding.evaluate(tx, hub, connection))
    return counted
