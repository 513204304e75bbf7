"""Plans: what would be written, shown before anything is; and `apply`, which writes only that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from obmen.engine import outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.ledger.contract import HELD, READY, Delivery, Tx
from obmen.model import Record
from obmen.sync.behind import need
from obmen.sync.plan import Pin, PlannedStep, digest
from obmen.sync.reasons import Reason

PLANNABLE = frozenset({Reason.HELD_PLAN.code, Reason.HELD_EPOCH.code})


class Applied(NamedTuple):
    """What became of a plan: steps let go, and steps that moved since it was made."""

    released: list[PlannedStep]
    moved: list[PlannedStep]


def make_plan(tx: Tx, hub: Hub, connection: str) -> tuple[PlannedStep, ...]:
    """Return every write one connection would get, held ones included, and store the plan under its digest."""
    rows = tx.outbox(connection)
    steps = tuple(_steps(tx, hub, connection, rows))
    tx.put_plan(digest(steps), msgspec.json.encode(steps), at=hub.now())
    return steps


def apply_plan(tx: Tx, hub: Hub, asked: str) -> Applied | None:
    """Let go the steps of a stored plan that still hold; None when no plan has this digest."""
    body = tx.plan(asked)
    if body is None:
        return None
    planned = msgspec.json.decode(body, type=tuple[PlannedStep, ...])
    applied = Applied([], [])
    for connection in sorted({step.connection for step in planned}):
        here = [step for step in planned if step.connection == connection]
        rows = tx.deliveries(connection, [step.record for step in here])
        today = {step.record: step for step in _steps(tx, hub, connection, list(rows.values()))}
        released: list[Delivery] = []
        for step in here:
            now = today.get(step.record)
            row = rows.get(step.record)
            if now is None or row is None or now.pin != step.pin or now.fields != step.fields:
                applied.moved.append(step)
            else:
                applied.released.append(step)
                if row.state == HELD and row.reason in PLANNABLE:
                    released.append(msgspec.structs.replace(row, state=READY, reason=""))
        tx.reschedule(released)
    return applied


def _steps(tx: Tx, hub: Hub, connection: str, rows: Sequence[Delivery]) -> list[PlannedStep]:
    steps: list[PlannedStep] = []
    records = tx.records([row.record for row in rows])
    for entity in sorted({row.entity for row in rows}):
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
    traits = hub.connections[connection].traits(entity)
    steps: list[PlannedStep] = []
    for record in records:
        shadow = shadows.get(record.id)
        wanted = need(
            record=record, shadow=shadow, view=view, topology=topology, reader=reader, laws=hub.laws
        )
        if not wanted.is_behind or (record.id not in refs and record.atoms.get("active") is False):
            continue
        names = (*wanted.fields, *wanted.waits)
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
                effects=traits.effects,
            )
        )
    return steps
