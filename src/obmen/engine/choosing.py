"""Choosing: where two systems differ and a person is asked, he says whose value is right.

The value becomes the record's, whoever else waited for the answer is free again, and what follows goes out by the usual
way. Nothing is written anywhere by the choice itself.
"""

from __future__ import annotations

import msgspec

from obmen.engine import issues, outbox, reserving
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.linking import record_of, refuse_open
from obmen.errors import BadInput
from obmen.ledger.contract import JournalLine, Tx
from obmen.model import ENTITIES, Record, Value
from obmen.model.record import Said, restate
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Blocked, OneOf, Shadow


def choose(tx: Tx, hub: Hub, entity: str, record: int, atom: str, connection: str, *, why: str) -> Record:
    """Let what one system holds of a field be right, and end the question; return the record as it is then.

    Raises `BadInput` where nobody is asked about the field, or the system holds nothing of it that can be read.
    """
    kept = record_of(tx, entity, record)
    asked = _asked(tx, hub, kept, atom)
    if not asked:
        raise _not_asked(tx, hub, kept, atom)
    refuse_open(tx, connection, [record])
    value = _held(tx, hub, kept, atom, connection)
    said = Said(connection, hub.moment(why).at, why, (atom,))
    chosen = msgspec.structs.replace(
        kept, atoms={**kept.atoms, atom: value}, said=restate(kept.said, said), version=kept.version + 1
    )
    tx.put_records([chosen], new=False, keys={entity: hub.key_atoms(entity)})
    for name, shadow in asked.items():
        frozen = {one: code for one, code in shadow.frozen.items() if one != atom}
        resist = {one: state for one, state in shadow.resist.items() if one != atom}
        tx.put_shadows(name, entity, {record: msgspec.structs.replace(shadow, frozen=frozen, resist=resist)})
    tx.close_issues([issues.undecided_key(name, record, atom) for name in asked], at=hub.now())
    line = JournalLine(
        record=record,
        connection=connection,
        kind="person",
        entries=(Entry(atom, Reason.CHOSEN.code, kept.atoms.get(atom), value),),
        evidence=why,
    )
    tx.journal([line], at=hub.now(), tick=tx.tick())
    if entity == "order":
        reserving.note(tx, hub, connection, [chosen], read_at=tx.tick())
    elif entity == "offer":
        reserving.bring_up_to_date(tx, hub, [record])
    outbox.recompute(tx, hub, entity, records=[chosen], changed={record})
    return chosen


def _asked(tx: Tx, hub: Hub, record: Record, atom: str) -> dict[str, Shadow]:
    """Return the shadows in which a field waits for a person, by connection."""
    found: dict[str, Shadow] = {}
    for name in hub.connections:
        shadow = tx.shadows(name, [record.id]).get(record.id)
        if shadow is not None and atom in shadow.frozen:
            found[name] = shadow
    return found


def _held(tx: Tx, hub: Hub, record: Record, atom: str, connection: str) -> Value:
    shadow = tx.shadows(connection, [record.id]).get(record.id)
    known = ENTITIES[record.entity].atom(atom)
    if shadow is not None and atom in shadow.held:
        partners = Bindings()
        outbox.fetch_partner_refs(tx, connection, [record], partners)
        decoded = view_of(hub, connection, record.entity, partners).decode(known, atom, shadow.held[atom])
        current = record.atoms.get(atom)
        if isinstance(decoded, OneOf):
            return current if current in decoded.values else decoded.values[0]
        if not isinstance(decoded, Blocked):
            return decoded if known.inherit is None else known.inherit(current, decoded)
    raise BadInput(
        "choosing.not_held",
        f"{connection} holds nothing of {atom} of «{issues.name_of(record)}» that can be read: choose another system.",
        f"В {connection} у «{issues.name_of(record)}» нет понятного значения поля {atom}: выберите другую систему.",
    )


def _not_asked(tx: Tx, hub: Hub, record: Record, atom: str) -> BadInput:
    shadows = (tx.shadows(name, [record.id]).get(record.id) for name in hub.connections)
    open_ = sorted({one for shadow in shadows if shadow is not None for one in shadow.frozen})
    listed = ", ".join(open_) or "—"
    name = issues.name_of(record)
    return BadInput(
        "choosing.not_asked",
        f"«{name}»: nobody is asked about {atom}; fields that wait for a person: {listed}.",
        f"«{name}»: по полю {atom} выбирать нечего; решения ждут: {listed}.",
    )
