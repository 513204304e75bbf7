"""Keep the outbox what it is: a cache of who is behind. Recomputed whenever anything it rests on changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from obmen.engine import judging
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.ledger.contract import HELD, READY, WAITING, Delivery, Tx, Waiter
from obmen.model import ENTITIES, Record
from obmen.sync.behind import Need, is_behind, need
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Shadow, has_partners_inside, partners_in


def recompute(
    tx: Tx,
    hub: Hub,
    entity: str,
    *,
    records: Sequence[Record],
    changed: Collection[int],
    born: Collection[int] = (),
    touched: str | None = None,
    held: Collection[int] = (),
) -> None:
    """Say for each reader who is behind.

    `changed` records are compared with every reader; the others only with `touched`, the system whose shadow moved.
    Records just `born` have no shadows anywhere, so that every reader but the one that brought them is behind
    without a question. `held` are the records a guard holds.
    """
    topology = hub.topologies[entity]
    if born:
        readers = [reader.to for reader in topology.readers if reader.to != touched]
        told = [record for record in records if record.id in born and not topology.leaves_alone(record)]
        _tell(tx, hub, readers, told)
    for reader in topology.readers:
        old = [
            record
            for record in records
            if (record.id in changed or (reader.to == touched and Law.RECOMPUTE in hub.laws))
            and (reader.to == touched or record.id not in born)
        ]
        rows: list[Delivery] = []
        if old:
            behind, up_to_date = compare(tx, hub, reader.to, old)
            seen = (
                [] if reader.to != touched else [record.id for record in behind if record.id not in changed]
            )
            by_tables = _only_by_tables(tx, reader.to, entity, seen) if seen else ()
            careful = msgspec.structs.replace(hub, remapping=True) if by_tables else hub
            rows = [
                row(careful if one.id in by_tables else hub, reader.to, one, guarded=one.id in held)
                for one in behind
            ]
            if up_to_date:
                tx.drop_deliveries(reader.to, up_to_date)
        if rows:
            tx.put_deliveries(rows)


def _only_by_tables(tx: Tx, connection: str, entity: str, seen: Sequence[int]) -> Collection[int]:
    """Return which records, merely seen there, are behind by nothing but tables that are still being judged anew."""
    judged = judging.queued(tx, connection, entity)
    if judged is None or judged.live:
        return ()
    return set(seen) - tx.deliveries(connection, seen).keys()


def _tell(tx: Tx, hub: Hub, readers: Sequence[str], newborn: Sequence[Record]) -> None:
    """Say that all these readers are behind on records just born, which no guard can know of yet."""
    if newborn:
        ids = [record.id for record in newborn]
        for reader in readers:
            tx.put_newborn(row(hub, reader, newborn[0]), ids)


def recompute_lane(tx: Tx, hub: Hub, connection: str, head: Record) -> None:
    """Say again who is behind in one system among those that name a record as their head, which was (un)bound there."""
    for entity in ENTITIES.values():
        if entity.lane_by is None or entity.atom(entity.lane_by).partner != head.entity:
            continue
        if entity.name in hub.topologies:
            members = tx.lane_members({head.id}, entity.name).get(head.id, [])
            records = [record for record in tx.records(members).values() if record.id != head.id]
            if records:
                recompute(tx, hub, entity.name, records=records, changed=(), touched=connection)


def compare(tx: Tx, hub: Hub, reader: str, records: Sequence[Record]) -> tuple[list[Record], list[int]]:
    """Return which records one reader is behind on, and the ids of those it is not."""
    topology = hub.topologies[records[0].entity]
    role = topology.reader(reader)
    ids = [record.id for record in records]
    if role is None:
        return [], ids
    shadows = tx.shadows(reader, ids)
    partners = Bindings()
    fetch_partner_refs(tx, reader, records, partners)
    view = view_of(hub, reader, topology.entity, partners)
    behind: list[Record] = []
    up_to_date: list[int] = []
    for record in records:
        shadow = shadows.get(record.id)
        if record.merged_into is not None or is_gone(hub, shadow):
            up_to_date.append(record.id)
            continue
        late = is_behind(
            record=record, shadow=shadow, view=view, topology=topology, reader=role, laws=hub.laws
        )
        if late:
            behind.append(record)
        else:
            up_to_date.append(record.id)
    return behind, up_to_date


def is_gone(hub: Hub, shadow: Shadow | None) -> bool:
    """Tell whether a system has deleted its object, so that nothing is written there any more."""
    return shadow is not None and shadow.gone and Law.RECREATE_NEVER in hub.laws


def fetch_partner_refs(tx: Tx, reader: str, records: Iterable[Record], partners: Bindings) -> None:
    """Fetch one system's refs of every partner these records name, and of those inside what it holds of them."""
    here = list(records)
    named = {
        number: partner
        for record in here
        for partner, number in partners_in(ENTITIES[record.entity], record.atoms)
        if isinstance(number, int) and not isinstance(number, bool)
    }
    if named:
        partners.fetch_refs(tx, reader, set(named))
    nested = [record for record in here if has_partners_inside(ENTITIES[record.entity])]
    if nested:
        for number, partner in named.items():
            ref = partners.ref_of(partner, number)
            if ref is not None:
                partners.learn(partner, ref, number)
        _fetch_held(tx, reader, nested, partners)


