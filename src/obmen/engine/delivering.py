"""Deliver: bring one system up to date, a batch of lanes at a time.

    claim ─> prepare ─┬─> look first ──> settle ─┐
                      ├─> find ──> adopt ────────┼─> freeze ─> push ─> receive
                      └─────────────────────────┘

Each arrow crosses a transaction, so that a crash between any two is repaired by comparing again: a frozen attempt
without an answer is looked up (`resolving`), everything else is simply planned anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from obmen.connectors.contract import Connection, Source, Step, Target, Unlanded
from obmen.engine import issues, outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.matching import possible
from obmen.engine.receiving import receive
from obmen.engine.settling import Arrival, resettle, settle_page
from obmen.errors import AuthFailed, Transient
from obmen.ledger.contract import (
    HELD,
    LEASED,
    READY,
    WAITING,
    Attempt,
    Binding,
    Delivery,
    JournalLine,
    Tx,
    Waiter,
)
from obmen.model import Record
from obmen.sync.behind import Need, must_look_first, need
from obmen.sync.laws import Law
from obmen.sync.plan import PlannedStep
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Look, Shadow, bind_key, bound_key

MARK = "obmen:"
WINDOW_LOOK_S = 60.0
"""How often a closed write window is looked at again."""


class Candidate(NamedTuple):
    """A delivery that can go: the record, what is needed, and what is known of the target."""

    record: Record
    need: Need
    shadow: Shadow | None
    ref: str | None
    keys: dict[str, str]


class Prepared(NamedTuple):
    """A claimed batch of one entity, sorted by what must happen before it can be sent."""

    entity: str
    look_first: list[Candidate]
    create: list[Candidate]
    update: list[Candidate]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left to send."""
        return not (self.look_first or self.create or self.update)


Scope: TypeAlias = Mapping[int, PlannedStep]
"""A plan by record: nothing that is not in it is written."""


async def deliver(hub: Hub, connection: str, *, limit: int = 50, scope: Scope | None = None) -> int:
    """Claim ready rows of one connection and write them; return how many rows were claimed.

    With a `scope` only what it lists is written, and only as it was listed; what has moved since is held.
    """
    target = hub.connections[connection]
    only = None if scope is None else list(scope)
    rows = await hub.ledger.run(
        lambda tx: tx.claim(connection, now=hub.now(), limit=limit, lease_s=hub.lease_s, only=only)
    )
    for entity in sorted({row.entity for row in rows}):
        here = [row for row in rows if row.entity == entity]
        await _deliver_entity(hub, connection, target, entity, here, scope)
    return len(rows)


async def _deliver_entity(
    hub: Hub,
    connection: str,
    target: Connection,
    entity: str,
    rows: list[Delivery],
    scope: Scope | None,
) -> None:
    prepared = await hub.ledger.run(lambda tx: prepare(tx, hub, connection, rows))
    looked: frozenset[int] = frozenset()
    if prepared.look_first:
        await look_first(hub, connection, prepared)
        looked = frozenset(candidate.record.id for candidate in prepared.look_first)
        prepared = await hub.ledger.run(lambda tx: prepare(tx, hub, connection, rows, looked=looked))
    if prepared.create:
        prepared = await find_first(hub, connection, prepared, rows, looked=looked)
    if prepared.is_empty or not isinstance(target, Target):
        return
    if scope is not None:
        prepared = await hub.ledger.run(lambda tx: within(tx, hub, connection, prepared, scope))
    steps = await hub.ledger.run(lambda tx: freeze(tx, hub, connection, prepared))
    if not steps:
        return
    attempt = steps[0].attempt
    try:
        outcomes = await target.push(steps)
    except (AuthFailed, Transient) as error:
        # Both mean that nothing was written; the steps go back before the connection is paused or waits.
        hint = error.retry_after_s if isinstance(error, Transient) else None
        unlanded = [
            Unlanded(record=step.record, code=error.code, text=error.en, retry_after_s=hint) for step in steps
        ]
        await hub.ledger.run(lambda tx: receive(tx, hub, connection, entity, unlanded, attempt=attempt))
        raise
    await hub.ledger.run(lambda tx: receive(tx, hub, connection, entity, outcomes, attempt=attempt))


# --- planning -----------------------------------------------------------------------------------------------------


