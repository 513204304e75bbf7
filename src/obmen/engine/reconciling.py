"""Reconcile: walk a system in full and compare. Push is a hint, polling a habit; this is the truth."""

from __future__ import annotations

from collections import Counter

from obmen.connectors.contract import Source
from obmen.engine import guarding, outbox
from obmen.engine.following import follow
from obmen.engine.hub import Hub
from obmen.engine.looking import look_again
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.contract import Tx


async def reconcile(hub: Hub, connection: str, entity: str) -> Counter[str]:
    """Settle everything a system holds, confirm by looking what it does not hold any more, say anew who is behind.

    Returns the counters of the looks plus `gone`. Nothing is judged absent unless the walk came to its end.
    """
    source = hub.connections[connection]
    counted: Counter[str] = Counter()
    if not isinstance(source, Source):
        return counted
    began = await hub.ledger.run(lambda tx: tx.tick())
    shown: set[str] = set()
    complete = False
    read_at = began
    async for page in source.walk(entity):
        arrival = Arrival(
            connection=connection, entity=entity, looks=page.looks, read_at=read_at, evidence=f"walk@{began}"
        )
        outcome = await hub.ledger.run(lambda tx, arrival=arrival: settle_page(tx, hub, arrival))  # type: ignore[misc]
        counted.update(outcome.counted)
        shown.update(look.ref for look in page.looks)
        complete = page.last
        read_at = await hub.ledger.run(lambda tx: tx.tick())
    if complete:
        absent = await hub.ledger.run(lambda tx: _absent(tx, connection, entity, shown))
        for start in range(0, len(absent), 50):
            await look_again(hub, connection, entity, absent[start : start + 50], evidence="absent in a walk")
        counted["gone"] = len(absent)
    await follow(hub, connection)
    if hub.topologies[entity].reader(connection) is not None:
        await hub.ledger.run(lambda tx: outbox.project(tx, hub, connection, entity))
    await hub.ledger.run(lambda tx: guarding.evaluate(tx, hub, connection))
    return counted


def _absent(tx: Tx, connection: str, entity: str, shown: set[str]) -> list[str]:
    return sorted(set(tx.bound_in_scope(connection, entity, "").values()) - shown)
