"""Pull: follow the wake-ups, then read what changed behind a cursor and settle it.

The cursor moves in the transaction that stores its page, a wake-up is done in the transaction that stores its look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from obmen.connectors.contract import Source
from obmen.engine import guarding
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, Outcome, settle_page
from obmen.engine.waking import HOOK, Wake, wake_of
from obmen.ledger.contract import Tx
from obmen.sync.shadow import Look


async def pull(hub: Hub, connection: str, entity: str, *, pages: int = 1000) -> Counter[str]:
    """Read pages until there is nothing more to read now; return what the looks came to."""
    await follow(hub, connection)
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
        if page.last:
            break
    await hub.ledger.run(lambda tx: guarding.evaluate(tx, hub, connection))
    return counted


async def follow(hub: Hub, connection: str) -> int:
    """Look again at what the wake-ups of one connection name; return how many were followed.

    Those of records that are being written at the moment stay for later.
    """
    wakes = await hub.ledger.run(lambda tx: _ripe(tx, connection))
    for entity in sorted({wake.entity for wake in wakes.values()}):
        await _look(
            hub, connection, {number: wake for number, wake in wakes.items() if wake.entity == entity}
        )
    return len(wakes)


async def _look(hub: Hub, connection: str, wakes: Mapping[int, Wake]) -> None:
    source = hub.connections[connection]
    entity = next(iter(wakes.values())).entity
    refs = list(dict.fromkeys(ref for wake in wakes.values() for ref in wake.refs))
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    fresh = await source.look(entity, refs) if refs and isinstance(source, Source) else ()

    def store(tx: Tx) -> None:
        _settle(tx, hub, connection, entity, fresh, read_at)
        for number, wake in wakes.items():
            _settle(tx, hub, connection, entity, wake.looks, wake.read_at)
            tx.move_envelope(number, state="done", position=-1, counted={})

    await hub.ledger.run(store)


def _settle(tx: Tx, hub: Hub, connection: str, entity: str, looks: Sequence[Look], read_at: int) -> None:
    if looks:
        arrival = Arrival(
            connection=connection, entity=entity, looks=looks, read_at=read_at, evidence="looked again"
        )
        settle_page(tx, hub, arrival)


def _ripe(tx: Tx, connection: str) -> dict[int, Wake]:
    """Return the wake-ups that are not about a record in the middle of a write."""
    ripe: dict[int, Wake] = {}
    for stored in tx.waiting_envelopes(connection):
        if stored.kind == HOOK:
            wake = wake_of(stored)
            refs = {*wake.refs, *(look.ref for look in wake.looks)}
            if not tx.attempts(connection, set(tx.bound(connection, wake.entity, refs).values())):
                ripe[stored.id] = wake
    return ripe