def prepare(
    tx: Tx, hub: Hub, connection: str, rows: Sequence[Delivery], *, looked: Collection[int] = ()
) -> Prepared:
    """Plan claimed rows anew from record and shadow; rows that need nothing or cannot go are settled here.

    `looked` are the records whose state there was settled just now.
    """
    entity = rows[0].entity
    topology = hub.topologies[entity]
    reader = topology.reader(connection)
    ids = [row.record for row in rows]
    records = tx.records(ids)
    shadows = tx.shadows(connection, ids)
    refs = tx.refs_of(connection, ids)
    attempts = tx.attempts(connection, ids)
    partners = Bindings()
    outbox.fetch_partner_refs(tx, connection, records.values(), partners)
    view = view_of(hub, connection, entity, partners)
    keys = outbox.external_codes(tx, hub, connection, entity, ids)
    result = Prepared(entity, [], [], [])
    done: list[tuple[Record, Reason]] = []
    later: list[Delivery] = []
    waiting: list[tuple[Delivery, Reason, tuple[str, ...]]] = []
    bare = bare_siblings(tx, records.values(), refs) if entity == "offer" else frozenset()
    for row in rows:
        record = records[row.record]
        if row.record in attempts:
            continue
        shadow = shadows.get(row.record)
        if reader is None or record.merged_into is not None or outbox.is_gone(hub, shadow):
            done.append((record, Reason.GONE))
            continue
        wanted = need(
            record=record, shadow=shadow, view=view, topology=topology, reader=reader, laws=hub.laws
        )
        shut = [name for name in wanted.fields if not hub.may_write(connection, entity, name, hub.now())]
        if shut and len(shut) == len(wanted.fields):
            later.append(
                msgspec.structs.replace(
                    row, state=READY, reason=Reason.HELD_WINDOW.code, not_before=hub.now() + WINDOW_LOOK_S
                )
            )
            continue
        for name in shut:
            del wanted.fields[name]
        candidate = Candidate(record, wanted, shadow, refs.get(record.id), keys.get(record.id, {}))
        gated = candidate.ref is None or Law.GATE_BIRTH_ONLY not in hub.laws
        if gated and reader.when is not None and not reader.when(record):
            waiting.append((row, Reason.WAITING_CONDITION, ()))
            continue
        if candidate.ref is None:
            verdict = birth(tx, hub, connection, candidate, bare)
            if isinstance(verdict, Reason):
                done.append((record, verdict))
                continue
            if verdict:
                waiting.append(
                    (row, wanted.reasons.get(verdict[0], Reason.WAITING_VALUE), _wakes(wanted, verdict))
                )
                continue
            result.create.append(candidate)
        elif not wanted.fields and not wanted.waits:
            done.append((record, Reason.UP_TO_DATE))
        elif not wanted.fields:
            names = tuple(wanted.waits)
            waiting.append((row, wanted.reasons[names[0]], _wakes(wanted, names)))
        elif record.id not in looked and _must_look(hub, connection, candidate):
            result.look_first.append(candidate)
        else:
            result.update.append(candidate)
    tx.reschedule(later)
    _settle_rows(tx, hub, connection, done, waiting)
    return result


def _must_look(hub: Hub, connection: str, candidate: Candidate) -> bool:
    if Law.LOOK_BEFORE_WRITE not in hub.laws or not isinstance(hub.connections[connection], Source):
        return False
    topology = hub.topologies[candidate.record.entity]
    return must_look_first(candidate.need, candidate.record, topology, connection)


def birth(
    tx: Tx, hub: Hub, connection: str, candidate: Candidate, bare: frozenset[int]
) -> Reason | tuple[str, ...]:
    """Return why a record is not created at all, or the atoms its creation waits for (none: it can be created)."""
    record = candidate.record
    if record.id in bare:
        return Reason.BARE_SIBLING
    if record.atoms.get("active") is False:
        return Reason.INACTIVE_NEW
    tombstone = any(
        binding.connection == connection and binding.kind != "live" for binding in tx.bindings([record.id])
    )
    if tombstone and Law.RECREATE_NEVER in hub.laws:
        return Reason.GONE
    required = hub.connections[connection].traits(record.entity).required
    return tuple(name for name in required if name not in candidate.need.fields)


def bare_siblings(tx: Tx, records: Iterable[Record], refs: Mapping[int, str]) -> frozenset[int]:
    """Return the new offers without characteristics whose product is sold by variants: 1C sends such, with no stock."""
    bare = [record for record in records if record.id not in refs and not record.atoms.get("characteristics")]
    if not bare:
        return frozenset()
    members = tx.lane_members({record.lane for record in bare}, "offer")
    ids = {number for numbers in members.values() for number in numbers}
    siblings = tx.records(ids)
    with_variants = {
        sibling.lane
        for sibling in siblings.values()
        if sibling.atoms.get("characteristics") and sibling.atoms.get("active") is not False
    }
    return frozenset(record.id for record in bare if record.lane in with_variants)


def _wakes(wanted: Need, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({wanted.waits[name].wakes_on for name in names if name in wanted.waits}))


