"""The ledger in memory: the same contract over dictionaries, for the referee and for tests of the engine.

It keeps the very objects it is given: values of the model are never changed in place. A transaction notes what stood
before each change and puts it back on any exception, so that a small transaction costs microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from obmen.ledger.bindings import LIVE, bound_elsewhere
from obmen.ledger.contract import (
    BIRTH,
    HELD,
    LEASED,
    READY,
    UNFINISHED,
    WAITING,
    Attempt,
    Binding,
    Danger,
    Delivery,
    Hold,
    Issue,
    JournalLine,
    Known,
    MappingRow,
    OpenIssue,
    Reserve,
    Sighting,
    StoredEnvelope,
    Told,
    Waiter,
)
from obmen.ledger.epoch import GAP, HELD_EPOCH
from obmen.ledger.inbox import RECEIVED, added, no_envelope
from obmen.ledger.issues import WRITE
from obmen.ledger.keys import key_values
from obmen.ledger.outbox import STICKY, whole_lanes
from obmen.ledger.settings import ACTIVE
from obmen.model import Record
from obmen.sync.settle import Entry
from obmen.sync.shadow import Shadow

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Final = object()


class _Ref(NamedTuple):
    connection: str
    entity: str
    ref: str


class _Lease(NamedTuple):
    row: Delivery
    until: float


class _Shelves:
    """Every table, each with the second way it is asked by."""

    def __init__(self) -> None:
        self.counters: dict[str, int] = {"tick": 0, "record": 0, "issue": 0}
        self.records: dict[int, Record] = {}
        self.lanes: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.keys: defaultdict[tuple[str, str, str], dict[int, None]] = defaultdict(dict)
        self.keys_of: dict[int, frozenset[tuple[str, str]]] = {}
        self.bindings: dict[_Ref, Binding] = {}
        self.refs: defaultdict[int, dict[_Ref, None]] = defaultdict(dict)
        self.shadows: defaultdict[str, dict[int, Shadow]] = defaultdict(dict)
        self.outbox: defaultdict[str, dict[int, _Lease]] = defaultdict(dict)
        self.attempts: defaultdict[str, dict[int, Attempt]] = defaultdict(dict)
        self.journal: list[Told] = []
        self.read: defaultdict[tuple[str, str], list[Sighting]] = defaultdict(list)
        """Pages in the order they were read."""
        self.ordered: defaultdict[tuple[str, str], list[Sighting]] = defaultdict(list)
        """Pages of files and messages in their source's order."""
        self.waits: defaultdict[str, dict[Waiter, None]] = defaultdict(dict)
        self.issues: dict[str, OpenIssue] = {}
        self.dangers: defaultdict[str, dict[tuple[int, str], Danger]] = defaultdict(dict)
        self.cursors: dict[tuple[str, str], str] = {}
        self.envelopes: list[StoredEnvelope] = []
        self.accepted: dict[tuple[str, str], int] = {}
        self.waiting: dict[int, None] = {}
        self.traces: dict[tuple[str, int], str] = {}
        self.reserves: dict[tuple[int, int], Reserve] = {}
        self.holds: dict[tuple[str, str, int], Hold] = {}
        self.plans: dict[str, bytes] = {}
        self.identities: dict[str, str] = {}
        self.mappings: dict[tuple[str, str, str, str], MappingRow] = {}
        self.states: dict[str, tuple[str, str]] = {}


