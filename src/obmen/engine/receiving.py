"""Receive the outcome of writes: shadows, bindings, journal, and who is behind now. One transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from obmen.connectors.contract import Done, Missing, Outcome, Pending, Refused, Unknown, Unlanded
from obmen.engine import issues, outbox, reserving
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.settling import resettle
from obmen.engine.siblings import gave_way
from obmen.ledger.contract import READY, WAITING, Attempt, Binding, Delivery, Issue, JournalLine, Tx
from obmen.model import Record, Value
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.receipt import after_write, hand_over_once
from obmen.sync.retry import pause_s
from obmen.sync.settle import Entry
from obmen.sync.shadow import Shadow, Wire, bind_key, bound_key


def receive(
    tx: Tx,
    hub: Hub,
    connection: str,
    entity: str,
    outcomes: Sequence[Outcome],
    *,
    attempt: int | None = None,
) -> None:
    """Store what became of a batch of writes; `attempt` is the tick its steps were written down at.

    Answers to attempts that are closed already are ignored, even where a later attempt is open.
    """
    ids = [outcome.record for outcome in outcomes]
    attempts = tx.attempts(connection, ids)
    records = tx.records(ids)
    shadows = tx.shadows(connection, ids)
    rows = tx.deliveries(connection, ids)
    done: list[tuple[Done, Attempt]] = []
    doubts: list[Issue] = []
    for outcome in outcomes:
        opened = attempts.get(outcome.record)
        if opened is None or attempt not in {None, opened.opened_at}:
            continue
        record = records[outcome.record]
        if isinstance(outcome, Done | Unknown | Unlanded):
            doubts += [issues.doubtful(connection, record, doubt) for doubt in outcome.doubts]
        row = rows.get(outcome.record) or outbox.row(hub, connection, record)
        match outcome:
            case Done():
                done.append((outcome, opened))
            case Pending(job=job, check_in_s=check_in_s):
                tx.put_attempts([msgspec.structs.replace(opened, job=job, resolve_at=hub.now() + check_in_s)])
            case Unknown(code=code, text=text):
                _note(tx, hub, connection, record, Reason.ATTEMPT_OPEN, f"{code}: {text}")
                # The call is over; what may still land, lands in the time the system itself needs.
                lands_s = hub.connections[connection].visible_after_s if Law.LEASE in hub.laws else 0.0
                resolve_at = min(opened.resolve_at, hub.now() + lands_s)
                tx.put_attempts([msgspec.structs.replace(opened, resolve_at=resolve_at)])
            case Unlanded(code=code, text=text, retry_after_s=after_s):
                tx.close_attempts(connection, [record.id])
                tx.reschedule([_again(hub, row, after_s)])
                _note(tx, hub, connection, record, Reason.TRANSIENT, f"{code}: {text}")
            case Refused(en=en, ru=ru):
                tx.close_attempts(connection, [record.id])
                tx.reschedule([outbox.unless_held(row, state=WAITING, reason=Reason.REJECTED.code)])
                tx.open_issues([issues.refused(connection, record, en, ru)], at=hub.now())
                _note(tx, hub, connection, record, Reason.REJECTED, en)
            case Missing():
                tx.close_attempts(connection, [record.id])
                _missing(tx, hub, connection, record, shadows.get(record.id), opened)
    if doubts:
        tx.open_issues(doubts, at=hub.now())
    if done:
        held = {number for number, row in rows.items() if row.reason == Reason.HELD_GUARD.code}
        _confirm(tx, hub, connection, entity, done, shadows, held)


def _confirm(
    tx: Tx,
    hub: Hub,
    connection: str,
    entity: str,
    done: Sequence[tuple[Done, Attempt]],
    shadows: Mapping[int, Shadow],
    held: Collection[int],
) -> None:
    topology = hub.topologies[entity]
    view = view_of(hub, connection, entity, Bindings())
    closed_at = tx.tick()
    records = tx.records([outcome.record for outcome, _ in done])
    at = hub.moment("").at
    moved: dict[int, Shadow] = {}
    handed: list[Record] = []
    confirmed: list[Record] = []
    lines: list[JournalLine] = []
    wakes: list[str] = []
    bindings: list[Binding] = []
    settled: list[str] = []
    for outcome, attempt in done:
        record = records[outcome.record]
        before = shadows.get(record.id)
        moved[record.id] = after_write(
            shadow=before,
            payload=attempt.payload,
            returned=outcome.returned,
            closed_at=closed_at,
            form=view.codec.form,
            laws=hub.laws,
        )
        settled += issues.settled_keys(connection, record.id)
        if before is not None and before.frozen:
            thawed = before.frozen.keys() - moved[record.id].frozen
            settled += [issues.undecided_key(connection, record.id, atom) for atom in thawed]
        if attempt.creates:
            bindings.append(Binding(connection, entity, outcome.ref, record.id))
            wakes += [bind_key(connection, entity, outcome.ref), bound_key(connection, record.id)]
            given = hand_over_once(record, view, topology, moved[record.id].held, at, hub.laws)
            if given is not record:
                record = given
                handed.append(record)
        confirmed.append(record)
        lines.append(_written(connection, record.id, attempt, before))
    if bindings:
        tx.bind(bindings)
    if handed:
        tx.put_records(handed, new=False, keys={entity: hub.key_atoms(entity)})
    tx.put_shadows(connection, entity, moved)
    ids = [record.id for record in confirmed]
    tx.close_attempts(connection, ids)
    tx.journal(lines, at=hub.now(), tick=closed_at)
    tx.close_issues(settled, at=hub.now())
    tx.drop_deliveries(connection, ids)
    if entity == "order":
        reserving.acknowledged(tx, hub, connection, ids, tick=closed_at)
    if Law.RECOMPUTE in hub.laws:
        changed = {record.id for record in handed}
        outbox.recompute(tx, hub, entity, records=confirmed, changed=changed, touched=connection, held=held)
        if (connection, entity) in hub.planned:
            waits = {attempt.record: frozenset(attempt.waits) for _, attempt in done if attempt.waits}
            outbox.finish(tx, hub, connection, [one for one in confirmed if one.id in waits], waits)
    woken = tx.woken(wakes)
    if woken and Law.PARTNER_WAKES in hub.laws:
        resettle(tx, hub, woken)


def _written(connection: str, record: int, attempt: Attempt, before: Shadow | None) -> JournalLine:
    held: Mapping[str, Wire] = before.held if before is not None else {}
    reason = Reason.DONE.code
    entries = tuple(
        Entry(name, reason, _plain(held.get(name)), _plain(wire)) for name, wire in attempt.payload.items()
    )
    return JournalLine(
        record=record, connection=connection, kind="create" if attempt.creates else "write", entries=entries
    )


def _plain(wire: Wire) -> Value:
    """Return a wire value as the journal keeps it; floats, which canonical values have not, as text."""
    if isinstance(wire, float):
        return repr(wire)
    if isinstance(wire, list):
        return [_plain(item) for item in wire]
    if isinstance(wire, dict):
        return {name: _plain(item) for name, item in wire.items()}
    return wire


def _missing(
    tx: Tx, hub: Hub, connection: str, record: Record, shadow: Shadow | None, attempt: Attempt
) -> None:
    if gave_way(tx, connection, record):
        _note(tx, hub, connection, record, Reason.BARE_SIBLING, attempt.ref or "")
        return
    tx.unbind(connection, [record.id], kind="gone")
    tx.drop_deliveries(connection, [record.id])
    if shadow is not None:
        tx.put_shadows(connection, record.entity, {record.id: msgspec.structs.replace(shadow, gone=True)})
    outbox.recompute_lane(tx, hub, connection, record)
    tx.open_issues([issues.gone(connection, record, attempt.ref or "")], at=hub.now())
    _note(tx, hub, connection, record, Reason.GONE, attempt.ref or "")


def _again(hub: Hub, row: Delivery, after_s: float | None) -> Delivery:
    pause = pause_s(row.attempts, hub.rng)
    return outbox.unless_held(
        row,
        state=READY,
        reason=Reason.TRANSIENT.code,
        not_before=hub.now() + max(pause, after_s or 0.0),
        attempts=row.attempts + 1,
    )


def _note(tx: Tx, hub: Hub, connection: str, record: Record, reason: Reason, detail: str) -> None:
    line = JournalLine(
        record=record.id,
        connection=connection,
        kind="write",
        entries=(Entry("", reason.code, detail=detail),),
    )
    tx.journal([line], at=hub.now(), tick=tx.tick())
