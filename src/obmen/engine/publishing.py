"""Publish: give a connection every record its file is made of, page by page; the connection writes it and swaps it in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from obmen.connectors.contract import Card, Publisher
from obmen.engine import issues
from obmen.engine.hub import Hub, Matching
from obmen.ledger.contract import Tx

PAGE = 500


async def publish(hub: Hub, connection: str) -> bool:
    """Let a connection write its file anew; tell whether it stands. Where it does not, a person is told why."""
    publisher = hub.connections[connection]
    if not isinstance(publisher, Publisher) or not publisher.publishes:
        return False
    doubt = await publisher.publish(_cards(hub, connection, publisher.publishes))

    def store(tx: Tx) -> None:
        if doubt is None:
            tx.close_issues([issues.unpublished_key(connection)], at=hub.now())
        else:
            tx.open_issues([issues.unpublished(connection, doubt)], at=hub.now())

    await hub.ledger.run(store)
    return doubt is None


async def _cards(hub: Hub, connection: str, entities: tuple[str, ...]) -> AsyncIterator[Card]:
    for entity in entities:
        after, full = 0, True
        while full:
            cards, after, full = await hub.ledger.run(
                lambda tx, entity=entity, after=after: _page(tx, hub, connection, entity, after)  # type: ignore[misc]
            )
            for card in cards:
                yield card


def _page(tx: Tx, hub: Hub, connection: str, entity: str, after: int) -> tuple[list[Card], int, bool]:
    """Return the cards behind a record id, the last id looked at, and whether more may follow."""
    ids = tx.ids(entity, after=after, limit=PAGE)
    reader = hub.topologies[entity].reader(connection) if entity in hub.topologies else None
    keyed_by = hub.matching.get((connection, entity), Matching()).keyed_by
    refs: dict[int, dict[str, str]] = {}
    for binding in tx.bindings(ids):
        if binding.kind == "live":
            refs.setdefault(binding.record, {})[binding.connection] = binding.ref
    cards = [
        Card(
            entity=entity,
            record=record.id,
            ref=refs.get(record.id, {}).get(keyed_by or "", ""),
            refs=refs.get(record.id, {}),
            atoms=record.atoms,
        )
        for record in tx.records(ids).values()
        if record.merged_into is None and (reader is None or reader.when is None or reader.when(record))
    ]
    return cards, ids[-1] if ids else after, len(ids) == PAGE
