"""Plans: what would be written, shown before anything is; and `apply`, which writes only that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from obmen.connectors.contract import Source, Target
from obmen.engine import holding, outbox
from obmen.engine.delivering import deliver
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.issues import restored_key
from obmen.engine.preparing import Candidate, birth, step_of
from obmen.engine.reprojecting import tell_held
from obmen.engine.resolving import resolve
from obmen.engine.siblings import bare_siblings
from obmen.ledger.contract import HELD, READY, WAITING, Delivery, Tx
from obmen.model import ENTITIES, Record
from obmen.sync.behind import need
from obmen.sync.plan import Pin, PlannedStep, digest
from obmen.sync.reasons import Reason

PLANNABLE = frozenset({Reason.HELD_PLAN.code, Reason.HELD_EPOCH.code, Reason.HELD_MAPPING.code})
SETTLED_BY_PEOPLE = frozenset({Reason.REJECTED.code, Reason.DOUBLE.code})
"""Reasons of waiting that a plan does not end."""
HOLD, ACTIVE = "hold", "active"
WINDOW = 1000
"""Steps written at a time, so that a claim does not carry a whole plan."""


class Applied(NamedTuple):
    """What became of a plan: steps let go, steps that moved since it was made, steps that wait for something else."""

    released: list[PlannedStep]
    moved: list[PlannedStep]
    kept: list[tuple[PlannedStep, Delivery]]


async def acquaint(hub: Hub, connection: str) -> None:
    """Let a connection learn the dictionaries of its system, so that a plan is made with the eyes that will write it."""
    source = hub.connections[connection]
    if isinstance(source, Source):
        for entity, topology in hub.topologies.items():
            if topology.reader(connection) is not None:
                await source.look(entity, ())
                return


def make_plan(tx: Tx, hub: Hub, connection: str) -> tuple[PlannedStep, ...]:
    """Return every write one connection would get, held ones included, and store the plan under its digest."""
    rows = tx.outbox(connection)
    steps = tuple(_steps(tx, hub, connection, rows))
    tx.put_plan(digest(steps), msgspec.json.encode(steps), at=hub.now())
    return steps


def apply_plan(tx: Tx, hub: Hub, asked: str) -> Applied | None:
    """Let go the steps of a stored plan that still hold; None when no plan has this digest.

    What a guard or a refusal keeps is not a plan's to let go. A connection that waited for its first plan after a
    restore works again.
    """
    listed = planned(tx, asked)
    if listed is None:
        return None
    applied = Applied([], [], [])
    for connection in sorted({step.connection for step in listed}):
        here = [step for step in listed if step.connection == connection]
        rows = tx.deliveries(connection, [step.record for step in here])
        today = {step.record: step for step in _steps(tx, hub, connection, list(rows.values()))}
        kept_back = {step.entity: holding.held_back(tx, connection, step.entity) for step in here}
        released: list[Delivery] = []
        for step in here:
            now = today.get(step.record)
            row = rows.get(step.record)
            if row is not None and step.gated:
                waits = msgspec.structs.replace(row, state=WAITING, reason=Reason.WAITING_CONDITION.code)
                applied.kept.append((step, waits))
            elif now is None or row is None or now.pin != step.pin or now.fields != step.fields:
                applied.moved.append(step)
            elif is_kept(row):
                applied.kept.append((step, row))
            elif kept_back[step.entity](step.record):
                held = msgspec.structs.replace(row, state=HELD, reason=Reason.HELD_PERSON.code)
                applied.kept.append((step, held))
            else:
                applied.released.append(step)
                if row.state == HELD:
                    released.append(msgspec.structs.replace(row, state=READY, reason=""))
        tx.reschedule(released)
        tell_held(tx, hub, connection)
        if tx.state_of(connection)[0] == HOLD:
            tx.put_state(connection, ACTIVE, "")
            tx.close_issues([restored_key(connection)], at=hub.now())
    return applied


def planned(tx: Tx, asked: str) -> tuple[PlannedStep, ...] | None:
    """Return the steps of a stored plan, None when no plan has this digest."""
    body = tx.plan(asked)
    return None if body is None else msgspec.json.decode(body, type=tuple[PlannedStep, ...])


def is_kept(row: Delivery) -> bool:
    """Tell whether something else than a plan must let a row go."""
    if row.state == HELD:
        return row.reason not in PLANNABLE
    return row.state == WAITING and row.reason in SETTLED_BY_PEOPLE


async def carry_out(
    hub: Hub, connection: str, steps: Sequence[PlannedStep], told: Callable[[int], None]
) -> list[Delivery]:
    """Write released steps of one connection, and nothing else; `told` hears how many are done.

    Returns what is left: it waits for something, is held because it moved, or for an answer that is to be looked up.
    """
    left = await _left(hub, connection, steps)
    while True:
        before = len(left)
        for start in range(0, len(steps), WINDOW):
            window = steps[start : start + WINDOW]
            scope = {step.record: step for step in window}
            while await deliver(hub, connection, scope=scope) or await resolve(hub, connection):
                told(start + len(window) - len(await _left(hub, connection, window)))
        # What waited for a partner of a later window, such as a section for its parent, goes in another round.
        left = await _left(hub, connection, steps)
        if len(left) in {0, before}:
            return left


async def _left(hub: Hub, connection: str, steps: Sequence[PlannedStep]) -> list[Delivery]:
    records = [step.record for step in steps]
    return list((await hub.ledger.run(lambda tx: tx.deliveries(connection, records))).values())


def _steps(tx: Tx, hub: Hub, connection: str, rows: Sequence[Delivery]) -> list[PlannedStep]:
    steps: list[PlannedStep] = []
    records = tx.records([row.record for row in rows])
    for entity in sorted({row.entity for row in rows}, key=lambda name: ENTITIES[name].rank):
        here = [records[row.record] for row in rows if row.entity == entity and row.record in records]
        steps += _steps_of(tx, hub, connection, entity, here)
    return steps


def _steps_of(tx: Tx, hub: Hub, connection: str, entity: str, records: Sequence[Record]) -> list[PlannedStep]:
    topology = hub.topologies[entity]
    reader = topology.reader(connection)
    if reader is None:
        return []
    ids = [record.id for record in records]
    shadows = tx.shadows(connection, ids)
    refs = tx.refs_of(connection, ids)
    partners = Bindings()
    outbox.fetch_partner_refs(tx, connection, records, partners)
    view = view_of(hub, connection, entity, partners)
    target = hub.connections[connection]
    bare = bare_siblings(tx, records, refs) if entity == "offer" else frozenset()
    steps: list[PlannedStep] = []
    for record in records:
        shadow = shadows.get(record.id)
        wanted = need(
            record=record, shadow=shadow, view=view, topology=topology, reader=reader, laws=hub.laws
        )
        if record.merged_into is not None or (shadow is not None and shadow.gone) or not wanted.is_behind:
            continue
        candidate = Candidate(record, wanted, shadow, refs.get(record.id), {})
        if candidate.ref is None and isinstance(birth(tx, hub, connection, candidate, bare), Reason):
            continue
        names = (*wanted.fields, *wanted.waits)
        if candidate.ref is None and reader.when is not None and not reader.when(record):
            pin = Pin(record.version, shadow.as_of if shadow is not None else 0, view.codec.form)
            steps.append(
                PlannedStep(
                    record=record.id,
                    connection=connection,
                    entity=entity,
                    title=record.title,
                    ref=None,
                    fields={},
                    before={},
                    reasons={},
                    pin=pin,
                    gated=True,
                )
            )
            continue
        steps.append(
            PlannedStep(
                record=record.id,
                connection=connection,
                entity=entity,
                title=record.title,
                ref=refs.get(record.id),
                fields=wanted.fields,
                before={name: shadow.held.get(name) for name in wanted.fields} if shadow is not None else {},
                reasons={name: wanted.reasons[name].code for name in names},
                pin=Pin(record.version, shadow.as_of if shadow is not None else 0, view.codec.form),
                effects=tuple(target.effects(step_of(candidate))) if isinstance(target, Target) else (),
            )
        )
    return steps
