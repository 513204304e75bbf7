"""Prepare: what of claimed deliveries can go now, planned anew from record and shadow; what cannot is settled here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from obmen.connectors.contract import Source, Step
from obmen.engine import holding, issues, outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.siblings import bare_siblings
from obmen.ledger.contract import (
    HELD,
    READY,
    WAITING,
    Delivery,
    JournalLine,
    Tx,
    Waiter,
)
from obmen.model import Record
from obmen.sync.behind import Need, must_look_first, need, whole
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Shadow, Wire

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
    whole: dict[str, Wire] = {}  # noqa: RUF012 - never changed
    """Every atom the target is shown, where it takes whole objects."""


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
    takes_whole = hub.connections[connection].traits(entity).whole
    result = Prepared(entity, [], [], [])
    done: list[tuple[Record, Reason]] = []
    later: list[Delivery] = []
    waiting: list[tuple[Delivery, Reason, tuple[str, ...]]] = []
    bare = bare_siblings(tx, records.values(), refs) if entity == "offer" else frozenset()
    kept_back = holding.held_back(tx, connection, entity)
    for row in rows:
        record = records[row.record]
        if row.record in attempts:
            continue
        if kept_back(row.record):
            later.append(msgspec.structs.replace(row, state=HELD, reason=Reason.HELD_PERSON.code))
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
        shown: dict[str, Wire] = {}
        if takes_whole:
            shown = whole(
                record=record,
                shadow=shadow,
                view=view,
                topology=topology,
                reader=reader,
                but=shut,
                laws=hub.laws,
            )
        candidate = Candidate(record, wanted, shadow, refs.get(record.id), keys.get(record.id, {}), shown)
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
        binding.connection == connection and binding.kind in {"gone", "alias"}
        for binding in tx.bindings([record.id])
    )
    if tombstone and Law.RECREATE_NEVER in hub.laws:
        return Reason.GONE
    required = hub.connections[connection].traits(record.entity).required
    return tuple(name for name in required if name not in candidate.need.fields)


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
        tx.reschedule([waiting_row(row, reason, keys)])
        tx.wait([(key, Waiter(row.record, connection, "write")) for key in keys])
    _tell_unmapped(tx, hub, connection, {row.record: keys for row, _, keys in waiting})


def _tell_unmapped(tx: Tx, hub: Hub, connection: str, waiting: Mapping[int, tuple[str, ...]]) -> None:
    """Open an issue for each code the target has no counterpart of; partners that are on their way need nobody."""
    unmapped = {
        number: [key for key in keys if key.startswith("map:")]
        for number, keys in waiting.items()
        if any(key.startswith("map:") for key in keys)
    }
    if unmapped:
        records = tx.records(unmapped)
        opened = [
            issues.unmapped(
                hub.connections[connection], records[number], key.split(":")[2], key, written=True
            )
            for number, keys in unmapped.items()
            for key in keys
        ]
        tx.open_issues(opened, at=hub.now())


def waiting_row(row: Delivery, reason: Reason, keys: tuple[str, ...]) -> Delivery:
    """Return a delivery that waits, for these keys or for nothing that wakes it by itself."""
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


def mark_of(record: int) -> str:
    """Return our own mark on an object we create."""
    return f"{MARK}{record}"


def step_of(candidate: Candidate, opened_at: int = 0) -> Step:
    """Return the write a delivery comes to."""
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
        whole=candidate.whole,
        attempt=opened_at,
    )