class MemoryTx:
    """One transaction over the shelves."""

    def __init__(self, shelves: _Shelves) -> None:
        self._at = shelves
        self._undo: list[tuple[Any, Any, Any]] = []

    def undo(self) -> None:
        """Put everything back as it was."""
        for shelf, key, before in reversed(self._undo):
            if before is _ABSENT:
                del shelf[key]
            else:
                shelf[key] = before

    def _set(self, shelf: dict[K, V], key: K, value: V) -> None:
        self._undo.append((shelf, key, shelf.get(key, _ABSENT)))
        shelf[key] = value

    def _del(self, shelf: dict[K, V], key: K) -> None:
        before = shelf.pop(key, _ABSENT)
        if before is not _ABSENT:
            self._undo.append((shelf, key, before))

    def _add(self, shelf: list[V], value: V, place: int | None = None) -> None:
        index = len(shelf) if place is None else place
        self._undo.append((shelf, index, _ABSENT))
        shelf.insert(index, value)

    # --- counters
    def tick(self) -> int:
        """Return the next ledger tick."""
        return self._count("tick", 1)

    def allocate(self, count: int) -> int:
        """Reserve `count` record ids and return the first."""
        return self._count("record", count) - count + 1

    def _count(self, counter: str, by: int) -> int:
        value = self._at.counters[counter] + by
        self._set(self._at.counters, counter, value)
        return value

    # --- reading, by batch
    def known(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, Known]:
        """Return binding and shadow of each known ref."""
        shadows = self._at.shadows[connection]
        return {
            ref: Known(
                bound.record,
                bound.kind,
                shadows.get(bound.record),
                self._at.traces.get((connection, bound.record), ""),
            )
            for ref in refs
            if (bound := self._at.bindings.get(_Ref(connection, entity, ref))) is not None
        }

    def traces(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, tuple[int, str]]:
        """Return record and traces of each live ref that has any."""
        return {
            ref: (found.record, found.traces)
            for ref, found in self.known(connection, entity, refs).items()
            if found.kind == "live" and found.traces
        }

    def bound(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, int]:
        """Return the record of each bound ref, aliases included."""
        return {
            ref: bound.record
            for ref in refs
            if (bound := self._at.bindings.get(_Ref(connection, entity, ref))) is not None
            and bound.kind in {LIVE, "alias"}
        }

    def refs_of(self, connection: str, records: Collection[int]) -> dict[int, str]:
        """Return the live ref of each record in one system."""
        return {record: ref.ref for record in records for ref in self._live(connection, record)}

    def _live(self, connection: str, record: int) -> list[_Ref]:
        return [
            ref
            for ref in self._at.refs.get(record, ())
            if ref.connection == connection and self._at.bindings[ref].kind == LIVE
        ]

    def bindings(self, records: Collection[int]) -> list[Binding]:
        """Return every binding of these records, all systems, tombstones included."""
        return sorted(
            self._at.bindings[ref] for record in set(records) for ref in self._at.refs.get(record, ())
        )

    def records(self, ids: Collection[int]) -> dict[int, Record]:
        """Return records."""
        return _pick(self._at.records, ids)

    def shadows(self, connection: str, records: Collection[int]) -> dict[int, Shadow]:
        """Return the shadows of one system."""
        return _pick(self._at.shadows[connection], records)

    def attempts(self, connection: str, records: Collection[int]) -> dict[int, Attempt]:
        """Return the open attempts of one system for these records."""
        return _pick(self._at.attempts[connection], records)

    def deliveries(self, connection: str, records: Collection[int]) -> dict[int, Delivery]:
        """Return the outbox rows of one system for these records."""
        found = _pick(self._at.outbox[connection], records)
        return {record: lease.row for record, lease in found.items()}

    def ids(self, entity: str, *, after: int, limit: int) -> list[int]:
        """Return ids of an entity's records behind `after`, in order."""
        ids = sorted(
            number
            for number, record in self._at.records.items()
            if record.entity == entity and number > after
        )
        return ids[:limit]

    def by_key(
        self, entity: str, key: str, values: Collection[str], *, most: int = 2
    ) -> dict[str, list[int]]:
        """Return the records whose key atom has one of these values, the `most` oldest of each, by id."""
        found: dict[str, list[int]] = {}
        for value in values:
            ids = self._at.keys.get((entity, key, value))
            if ids:
                found[value] = sorted(ids)[:most]
        return found

    def lane_members(self, lanes: Collection[int], entity: str) -> dict[int, list[int]]:
        """Return the records of one entity in each lane."""
        found = {
            lane: sorted(record for record, kind in self._at.lanes.get(lane, {}).items() if kind == entity)
            for lane in lanes
        }
        return {lane: members for lane, members in found.items() if members}

    # --- writing, by batch
    def put_records(
        self, records: Sequence[Record], *, new: bool, keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Store records; `keys` names, per entity, the atoms `by_key` must find them by."""
        for record in records:
            before = self._at.records.get(record.id)
            if new and before is not None:
                raise KeyError(f"record {record.id} is not new")
            if before is not None:
                self._del(self._at.lanes[before.lane], record.id)
            atoms = keys.get(record.entity, ())
            self._move_keys(record.entity, record.id, set(key_values(record, atoms)))
            self._set(self._at.records, record.id, record)
            self._set(self._at.lanes[record.lane], record.id, record.entity)

    def _move_keys(self, entity: str, record: int, wanted: set[tuple[str, str]]) -> None:
        stored = self._at.keys_of.get(record, frozenset())
        for atom, value in stored - wanted:
            self._del(self._at.keys[entity, atom, value], record)
        for atom, value in wanted - stored:
            self._set(self._at.keys[entity, atom, value], record, None)
        if stored != wanted:
            self._set(self._at.keys_of, record, frozenset(wanted))

    def bind(self, bindings: Sequence[Binding]) -> None:
        """Store bindings. A tombstone moves to its new record; a ref alive with another record is a `Bug`."""
        for binding in bindings:
            ref = _Ref(binding.connection, binding.entity, binding.ref)
            before = self._at.bindings.get(ref)
            if before is not None and before.record != binding.record:
                if before.kind == LIVE:
                    raise bound_elsewhere(binding, before.record)
                self._del(self._at.refs[before.record], ref)
            self._set(self._at.bindings, ref, binding)
            self._set(self._at.refs[binding.record], ref, None)

    def unbind(self, connection: str, records: Collection[int], *, kind: str) -> None:
        """Turn live bindings into tombstones of this kind."""
        for record in records:
            for ref in self._live(connection, record):
                self._set(self._at.bindings, ref, self._at.bindings[ref]._replace(kind=kind))

    def put_shadows(
        self,
        connection: str,
        entity: str,  # noqa: ARG002 - the contract names it
        shadows: Mapping[int, Shadow],
        traces: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Store shadows; what is not said to have traces loses those it had."""
        shelf = self._at.shadows[connection]
        for record, shadow in shadows.items():
            self._set(shelf, record, shadow)
            self._set(self._at.traces, (connection, record), traces.get(record, ""))

    def drop_shadows(self, connection: str, records: Collection[int]) -> None:
        """Forget what a system held of these records."""
        for record in records:
            self._del(self._at.shadows[connection], record)
            self._del(self._at.traces, (connection, record))

    def put_traces(self, connection: str, traces: Mapping[int, str]) -> None:
        """Remember what shadows that stay as they are were seen in."""
        for record, seen in traces.items():
            self._set(self._at.traces, (connection, record), seen)

    def put_deliveries(self, rows: Sequence[Delivery]) -> None:
        """Say who is behind. An existing row keeps `since`, `attempts` and a hold that a person must lift."""
        for row in rows:
            shelf = self._at.outbox[row.connection]
            lease = shelf.get(row.record)
            self._set(shelf, row.record, _Lease(row, 0.0) if lease is None else _merged(lease, row))

    def put_newborn(self, row: Delivery, records: Collection[int]) -> None:
        """Say that a system is behind on records stored just now, of which it has never heard: rows like this one."""
        found = self.records(records).values()
        self.put_deliveries(
            [
                msgspec.structs.replace(row, record=record.id, lane=record.lane or record.id)
                for record in found
            ]
        )

    def reschedule(self, rows: Sequence[Delivery]) -> None:
        """End leases: set state, reason, wakes_on, not_before and attempts exactly as given; absent rows are added."""
        for row in rows:
            shelf = self._at.outbox[row.connection]
            lease = shelf.get(row.record)
            given = row if lease is None else msgspec.structs.replace(row, since=lease.row.since)
            self._set(shelf, row.record, _Lease(given, 0.0))

    def drop_deliveries(self, connection: str, records: Collection[int]) -> None:
        """Say who is up to date again."""
        for record in records:
            self._del(self._at.outbox[connection], record)

    def journal(self, lines: Sequence[JournalLine], *, at: float, tick: int) -> None:
        """Write down what happened."""
        for line in lines:
            self._add(self._at.journal, Told(id=len(self._at.journal) + 1, line=line, at=at, tick=tick))

    def journal_births(
        self,
        connection: str,
        born: Mapping[int, Sequence[Entry]],
        *,
        evidence: str,
        at: float,
        tick: int,
    ) -> None:
        """Write down how records of one page came to be, each with its entries: the first line of its history."""
        lines = [
            JournalLine(
                record=record, connection=connection, kind=BIRTH, entries=tuple(entries), evidence=evidence
            )
            for record, entries in born.items()
        ]
        self.journal(lines, at=at, tick=tick)

    def history(self, record: int, *, limit: int = 200) -> list[Told]:
        """Return what happened to a record, newest first."""
        return [told for told in reversed(self._at.journal) if told.line.record == record][:limit]

    # --- sightings
    def sight(self, sighting: Sighting) -> None:
        """Note whom a page showed."""
        page = (sighting.connection, sighting.entity)
        read = self._at.read[page]
        self._add(read, sighting, bisect_right(read, sighting.read_at, key=_read_at))
        if sighting.order:
            ordered = self._at.ordered[page]
            self._add(ordered, sighting, bisect_right(ordered, sighting.order, key=_order))

    def sighted_later(
        self, connection: str, entity: str, *, read_at: int | None = None, order: str | None = None
    ) -> dict[int, set[str]]:
        """Return the records shown by pages read after `read_at`, or of a later source order, with the facets shown."""
        later: list[Sighting] = []
        if read_at is not None:
            read = self._at.read[connection, entity]
            later += read[bisect_right(read, read_at, key=_read_at) :]
        if order is not None:
            ordered = self._at.ordered[connection, entity]
            later += ordered[bisect_right(ordered, order, key=_order) :]
        found: dict[int, set[str]] = {}
        for page in later:
            for record in page.records:
                found.setdefault(record, set()).update(page.facets)
        return found

    def sighted(self, connection: str, entity: str, *, since: float, envelope: int, scope: str) -> set[int]:
        """Return the records shown since a moment, or by one envelope when it is not 0."""
        return {
            record
            for page in self._at.read[connection, entity]
            if (page.envelope == envelope if envelope else page.at >= since) and scope in {"", page.scope}
            for record in page.records
        }

    def bound_in_scope(self, connection: str, entity: str, scope: str) -> dict[int, str]:
        """Return live records and refs of one system, of one catalogue unless `scope` is empty."""
        return {
            bound.record: bound.ref
            for bound in self._at.bindings.values()
            if (bound.connection, bound.entity, bound.kind) == (connection, entity, LIVE)
            and scope in {"", bound.scope}
        }

    def count_bound(self, connection: str, entity: str) -> int:
        """Count live bindings."""
        return len(self.bound_in_scope(connection, entity, ""))

    # --- waiting
    def wait(self, rows: Sequence[tuple[str, Waiter]]) -> None:
        """Note that a waiter waits for a key."""
        for key, waiter in rows:
            self._set(self._at.waits[key], waiter, None)

    def woken(self, keys: Collection[str]) -> list[Waiter]:
        """Return and forget who waited for these keys; waiting writes become ready."""
        waiters: set[Waiter] = set()
        for key in keys:
            for waiter in list(self._at.waits.get(key, ())):
                waiters.add(waiter)
                self._del(self._at.waits[key], waiter)
        for waiter in waiters:
            shelf = self._at.outbox[waiter.connection]
            lease = shelf.get(waiter.record) if waiter.kind == WRITE else None
            if lease is not None and lease.row.state == WAITING:
                row = msgspec.structs.replace(lease.row, state=READY, reason="", wakes_on=())
                self._set(shelf, waiter.record, _Lease(row, 0.0))
        return sorted(waiters)

    def waited_for(
        self, prefix: str, kind: str, *, after: str = "", limit: int = 500
    ) -> list[tuple[str, Waiter]]:
        """Return the keys behind `after` that begin with a prefix, in order, each with one who waits for it."""
        found: list[tuple[str, Waiter]] = []
        for key in sorted(key for key in self._at.waits if key.startswith(prefix) and key > after):
            of_kind = [waiter for waiter in self._at.waits[key] if waiter.kind == kind]
            if of_kind and len(found) < limit:
                found.append((key, min(of_kind)))
        return found

    def waiters(self, *, limit: int = 10_000) -> list[tuple[str, Waiter]]:
        """Return who waits for which key."""
        found = [
            (key, waiter) for key, waiters in sorted(self._at.waits.items()) for waiter in sorted(waiters)
        ]
        return found[:limit]

    # --- issues and guards
    def open_issues(self, issues: Sequence[Issue], *, at: float) -> None:
        """Open issues, or count them once more."""
        for issue in issues:
            before = self._at.issues.get(issue.key)
            if before is None:
                opened = OpenIssue(id=self._count("issue", 1), issue=issue, count=1, opened_at=at, seen_at=at)
            else:
                told = msgspec.structs.replace(before.issue, en=issue.en, ru=issue.ru)
                opened = msgspec.structs.replace(before, issue=told, count=before.count + 1, seen_at=at)
            self._set(self._at.issues, issue.key, opened)

    def close_issues(self, keys: Collection[str], *, at: float) -> None:  # noqa: ARG002 - closed ones are not kept here
        """Close issues that are settled."""
        for key in keys:
            self._del(self._at.issues, key)

    def issues(self, *, connection: str | None = None, limit: int = 200) -> list[OpenIssue]:
        """Return open issues, oldest first."""
        found = [
            opened
            for opened in self._at.issues.values()
            if connection is None or opened.issue.connection == connection
        ]
        return sorted(found, key=lambda opened: opened.id)[:limit]

    def put_dangers(self, dangers: Sequence[Danger]) -> None:
        """Note dangerous changes; the same record and atom replaces."""
        for danger in dangers:
            self._set(self._at.dangers[danger.connection], (danger.record, danger.atom), danger)

    def drop_dangers(self, connection: str, pairs: Collection[tuple[int, str]]) -> None:
        """Forget dangers of (record, atom) that are none any more."""
        for pair in pairs:
            self._del(self._at.dangers[connection], pair)

    def dangers(self, connection: str) -> list[Danger]:
        """Return what this system said that is still held."""
        return [
            danger for _, danger in sorted(self._at.dangers[connection].items(), key=lambda item: item[0])
        ]

    # --- moving work
    def claim(
        self,
        connection: str,
        *,
        now: float,
        limit: int,
        lease_s: float,
        only: Collection[int] | None = None,
        entity: str | None = None,
    ) -> list[Delivery]:
        """Lease ready rows: whole lanes in rank order, no lane that has an open attempt or a leased row."""
        shelf = self._at.outbox[connection]
        busy = {self._lane(connection, record) for record in self._at.attempts[connection]}
        ready: list[Delivery] = []
        for row, until in shelf.values():
            if row.state == LEASED and until > now:
                busy.add(row.lane)
            elif row.state in {LEASED, READY} and row.not_before <= now:
                ready.append(row)
        ready = [
            row
            for row in ready
            if row.lane not in busy and (only is None or row.record in only) and entity in {None, row.entity}
        ]
        ready.sort(key=lambda row: (row.rank, row.lane, row.record))
        claimed = [
            msgspec.structs.replace(row, state=LEASED) for row in whole_lanes(ready[: limit + 1], limit)
        ]
        for row in claimed:
            self._set(shelf, row.record, _Lease(row, now + lease_s))
        return claimed

    def _lane(self, connection: str, record: int) -> int:
        lease = self._at.outbox[connection].get(record)
        if lease is not None:
            return lease.row.lane
        stored = self._at.records.get(record)
        return record if stored is None else stored.lane or record

    def put_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Open attempts, or move their `resolve_at`, `job` and `tries`. One per record and system."""
        for attempt in attempts:
            self._set(self._at.attempts[attempt.connection], attempt.record, attempt)

    def close_attempts(self, connection: str, records: Collection[int]) -> None:
        """Close attempts."""
        for record in records:
            self._del(self._at.attempts[connection], record)

    def due_attempts(self, connection: str, *, now: float, limit: int) -> list[Attempt]:
        """Return open attempts whose `resolve_at` has passed."""
        due = [attempt for attempt in self._at.attempts[connection].values() if attempt.resolve_at <= now]
        return sorted(due, key=lambda attempt: (attempt.resolve_at, attempt.record))[:limit]

    def open_attempts(self, connection: str, *, after: int, limit: int) -> list[Attempt]:
        """Return open attempts of one system at records behind `after`, in order of record."""
        attempts = self._at.attempts[connection]
        return [attempts[record] for record in sorted(attempts) if record > after][:limit]

    # --- cursors and envelopes
    def cursor(self, connection: str, name: str) -> str:
        """Return a cursor, empty at the beginning."""
        return self._at.cursors.get((connection, name), "")

    def put_cursor(self, connection: str, name: str, value: str) -> None:
        """Move a cursor, in the transaction that stores its page."""
        self._set(self._at.cursors, (connection, name), value)

    def accept(self, envelope: StoredEnvelope) -> int:
        """Store an envelope (its `id` is ignored) and return its number; a known key returns the old number."""
        key = (envelope.connection, envelope.key)
        if key not in self._at.accepted:
            number = len(self._at.envelopes) + 1
            self._add(self._at.envelopes, msgspec.structs.replace(envelope, id=number))
            self._set(self._at.accepted, key, number)
            if envelope.state in UNFINISHED:
                self._set(self._at.waiting, number, None)
        return self._at.accepted[key]

    def accept_all(self, envelopes: Sequence[StoredEnvelope]) -> list[int]:
        """Do the same with many; return their numbers in this order."""
        return [self.accept(envelope) for envelope in envelopes]

    def envelope(self, number: int) -> StoredEnvelope:
        """Return an envelope."""
        if not 1 <= number <= len(self._at.envelopes):
            raise no_envelope(number)
        return self._at.envelopes[number - 1]

    def waiting_envelopes(self, connection: str | None = None) -> list[StoredEnvelope]:
        """Return envelopes not finished yet, in the order they came."""
        waiting = [self._at.envelopes[number - 1] for number in sorted(self._at.waiting)]
        return [envelope for envelope in waiting if connection in {None, envelope.connection}]

    def move_envelope(
        self,
        number: int,
        *,
        state: str,
        position: int,
        counted: Mapping[str, int],
        error_en: str = "",
        error_ru: str = "",
    ) -> None:
        """Move an envelope on (a negative position leaves it where it is) and add to its counters."""
        before = self.envelope(number)
        moved = msgspec.structs.replace(
            before,
            state=state,
            position=before.position if position < 0 else position,
            received=before.received + counted.get(RECEIVED, 0),
            counters=added(before.counters, counted),
            error_en=error_en,
            error_ru=error_ru,
        )
        self._undo.append((self._at.envelopes, number - 1, before))
        self._at.envelopes[number - 1] = moved
        if state not in UNFINISHED:
            self._del(self._at.waiting, number)
        elif number not in self._at.waiting:
            self._set(self._at.waiting, number, None)

    # --- holds
    def put_hold(self, hold: Hold) -> None:
        """Hold back a flow or a record; the same one again replaces when and why."""
        self._set(self._at.holds, (hold.connection, hold.entity, hold.record), hold)

    def drop_hold(self, connection: str, entity: str, record: int = 0) -> bool:
        """Hold back a flow or a record no longer; tell whether it was."""
        is_held = (connection, entity, record) in self._at.holds
        self._del(self._at.holds, (connection, entity, record))
        return is_held

    def holds(self, connection: str) -> list[Hold]:
        """Return what people hold back from one system."""
        return sorted(hold for hold in self._at.holds.values() if hold.connection == connection)

    # --- reserves
    def put_reserves(self, reserves: Sequence[Reserve]) -> None:
        """Store what orders keep; the same order and offer replaces."""
        for reserve in reserves:
            self._set(self._at.reserves, (reserve.order, reserve.offer), reserve)

    def drop_reserves(self, pairs: Collection[tuple[int, int]]) -> None:
        """Forget what these (order, offer) kept."""
        for pair in pairs:
            self._del(self._at.reserves, pair)

    def reserves(self, orders: Collection[int]) -> list[Reserve]:
        """Return what these orders keep."""
        return [reserve for reserve in self._at.reserves.values() if reserve.order in orders]

    def reserves_of(self, offers: Collection[int]) -> list[Reserve]:
        """Return what is kept of these offers."""
        return [reserve for reserve in self._at.reserves.values() if reserve.offer in offers]

    def known_reserves(self, *, before: int) -> list[Reserve]:
        """Return reserves the owner of the stock has known of since before a tick."""
        return [reserve for reserve in self._at.reserves.values() if 0 < reserve.known_at < before]

    def expired_reserves(self, *, now: float) -> list[Reserve]:
        """Return reserves whose time has passed."""
        return [reserve for reserve in self._at.reserves.values() if reserve.until <= now]

    # --- plans
    def outbox(self, connection: str, *, limit: int = 100_000) -> list[Delivery]:
        """Return the outbox rows of one system, whatever their state, in order of rank and lane."""
        rows = [lease.row for lease in self._at.outbox[connection].values()]
        return sorted(rows, key=lambda row: (row.rank, row.lane, row.record))[:limit]

    def put_plan(self, digest: str, body: bytes, *, at: float) -> None:  # noqa: ARG002 - nothing grows old here
        """Keep a plan under its digest."""
        self._set(self._at.plans, digest, body)

    def plan(self, digest: str) -> bytes | None:
        """Return a kept plan."""
        return self._at.plans.get(digest)

    # --- connections
    def state_of(self, connection: str) -> tuple[str, str]:
        """Return a connection's state (`active`, `paused`, `hold`) and its reason."""
        return self._at.states.get(connection, (ACTIVE, ""))

    def put_state(self, connection: str, state: str, reason: str) -> None:
        """Pause, hold or resume a connection."""
        self._set(self._at.states, connection, (state, reason))

    def identity_of(self, connection: str) -> str:
        """Return where a connection has led until now; empty while nobody has looked."""
        return self._at.identities.get(connection, "")

    def put_identity(self, connection: str, identity: str) -> None:
        """Remember where a connection leads."""
        self._set(self._at.identities, connection, identity)

    # --- mappings
    def put_mapping(self, row: MappingRow, *, at: float) -> int:
        """Write a row of a mapping table and return the connection's new mapping version."""
        version = self.mapping_version(row.connection) + 1
        stored = msgspec.structs.replace(row, version=version, at=at)
        self._set(self._at.mappings, (row.connection, row.kind, row.direction, row.code), stored)
        return version

    def mapping_version(self, connection: str) -> int:
        """Return the version of a connection's mapping, 0 while nobody has written one."""
        return max(
            (row.version for row in self._at.mappings.values() if row.connection == connection), default=0
        )

    def mappings(self, connection: str) -> list[MappingRow]:
        """Return the mapping of one connection as it stands, by kind, direction and code."""
        held = [
            key for key, row in self._at.mappings.items() if key[0] == connection and row.value is not None
        ]
        return [self._at.mappings[key] for key in sorted(held)]


class MemoryLedger:
    """Facts in memory, gone with the process."""

    page = 150_000

    def __init__(self) -> None:
        self._shelves = _Shelves()
        self._lock = Lock()

    @contextmanager
    def begin(self) -> Iterator[MemoryTx]:
        """Open a transaction; others wait until it ends."""
        with self._lock:
            tx = MemoryTx(self._shelves)
            try:
                yield tx
            except BaseException:
                tx.undo()
                raise

    def backup(self) -> object:
        """Return a copy of everything for `restore`."""
        return _copied(self._shelves)

    def restore(self, backup: Any) -> None:
        """Put the ledger back in time, as a database is: deliveries are held, numbers are not given out twice."""
        self._shelves = _copied(backup)
        for counter in ("tick", "record"):
            self._shelves.counters[counter] += GAP
        for rows in self._shelves.outbox.values():
            for record, lease in rows.items():
                held = msgspec.structs.replace(lease.row, state=HELD, reason=HELD_EPOCH)
                rows[record] = _Lease(held, 0.0)

    async def run(self, work: Callable[[MemoryTx], T]) -> T:
        """Run a function in a transaction, here and now: nothing in it waits."""
        with self.begin() as tx:
            return work(tx)

    async def close(self) -> None:
        """Let go of nothing."""


def _copied(shelves: _Shelves) -> _Shelves:
    """Copy two levels of tables; the values in them are never changed in place."""
    copy = _Shelves()
    for name, shelf in vars(shelves).items():
        table = shelf.copy()
        for key, inner in table.items() if isinstance(table, dict) else ():
            if isinstance(inner, (dict, list)):
                table[key] = inner.copy()
        setattr(copy, name, table)
    return copy


def _read_at(page: Sighting) -> int:
    return page.read_at


def _order(page: Sighting) -> str:
    return page.order


def _pick(shelf: Mapping[K, V], keys: Collection[K]) -> dict[K, V]:
    return {key: shelf[key] for key in keys if key in shelf}


def _merged(lease: _Lease, row: Delivery) -> _Lease:
    """Keep what a lease or a hold of a person has fixed; everything else becomes what is given."""
    old, until = lease
    kept = msgspec.structs.replace(row, since=old.since, attempts=old.attempts)
    stuck = old.state == HELD and old.reason in STICKY and row.state != HELD
    stopped = row.state == HELD and row.reason in STICKY
    if stuck or (old.state == LEASED and not stopped):
        kept = msgspec.structs.replace(
            kept, state=old.state, reason=old.reason, wakes_on=old.wakes_on, not_before=old.not_before
        )
    return _Lease(kept, until)
