"""Re-project: read what a system holds with today's mapping, after a mapping was saved. In portions of records.

Shadows keep wire codes, so that editing a table never looks like an edit over there. What can be read now is settled;
what cannot be read any more is left alone; a system that said the record's value says it again in its new meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from obmen.engine import issues, outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.contract import HELD, LEASED, READY, WAITING, Delivery, Tx, Waiter
from obmen.model import ENTITIES, Record
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Blocked, Look, OneOf, Shadow, View, Withheld, partners_in

BATCH = 500
"""Records judged in one transaction."""


def reproject(tx: Tx, hub: Hub, connection: str, entity: str) -> None:
    """Judge all of one system's shadows anew, and who is behind there; what follows is written at once."""
    after = 0
    while (last := portion(tx, hub, connection, entity, after=after, held=False)) is not None:
        after = last


def portion(tx: Tx, hub: Hub, connection: str, entity: str, *, after: int, held: bool) -> int | None:
    """Judge the next records behind `after` anew; return the last of them, None when there are no more.

    Where it is `held`, what nobody was going to write before waits for a plan, in every system; what was on its way
    goes on.
    """
    ids = tx.ids(entity, after=after, limit=BATCH)
    if not ids:
        return None
    topology = hub.topologies[entity]
    before = {reader.to: tx.deliveries(reader.to, ids) for reader in topology.readers} if held else {}
    versions = {record.id: record.version for record in tx.records(ids).values()} if held else {}
    careful = msgspec.structs.replace(hub, remapping=True) if held else hub
    refs = tx.refs_of(connection, ids)
    if refs:
        _judge_all(tx, careful, connection, entity, refs)
    if topology.reader(connection) is not None:
        outbox.project_some(tx, careful, connection, ids)
    unchanged = {n for n, record in tx.records(versions).items() if record.version == versions[n]}
    for reader, rows in before.items():
        _hold_no_more(tx, reader, ids, rows, unchanged)
    return ids[-1]


def tell_held(tx: Tx, hub: Hub, reader: str) -> None:
    """Say what edited tables bring to a system and a plan must let go; nothing once that is nothing."""
    held = sum(row.reason == Reason.HELD_MAPPING.code for row in tx.outbox(reader))
    if held:
        tx.open_issues([issues.remapped(reader, held)], at=hub.now())
    else:
        tx.close_issues([issues.remapped_key(reader)], at=hub.now())


def _hold_no_more(
    tx: Tx, reader: str, ids: Sequence[int], before: Mapping[int, Delivery], unchanged: Collection[int]
) -> None:
    """Hold nothing but what the new tables bring.

    What was on its way goes on. What waited is planned again and waits again, unless the record has become another.
    What nobody was going to create there is as unwanted as before.
    """
    held = [
        row
        for row in tx.deliveries(reader, ids).values()
        if (row.state, row.reason) == (HELD, Reason.HELD_MAPPING.code)
    ]
    bound = tx.refs_of(reader, [row.record for row in held])
    going: list[Delivery] = []
    unwanted: list[int] = []
    for row in held:
        old = before.get(row.record)
        if old is None:
            if row.record in unchanged and row.record not in bound:
                unwanted.append(row.record)
        elif old.state in {READY, LEASED} or (old.state == WAITING and row.record in unchanged):
            going.append(msgspec.structs.replace(old, state=READY, reason="", wakes_on=()))
    tx.reschedule(going)
    tx.drop_deliveries(reader, unwanted)


def _judge_all(tx: Tx, hub: Hub, connection: str, entity: str, refs: dict[int, str]) -> None:
    records = tx.records(refs)
    shadows = tx.shadows(connection, refs)
    view = view_of(hub, connection, entity, _partners(tx, connection, entity, records, shadows.values()))
    moved: dict[int, Shadow] = {}
    looks: list[Look] = []
    readable: set[str] = set()
    for number, shadow in shadows.items():
        record = records[number]
        judged, again = _judge(view, record, shadow)
        if judged is not shadow:
            moved[number] = judged
            for atom in sorted(set(judged.blocked) - set(shadow.blocked)):
                key = judged.blocked[atom]
                tx.wait([(key, Waiter(number, connection, "look"))])
                tx.open_issues(
                    [issues.unreadable(hub.connections[connection], record, atom, key)], at=hub.now()
                )
        if again:
            readable |= {shadow.blocked[atom] for atom in again if atom in shadow.blocked}
            fields = {atom: shadow.held[atom] for atom in again}
            looks.append(Look(ref=refs[number], fields=fields, title=record.title))
    if moved:
        tx.put_shadows(connection, entity, moved)
    if readable:
        tx.woken(readable)
        tx.close_issues([issues.unmapped_key(key) for key in readable], at=hub.now())
    if looks:
        arrival = Arrival(
            connection=connection, entity=entity, looks=looks, read_at=tx.tick(), evidence="mapping changed"
        )
        settle_page(tx, hub, arrival)


def _judge(view: View, record: Record, shadow: Shadow) -> tuple[Shadow, list[str]]:
    """Return the shadow under today's mapping and the atoms to be settled again."""
    held = dict(shadow.held)
    sent = dict(shadow.sent)
    blocked = dict(shadow.blocked)
    again: list[str] = []
    for atom, wire in shadow.held.items():
        value = view.decode(ENTITIES[record.entity].atom(atom), atom, wire)
        if isinstance(value, Blocked):
            if atom not in shadow.mine:
                blocked[atom] = value.wakes_on
        elif atom in blocked:
            again.append(atom)
        elif record.by(atom) == view.system and atom not in shadow.mine and not _is(value, record, atom):
            # It said the record's value and now says it in another sense: an assertion on top of what we know.
            held.pop(atom)
            ours = view.encode(ENTITIES[record.entity].atom(atom), atom, record.atoms[atom])
            if not isinstance(ours, Blocked | Withheld):
                sent[atom] = ours
            again.append(atom)
    if (held, blocked) == (shadow.held, shadow.blocked):
        return shadow, again
    return msgspec.structs.replace(shadow, held=held, sent=sent, blocked=blocked), again


def _is(value: object, record: Record, atom: str) -> bool:
    current = record.atoms[atom]
    return current in value.values if isinstance(value, OneOf) else value == current


def _partners(
    tx: Tx, connection: str, entity: str, records: dict[int, Record], shadows: Iterable[Shadow]
) -> Bindings:
    partners = Bindings()
    named: dict[str, set[str]] = {}
    for shadow in shadows:
        for partner, ref in partners_in(ENTITIES[entity], shadow.held):
            named.setdefault(partner, set()).add(str(ref))
    for partner in sorted(named):
        partners.fetch_records(tx, connection, partner, named[partner])
    outbox.fetch_partner_refs(tx, connection, records.values(), partners)
    return partners
