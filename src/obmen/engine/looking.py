"""Look before writing: at what the target may have decided meanwhile, and for what is about to be created there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from obmen.connectors.contract import Source, Target
from obmen.engine import issues, outbox
from obmen.engine.hub import Hub
from obmen.engine.matching import found_there, possible
from obmen.engine.preparing import Prepared, prepare, step_of, waiting_row
from obmen.engine.settling import Arrival, resettle, settle_page
from obmen.ledger.contract import Binding, Delivery, JournalLine, Tx
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Look, bind_key, bound_key


async def look_first(hub: Hub, connection: str, prepared: Prepared) -> None:
    """Look at what is about to be written where the target may have decided something, and settle it."""
    refs = [candidate.ref for candidate in prepared.look_first if candidate.ref is not None]
    await look_again(hub, connection, prepared.entity, refs, evidence="look before write")


async def look_again(hub: Hub, connection: str, entity: str, refs: Sequence[str], *, evidence: str) -> None:
    """Look at these objects now and settle what they show."""
    source = hub.connections[connection]
    if not refs or not isinstance(source, Source):
        return
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await source.look(entity, refs)
    arrival = Arrival(connection=connection, entity=entity, looks=looks, read_at=read_at, evidence=evidence)
    await hub.ledger.run(lambda tx: settle_page(tx, hub, arrival))


async def find_first(
    hub: Hub, connection: str, prepared: Prepared, rows: Sequence[Delivery], *, looked: Collection[int] = ()
) -> Prepared:
    """Search a system for what is about to be created in it; what is there already is bound and settled instead."""
    target = hub.connections[connection]
    if Law.FIND_BEFORE_CREATE not in hub.laws or not isinstance(target, Target):
        return prepared
    steps = [step_of(candidate) for candidate in prepared.create]
    found = await target.find(prepared.entity, steps)
    if not any(found.values()):
        return prepared
    hits = await hub.ledger.run(lambda tx: found_there(tx, connection, found))
    if not hits:
        return prepared
    refs = list(dict.fromkeys(ref for found_refs in hits.values() for ref in found_refs))
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await target.look(prepared.entity, refs) if isinstance(target, Source) else ()
    adopted = await hub.ledger.run(lambda tx: adopt(tx, hub, connection, prepared, hits, looks, read_at))
    again = await hub.ledger.run(lambda tx: prepare(tx, hub, connection, rows, looked={*looked, *adopted}))
    found_none = {candidate.record.id for candidate in prepared.create} - set(hits)
    return again._replace(create=[new for new in again.create if new.record.id in found_none])


def adopt(
    tx: Tx,
    hub: Hub,
    connection: str,
    prepared: Prepared,
    hits: Mapping[int, tuple[str, ...]],
    looks: Sequence[Look],
    read_at: int,
) -> set[int]:
    """Bind what was found and settle what it shows; return the records bound.

    Two objects, or one that is somebody else's, are an issue.
    """
    shown = {look.ref: look for look in looks}
    adopted: dict[int, str] = {}
    for candidate in prepared.create:
        record = candidate.record
        refs = [ref for ref in hits.get(record.id, ()) if ref not in adopted.values()]
        if record.id not in hits:
            continue
        free = possible(tx, connection, prepared.entity, record.id, refs, shown)
        if (len(refs) != 1 or not free) and Law.TWO_IS_AN_ISSUE in hub.laws:
            tx.open_issues([issues.two_found(connection, record, hits[record.id])], at=hub.now())
            row = outbox.row(hub, connection, record)
            tx.reschedule([waiting_row(row, Reason.DOUBLE, ())])
            continue
        adopted[record.id] = (free or list(hits[record.id]))[0]
        tx.bind([Binding(connection, prepared.entity, adopted[record.id], record.id)])
        unknown = issues.stranger_key(Reason.NOT_A_CREATOR, connection, prepared.entity, adopted[record.id])
        tx.close_issues([unknown], at=hub.now())
        line = JournalLine(
            record=record.id,
            connection=connection,
            kind="create",
            entries=(Entry("", Reason.ADOPTED.code, detail=adopted[record.id]),),
        )
        tx.journal([line], at=hub.now(), tick=tx.tick())
    arrival = Arrival(
        connection=connection,
        entity=prepared.entity,
        looks=[shown[ref] for ref in adopted.values() if ref in shown],
        read_at=read_at,
        evidence="found before create",
    )
    settle_page(tx, hub, arrival)
    wakes = [bind_key(connection, prepared.entity, ref) for ref in adopted.values()]
    woken = tx.woken([*wakes, *(bound_key(connection, number) for number in adopted)])
    if woken and Law.PARTNER_WAKES in hub.laws:
        resettle(tx, hub, woken)
    return set(adopted)
