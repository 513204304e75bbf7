"""Re-project: read what a system holds with today's mapping, after a mapping was saved. One transaction.

Shadows keep wire codes, so that editing a table never looks like an edit over there. What can be read now is settled;
what cannot be read any more is left alone; a system that said the record's value says it again in its new meaning.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from obmen.engine import issues, outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.contract import Tx, Waiter
from obmen.model import ENTITIES, Record
from obmen.sync.shadow import Blocked, Look, OneOf, Shadow, View

BATCH = 500


def reproject(tx: Tx, hub: Hub, connection: str, entity: str) -> int:
    """Judge one system's shadows anew; return how many records it is behind on now."""
    bound = sorted(tx.bound_in_scope(connection, entity, "").items())
    for start in range(0, len(bound), BATCH):
        _batch(tx, hub, connection, entity, dict(bound[start : start + BATCH]))
    if hub.topologies[entity].reader(connection) is None:
        return 0
    return outbox.project(tx, hub, connection, entity)


def _batch(tx: Tx, hub: Hub, connection: str, entity: str, refs: dict[int, str]) -> None:
    records = tx.records(refs)
    view = view_of(hub, connection, entity, _partners(tx, connection, entity, records.values()))
    moved: dict[int, Shadow] = {}
    looks: list[Look] = []
    readable: set[str] = set()
    for number, shadow in tx.shadows(connection, refs).items():
        record = records[number]
        judged, again = _judge(view, record, shadow)
        if judged is not shadow:
            moved[number] = judged
            for atom in sorted(set(judged.blocked) - set(shadow.blocked)):
                key = judged.blocked[atom]
                tx.wait([(key, Waiter(number, connection, "look"))])
                tx.open_issues([issues.unmapped(connection, record, atom, key)], at=hub.now())
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
            if not isinstance(ours, Blocked):
                sent[atom] = ours
            again.append(atom)
    if (held, blocked) == (shadow.held, shadow.blocked):
        return shadow, again
    return msgspec.structs.replace(shadow, held=held, sent=sent, blocked=blocked), again


def _is(value: object, record: Record, atom: str) -> bool:
    current = record.atoms[atom]
    return current in value.values if isinstance(value, OneOf) else value == current


def _partners(tx: Tx, connection: str, entity: str, records: Iterable[Record]) -> Bindings:
    partners = Bindings()
    refs = {atom.partner for atom in ENTITIES[entity].atoms if atom.partner is not None}
    for partner in refs:
        live = tx.bound_in_scope(connection, partner, "")
        for number, ref in live.items():
            partners.learn(partner, ref, number)
    outbox.fetch_partner_refs(tx, connection, records, partners)
    return partners