def _fetch_held(tx: Tx, reader: str, records: Sequence[Record], partners: Bindings) -> None:
    """Fetch the partners inside what a system holds: lines of an order may name goods the record no longer does."""
    shadows = tx.shadows(reader, [record.id for record in records])
    refs: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        shadow = shadows.get(record.id)
        for values in (shadow.held, shadow.sent) if shadow is not None else ():
            for partner, ref in partners_in(ENTITIES[record.entity], values):
                refs[partner].add(str(ref))
    for partner in sorted(refs):
        partners.fetch_records(tx, reader, partner, refs[partner])


def wake(tx: Tx, hub: Hub, waiters: Collection[Waiter]) -> None:
    """Plan again the writes that waited for what has come now."""
    for connection in sorted({waiter.connection for waiter in waiters}):
        ids = sorted({waiter.record for waiter in waiters if waiter.connection == connection})
        records = list(tx.records(ids).values())
        for entity in sorted({record.entity for record in records}):
            here = [record for record in records if record.entity == entity]
            behind, up_to_date = compare(tx, hub, connection, here)
            # What waited had been let go before; a plan or a guard does not hold it a second time. Waking has made
            # such rows ready already.
            rows = tx.deliveries(connection, [record.id for record in behind])
            free = {number for number, old in rows.items() if old.state in {READY, WAITING}}
            tx.reschedule(
                [msgspec.structs.replace(rows[n], state=READY, reason="", wakes_on=()) for n in sorted(free)]
            )
            tx.put_deliveries([row(hub, connection, record) for record in behind if record.id not in free])
            if up_to_date:
                tx.drop_deliveries(connection, up_to_date)


def finish(
    tx: Tx, hub: Hub, connection: str, records: Sequence[Record], waits: Mapping[int, Collection[str]]
) -> None:
    """Let the rest of written steps go on: what waited for its partner belongs to the step a plan has let go."""
    rows = tx.deliveries(connection, [record.id for record in records])
    held = [one for one in records if one.id in rows and rows[one.id].reason == Reason.HELD_PLAN.code]
    if not held:
        return
    wanted = needs(tx, hub, connection, held)
    freed = [
        msgspec.structs.replace(rows[number], state=READY, reason="")
        for number, one in wanted.items()
        if {*one.fields, *one.waits} <= set(waits[number])
    ]
    tx.reschedule(freed)


def needs(tx: Tx, hub: Hub, connection: str, records: Sequence[Record]) -> dict[int, Need]:
    """Return what should be written to one system of records of one entity; nothing where it is no reader."""
    topology = hub.topologies[records[0].entity]
    reader = topology.reader(connection)
    if reader is None:
        return {}
    shadows = tx.shadows(connection, [record.id for record in records])
    partners = Bindings()
    fetch_partner_refs(tx, connection, records, partners)
    view = view_of(hub, connection, topology.entity, partners)
    return {
        record.id: need(
            record=record,
            shadow=shadows.get(record.id),
            view=view,
            topology=topology,
            reader=reader,
            laws=hub.laws,
        )
        for record in records
    }


def row(hub: Hub, connection: str, record: Record, *, guarded: bool = False) -> Delivery:
    """Return the outbox row of a record one system is behind on."""
    planned = (connection, record.entity) in hub.planned
    reason = (
        Reason.HELD_GUARD
        if guarded
        else Reason.HELD_PLAN
        if planned
        else Reason.HELD_MAPPING
        if hub.remapping
        else None
    )
    return Delivery(
        record=record.id,
        connection=connection,
        entity=record.entity,
        lane=record.lane or record.id,
        rank=ENTITIES[record.entity].rank,
        state=READY if reason is None else HELD,
        reason="" if reason is None else reason.code,
        since=hub.now(),
    )


def unless_held(row: Delivery, *, state: str, reason: str = "", **moved: Any) -> Delivery:
    """Return a row that ends its lease, except that a hold put on it meanwhile stays."""
    if row.state == HELD:
        return msgspec.structs.replace(row, **moved)
    return msgspec.structs.replace(row, state=state, reason=reason, **moved)


def project(tx: Tx, hub: Hub, connection: str, entity: str, *, batch: int = 500) -> int:
    """Compare every record of an entity with one reader, new or with new eyes; return how many it is behind on."""
    count = after = 0
    while ids := tx.ids(entity, after=after, limit=batch):
        after = ids[-1]
        count += project_some(tx, hub, connection, ids)
    return count


def project_some(tx: Tx, hub: Hub, connection: str, ids: Sequence[int]) -> int:
    """Compare some records of an entity with one reader; return how many it is behind on."""
    endangered = {item.record for name in hub.connections for item in tx.dangers(name)}
    behind, up_to_date = compare(tx, hub, connection, list(tx.records(ids).values()))
    if behind:
        tx.put_deliveries(
            [row(hub, connection, record, guarded=record.id in endangered) for record in behind]
        )
    if up_to_date:
        tx.drop_deliveries(connection, up_to_date)
    return len(behind)


def external_codes(
    tx: Tx, hub: Hub, connection: str, entity: str, ids: Sequence[int]
) -> dict[int, dict[str, str]]:
    """Return the external code of each record: its ref in the system the connection is keyed by."""
    matching = hub.matching.get((connection, entity))
    if matching is None or matching.keyed_by is None:
        return {}
    return {number: {"xml_id": ref} for number, ref in tx.refs_of(matching.keyed_by, ids).items()}
