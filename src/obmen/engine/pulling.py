"""Pull: follow the wake-ups, then read what changed behind a cursor and settle it.

The cursor moves in the transaction that stores its page.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from obmen.connectors.contract import Page, Source
from obmen.engine import guarding, issues
from obmen.engine.following import follow
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, Outcome, settle_page
from obmen.ledger.contract import JournalLine, Tx
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry

REMEMBERED = 1000
"""Lines of a record's journal among which an act is sought before it is written down."""


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
