"""Pull: follow the wake-ups, then read what changed behind a cursor and settle it.

The cursor moves in the transaction that stores its page, a wake-up is done in the transaction that stores its look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from obmen.connectors.contract import Page, Source
from obmen.engine import guarding, issues
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, Outcome, settle_page
from obmen.engine.waking import HOOK, Wake, wake_of
from obmen.ledger.contract import JournalLine, Tx
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Look

REMEMBERED = 1000
"""Lines of a record's journal among which an act is sought before it is written down."""
AT_ONCE = 200
"""Wake-ups followed in one transaction; a shop that changes ten thousand orders tells of each."""


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

        def store(tx: Tx, arrival: Arrival = arrival, page: Page = page) -> Outcome:
            outcome = settle_page(tx, hub, arrival)
            _tell(tx, hub, connection, page)
            tx.put_cursor(connection, entity, page.cursor)
            return outcome

        outcome = await hub.ledger.run(store)
        counted.update(outcome.counted)
        if page.last:
            break
    await hub.ledger.run(lambda tx: guarding.evaluate(tx, hub, connection))
    return counted


def _tell(tx: Tx, hub: Hub, connection: str, page: Page) -> None:
    """Journal what others did, overwritten or not, each act once however often it is read; tell a person of doubts."""
    if page.doubts:
        told = [issues.noticed(connection, page.entity, doubt) for doubt in page.doubts]
        tx.open_issues(told, at=hub.now())
    known = tx.bound(connection, page.entity, {act.ref for act in page.acts}) if page.acts else {}
    heard: dict[int, set[str]] = {}
    tick = tx.tick() if known else 0
    for act in page.acts:
        record, evidence = known.get(act.ref), f"history {act.name}"
        if record is None:
            continue
        if record not in heard:
            heard[record] = {each.line.evidence for each in tx.history(record, limit=REMEMBERED)}
        if evidence in heard[record]:
            continue
        line = JournalLine(
            record=record,
            connection=connection,
            kind="look",
            entries=(Entry(act.atom, Reason.DONE_THERE.code, act.before, act.after, act.by),),
            evidence=evidence,
        )
        tx.journal([line], at=datetime.fromisoformat(act.at).timestamp(), tick=tick)


async def follow(hub: Hub, connection: str) -> int:
    """Look again at what the wake-ups of one connection name; return how many were followed.

    Those of records that are being written at the moment stay for later.
    """
    wakes = await hub.ledger.run(lambda tx: _ripe(tx, connection))
    for entity in sorted({wake.entity for wake in wakes.values()}):
        named = [(number, wake) for number, wake in wakes.items() if wake.entity == entity]
        for start in range(0, len(named), AT_ONCE):
            await _look(hub, connection, dict(named[start : start + AT_ONCE]))
    return len(wakes)


async def _look(hub: Hub, connection: str, wakes: Mapping[int, Wake]) -> None:
    source = hub.connections[connection]
    entity = next(iter(wakes.values())).entity
    named = (ref for wake in wakes.values() for ref in wake.refs)
    refs = (
        list(dict.fromkeys(named)) if entity in hub.topologies else []
    )  # a vendor tells of more than is exchanged
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
            about = {*wake.records, *tx.bound(connection, wake.entity, refs).values()}
            if not tx.attempts(connection, about):
                ripe[stored.id] = wake
    return ripe
