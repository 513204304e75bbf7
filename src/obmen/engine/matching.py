"""Recognise unknown objects: own mark, then the configured keys in order. The candidates are fetched by page.

A key may be several at once: `phones+name` finds by phone and keeps whom the name does not contradict, since a phone is
often a family's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from obmen.engine.hub import ALSO, Hub, Matching
from obmen.ledger.contract import Tx
from obmen.model import ENTITIES, Entity, Record
from obmen.model.people import share_one
from obmen.sync.laws import Law
from obmen.sync.match import Candidate, Verdict, match
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Look

MOST_SHARING = 20
"""Records that are compared where they share the first of several keys."""


class Matched(Enum):
    """What becomes of a stranger."""

    CREATE = auto()
    BIND = auto()
    PARK_DOUBLE = auto()
    PARK_STRANGER = auto()
    WAIT = auto()


class Strangers(NamedTuple):
    """The verdict on each ref, the records the bound and the waiting ones turned out to be, and how many are new."""

    verdicts: dict[str, Matched]
    records: dict[str, Record]
    creating: int


def match_strangers(tx: Tx, hub: Hub, connection: str, entity: str, looks: Sequence[Look]) -> Strangers:
    """Decide for each unknown object whether it is a known record, a new one, or a person's business."""
    matching = hub.matching.get((connection, entity), Matching())
    found = _candidates(tx, matching, entity, looks)
    kind = ENTITIES[entity]
    ids = {record for candidates in found.values() for _, record in candidates}
    records = (
        {number: record for number, record in tx.records(ids).items() if record.entity == entity}
        if ids
        else {}
    )
    taken = set(tx.refs_of(connection, records)) | _twofold(tx, connection, records) if records else set()
    attempts = tx.attempts(connection, records) if records else {}
    verdicts: dict[str, Matched] = {}
    bound: dict[str, Record] = {}
    claimed: set[int] = set()
    creating = 0
    decide = partial(match, system=connection, topology=hub.topologies[entity], laws=hub.laws)
    unlike_any = decide(candidates=())
    for look in looks:
        candidates = tuple(
            Candidate(number, by, number in taken or number in claimed)
            for by, number in found.get(look.ref, ())
            if number in records and _agree(kind, by, records[number], look)
        )
        outcome = decide(candidates=candidates) if candidates else unlike_any
        if outcome.verdict is Verdict.CREATE and look.elsewhere:
            verdicts[look.ref] = Matched.PARK_STRANGER
        elif outcome.verdict is Verdict.CREATE:
            verdicts[look.ref] = Matched.CREATE
            creating += 1
        elif outcome.verdict is Verdict.NOT_A_CREATOR:
            verdicts[look.ref] = Matched.PARK_STRANGER
        elif outcome.record in attempts and Law.ONE_CONVERSATION in hub.laws:
            verdicts[look.ref] = Matched.WAIT
            bound[look.ref] = records[outcome.record]
        elif outcome.verdict is Verdict.DOUBLE or outcome.record is None:
            verdicts[look.ref] = Matched.PARK_DOUBLE
        else:
            verdicts[look.ref] = Matched.BIND
            bound[look.ref] = records[outcome.record]
            claimed.add(outcome.record)
    return Strangers(verdicts, bound, creating)


def possible(
    tx: Tx, connection: str, entity: str, number: int, refs: Sequence[str], looks: Mapping[str, Look]
) -> list[str]:
    """Return which of the objects found for a record may be it: not bound to another, nor marked as another's."""
    bound = tx.bound(connection, entity, refs)
    marks = {ref: looks[ref].mark for ref in refs if ref in looks}
    others = tx.records({mark for mark in marks.values() if mark not in {None, number}})
    return [ref for ref in refs if bound.get(ref, number) == number and marks.get(ref) not in others]


def found_there(tx: Tx, connection: str, found: Mapping[int, Sequence[str]]) -> dict[int, tuple[str, ...]]:
    """Return what a search found per record, each ref once, but for what a person parted from the record."""
    hits = {number: tuple(dict.fromkeys(refs)) for number, refs in found.items() if refs}
    apart = {
        (one.record, one.ref)
        for one in tx.bindings(list(hits))
        if (one.connection, one.kind) == (connection, "apart")
    }
    kept = {number: tuple(ref for ref in refs if (number, ref) not in apart) for number, refs in hits.items()}
    return {number: refs for number, refs in kept.items() if refs}


def _twofold(tx: Tx, connection: str, records: Collection[int]) -> set[int]:
    """Return the records two objects of the system were found for: whoever comes now is not the answer."""
    rows = tx.deliveries(connection, records)
    return {number for number, row in rows.items() if row.reason == Reason.DOUBLE.code}


def _candidates(
    tx: Tx, matching: Matching, entity: str, looks: Sequence[Look]
) -> dict[str, list[tuple[str, int]]]:
    """Return, per ref, what it may be: (by what it was recognised, record id), in the order of seeking."""
    found: dict[str, list[tuple[str, int]]] = {}
    for look in looks:
        if look.mark is not None:
            found.setdefault(look.ref, []).append(("mark", look.mark))
    for key in matching.keys:
        first, *further = key.split(ALSO)
        told = {look.ref: look.known_by(first) for look in looks}
        values = {value for each in told.values() for value in each}
        if not values:
            continue
        if key == "xml_id" and matching.keyed_by is not None:
            hits = {ref: [number] for ref, number in tx.bound(matching.keyed_by, entity, values).items()}
        else:
            hits = tx.by_key(entity, first, values, most=MOST_SHARING if further else 2)
        for ref, each in told.items():
            for number in dict.fromkeys(number for value in each for number in hits.get(value, ())):
                found.setdefault(ref, []).append((key, number))
    return found


def _agree(kind: Entity, by: str, record: Record, look: Look) -> bool:
    """Tell whether a record found by the first of several keys agrees with the object in all others."""
    for name in by.split(ALSO)[1:]:
        alike = kind.atom(name).alike or share_one
        if not alike(record.atoms.get(name), [*look.known_by(name)]):
            return False
    return True
