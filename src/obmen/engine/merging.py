"""Merging: a person says that two records are one thing. What names the one names the other from then on."""

from __future__ import annotations

import msgspec

from obmen.engine import issues, outbox
from obmen.engine.holding import told
from obmen.engine.hub import Hub
from obmen.engine.linking import record_of, refuse_open, wake
from obmen.errors import BadInput
from obmen.ledger.contract import Tx
from obmen.model import ENTITIES, Record, Said, Value, decimal, plain, restate
from obmen.sync.reasons import Reason

PAGE = 1000


def merge(tx: Tx, hub: Hub, entity: str, keep: int, other: int, *, why: str) -> tuple[str, ...]:
    """Make two records one: `other` goes into `keep`, whose values stand; what it lacks is taken over.

    Returns the systems where both have an object: there the one of `other` is deaf from now on, and is a person's to
    delete or to merge.
    """
    kept, gone = record_of(tx, entity, keep), record_of(tx, entity, other)
    if keep == other:
        raise BadInput("linking.same", "This is one record already.", "Это и так одна карточка.")
    for connection in hub.connections:
        refuse_open(tx, connection, [keep, other])
    twofold: list[str] = []
    moved: list[tuple[str, str]] = []
    for binding in tx.bindings([other]):
        there = binding.connection
        if binding.kind == "live":
            ref = tx.refs_of(there, [keep]).get(keep)
            tx.unbind(there, [other], kind="alias")
            if ref is None:
                shadow = tx.shadows(there, [other]).get(other)
                if shadow is not None:
                    tx.put_shadows(there, entity, {keep: shadow})
                tx.bind([binding._replace(record=keep)])
                moved.append((there, binding.ref))
            else:
                tx.bind([binding._replace(record=keep, kind="alias")])
                twofold.append(there)
                tx.open_issues([issues.two_found(there, kept, (ref, binding.ref))], at=hub.now())
        elif binding.kind == "alias":
            tx.bind([binding._replace(record=keep)])
    kept = _completed(hub, kept, gone, why)
    gone = msgspec.structs.replace(gone, merged_into=keep, version=gone.version + 1)
    for connection in hub.connections:
        tx.drop_shadows(connection, [other])
        tx.drop_deliveries(connection, [other])
        tx.drop_hold(connection, entity, other)
    tx.put_records([kept, gone], new=False, keys={entity: hub.key_atoms(entity)})
    _rename(tx, hub, entity, other, keep)
    _move_reserves(tx, entity, other, keep)
    outbox.recompute(tx, hub, entity, records=[kept], changed=[keep])
    told(tx, hub, "", keep, Reason.UNITED, why, f"{other} → {keep}")
    told(tx, hub, "", other, Reason.UNITED, why, f"{other} → {keep}")
    for connection, ref in moved:
        wake(tx, hub, connection, entity, ref, keep)
    return tuple(twofold)


def _completed(hub: Hub, kept: Record, gone: Record, why: str) -> Record:
    """Return the record that stays, with what only the other one had, under the names of those who said it."""
    lacking = {
        name: value
        for name, value in gone.atoms.items()
        if value is not None and kept.atoms.get(name) is None
    }
    said = kept.said
    at = hub.moment(why).at
    for name in lacking:
        said = restate(said, Said(gone.by(name) or gone.origin, at, why, (name,)))
    return msgspec.structs.replace(
        kept,
        atoms={**kept.atoms, **lacking},
        said=said,
        version=kept.version + 1,
        title=kept.title or gone.title,
    )


def _rename(tx: Tx, hub: Hub, entity: str, other: int, keep: int) -> None:
    """Let every record that names the one name the other: offers of a product, lines of orders."""
    for kind in ENTITIES.values():
        if all(atom.partner != entity for atom in kind.atoms) or kind.name not in hub.topologies:
            continue
        after = 0
        while ids := tx.ids(kind.name, after=after, limit=PAGE):
            after = ids[-1]
            renamed = [
                one
                for record in tx.records(ids).values()
                if (one := _renamed(record, entity, other, keep)) is not record
            ]
            if renamed:
                tx.put_records(renamed, new=False, keys={kind.name: hub.key_atoms(kind.name)})
                numbers = [record.id for record in renamed]
                outbox.recompute(tx, hub, kind.name, records=renamed, changed=numbers)


def _renamed(record: Record, entity: str, other: int, keep: int) -> Record:
    """Return a record that names `keep` wherever it named `other`; the same object where it did not."""
    kind = ENTITIES[record.entity]
    atoms: dict[str, Value] = {}
    for name, value in record.atoms.items():
        atom = kind.atom(name)
        if atom.partner != entity:
            continue
        if atom.inside is not None:
            new = _inside(value, atom.inside, entity, other, keep)
        elif atom.many and isinstance(value, list):
            new = list(dict.fromkeys(keep if one == other else one for one in value))
        else:
            new = keep if value == other else value
        if new != value:
            atoms[name] = new
    if not atoms:
        return record
    lane = keep if record.lane == other else record.lane
    return msgspec.structs.replace(
        record, atoms={**record.atoms, **atoms}, version=record.version + 1, lane=lane
    )


def _inside(value: Value, inside: str, entity: str, other: int, keep: int) -> Value:
    if not isinstance(value, dict) or not isinstance(lines := value.get(inside), list):
        return value
    return {
        **value,
        inside: [
            {**line, entity: keep} if isinstance(line, dict) and line.get(entity) == other else line
            for line in lines
        ],
    }


def _move_reserves(tx: Tx, entity: str, other: int, keep: int) -> None:
    """Let what orders keep of one offer be kept of the other; an order that is no more keeps nothing."""
    if entity == "offer":
        kept = {reserve.order: decimal(reserve.quantity) for reserve in tx.reserves_of([keep])}
        moved = tx.reserves_of([other])
        tx.drop_reserves([(reserve.order, other) for reserve in moved])
        tx.put_reserves(
            [
                reserve._replace(
                    offer=keep, quantity=plain(decimal(reserve.quantity) + kept.get(reserve.order, 0))
                )
                for reserve in moved
            ]
        )
    elif entity == "order":
        tx.drop_reserves([(reserve.order, reserve.offer) for reserve in tx.reserves([other])])