def _settle_rows(
    tx: Tx,
    hub: Hub,
    connection: str,
    done: Sequence[tuple[Record, Reason]],
    waiting: Sequence[tuple[Delivery, Reason, tuple[str, ...]]],
) -> None:
    if done:
        tx.drop_deliveries(connection, [record.id for record, _ in done])
        lines = [
            JournalLine(
                record=record.id, connection=connection, kind="write", entries=(Entry("", reason.code),)
            )
            for record, reason in done
            if reason is not Reason.UP_TO_DATE
        ]
        if lines:
            tx.journal(lines, at=hub.now(), tick=tx.tick())
    for row, reason, keys in waiting:
        tx.reschedule([_waiting(row, reason, keys)])
        tx.wait([(key, Waiter(row.record, connection, "write")) for key in keys])


def _waiting(row: Delivery, reason: Reason, keys: tuple[str, ...]) -> Delivery:
    return Delivery(
        record=row.record,
        connection=row.connection,
        entity=row.entity,
        lane=row.lane,
        rank=row.rank,
        state=WAITING,
        reason=reason.code,
        wakes_on=keys,
        since=row.since,
    )


# --- looking before writing ---------------------------------------------------------------------------------------


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
    steps = [_step(candidate) for candidate in prepared.create]
    found = await target.find(prepared.entity, steps)
    hits = {number: tuple(dict.fromkeys(refs)) for number, refs in found.items() if refs}
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
            tx.reschedule([_waiting(row, Reason.DOUBLE, ())])
            continue
        adopted[record.id] = (free or list(hits[record.id]))[0]
        tx.bind([Binding(connection, prepared.entity, adopted[record.id], record.id)])
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


def within(tx: Tx, hub: Hub, connection: str, prepared: Prepared, scope: Scope) -> Prepared:
    """Hold what a plan does not list as it has become; return the rest."""

    def is_listed(candidate: Candidate) -> bool:
        step = scope[candidate.record.id]
        # What waited for a partner when the plan was made is among the reasons of its step, not among the fields.
        return all(
            step.fields[name] == wire if name in step.fields else name in step.reasons
            for name, wire in candidate.need.fields.items()
        )

    moved = [one.record for one in (*prepared.create, *prepared.update) if not is_listed(one)]
    tx.reschedule(
        [
            msgspec.structs.replace(
                outbox.row(hub, connection, record), state=HELD, reason=Reason.HELD_PLAN.code
            )
            for record in moved
        ]
    )
    return prepared._replace(
        create=[one for one in prepared.create if is_listed(one)],
        update=[one for one in prepared.update if is_listed(one)],
    )


# --- freezing and sending -----------------------------------------------------------------------------------------


def freeze(tx: Tx, hub: Hub, connection: str, prepared: Prepared) -> list[Step]:
    """Write down what is about to be sent, and only that may be sent.

    Left out is what is not leased any more, what moved since it was planned, and what has an open attempt.
    """
    candidates = [*prepared.create, *prepared.update]
    ids = [candidate.record.id for candidate in candidates]
    open_ = tx.attempts(connection, ids)
    rows = tx.deliveries(connection, ids)
    records = tx.records(ids)
    refs = tx.refs_of(connection, ids)
    shadows = tx.shadows(connection, ids)
    steps: list[Step] = []
    attempts: list[Attempt] = []
    moved: list[Delivery] = []
    opened_at = tx.tick()
    for candidate in candidates:
        number = candidate.record.id
        row = rows.get(number)
        if row is None or row.state != LEASED or number in open_:
            continue
        planned = (candidate.record.version, candidate.ref, candidate.shadow)
        if planned != (records[number].version, refs.get(number), shadows.get(number)):
            # What changed since a plan let it go is another write: a connection with plans holds it.
            again = records[number].version != candidate.record.version
            now = outbox.row(hub, connection, records[number]) if again else None
            state, reason = (READY, row.reason) if now is None else (now.state, now.reason)
            moved.append(msgspec.structs.replace(row, state=state, reason=reason))
            continue
        step = _step(candidate, opened_at)
        steps.append(step)
        attempts.append(
            Attempt(
                record=number,
                connection=connection,
                entity=prepared.entity,
                creates=candidate.ref is None,
                ref=candidate.ref,
                payload=step.fields,
                waits=tuple(candidate.need.waits),
                mark=step.mark,
                opened_at=opened_at,
                resolve_at=hub.now() + hub.lease_s + hub.connections[connection].visible_after_s,
            )
        )
    if attempts:
        tx.put_attempts(attempts)
    if moved:
        tx.reschedule(moved)
    return steps


def mark_of(record: int) -> str:
    """Return our own mark on an object we create."""
    return f"{MARK}{record}"


def _step(candidate: Candidate, opened_at: int = 0) -> Step:
    record = candidate.record
    return Step(
        record=record.id,
        entity=record.entity,
        ref=candidate.ref,
        fields=candidate.need.fields,
        held=candidate.shadow.held if candidate.shadow is not None else {},
        mark=mark_of(record.id),
        keys=candidate.keys,
        title=record.title,
        attempt=opened_at,
    )
