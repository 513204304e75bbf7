"""What the engine asks of a ledger. SQLite, PostgreSQL and the in-memory double of the testkit answer alike.

A transaction is synchronous and runs off the event loop; everything in it happens together or not at all. Reads take
whole batches, writes take whole batches: one statement for a page, never one for a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from obmen.model import Record, Value
from obmen.sync.settle import Entry
from obmen.sync.shadow import Shadow, Wire

T = TypeVar("T")

# States of an outbox row
READY = "ready"
WAITING = "waiting"  # for a partner, a mapping, a value: wakes by itself
HELD = "held"  # by a guard, a plan, a person
LEASED = "leased"  # somebody is writing it

# States of an envelope
ARRIVED = "waiting"
WORKING = "working"  # settled in part
DONE = "done"
FAILED = "failed"
UNFINISHED = (ARRIVED, WORKING)
ENDED = (DONE, FAILED)


class Binding(NamedTuple):
    """A ref of one system and the record it means."""

    connection: str
    entity: str
    ref: str
    record: int
    kind: str = "live"
    """`live`, `alias` (merged there: valid as a partner, deaf to looks), `gone` (a tombstone) or `apart` (a person said
    that it is not this record: deaf to looks, no partner)."""
    scope: str = ""
    """The catalogue it came from, where the system has several."""


class Known(NamedTuple):
    """What the ledger knows of a ref: its record, the kind of its binding, and the shadow."""

    record: int
    kind: str
    shadow: Shadow | None
    traces: str = ""
    """Of the bytes the shadow was last brought up to date from; see `sync.traces`."""


class Delivery(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An outbox row: one record one system is behind on. A hundred updates are still one row."""

    record: int
    connection: str
    entity: str
    lane: int
    rank: int
    state: str = READY
    reason: str = ""
    wakes_on: tuple[str, ...] = ()
    not_before: float = 0.0
    attempts: int = 0
    since: float = 0.0
    """When it first fell behind, epoch seconds."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One open write: what is on its way, frozen before it was sent."""

    record: int
    connection: str
    entity: str
    creates: bool
    ref: str | None
    """The object there; of a create the name it was offered under, where the system comes and takes it."""
    payload: dict[str, Wire]
    mark: str
    opened_at: int
    """Ledger tick."""
    resolve_at: float
    """Epoch seconds from which an unanswered write can no longer land and may be looked up."""
    job: str = ""
    """The vendor's own number of work it does later."""
    tries: int = 0
    waits: tuple[str, ...] = ()
    """Atoms that could not be sent yet: their partners or mappings were missing."""
    session: str = ""
    """Whose visit it was offered in, where the system comes and takes what is meant for it."""
    offer: int = 0
    """Which offer of that visit."""


BIRTH = "create"
"""The kind of a record's first journal line."""


class JournalLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What happened to a record, for people. `connection` is the system that spoke or was written to."""

    record: int
    connection: str
    kind: str
    """`look`, `write`, `create`, `guard`, `person`, …"""
    entries: tuple[Entry, ...]
    evidence: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A journal line as it stands in the ledger."""

    id: int
    line: JournalLine
    at: float
    tick: int


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person or a mapping must settle. The same key is the same issue, counted."""

    key: str
    code: str
    connection: str
    en: str
    ru: str
    entity: str = ""
    record: int | None = None
    ref: str = ""


class OpenIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as the ledger keeps it."""

    id: int
    issue: Issue
    count: int
    opened_at: float
    seen_at: float


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One settled page: whom it showed, when it was read, which envelope it came from."""

    connection: str
    entity: str
    read_at: int
    at: float
    records: tuple[int, ...]
    order: str = ""
    envelope: int = 0
    scope: str = ""
    facets: tuple[str, ...] = ()
    """Families of atoms the page spoke of."""


class Danger(msgspec.Struct, frozen=True, kw_only=True):
    """One dangerous change that holds the deliveries of its record."""

    connection: str
    """The system that said it."""
    entity: str
    kind: str
    record: int
    atom: str
    before: Value
    after: Value
    state: str = "pending"
    """`pending` until the exchange is quiet, then released (deleted) or `asked`."""


class Waiter(NamedTuple):
    """Who waits for a key: a look to be settled again, or a write to be planned again."""

    record: int
    connection: str
    kind: str
    """`look` or `write`."""


NEVER = 1e18
"""A moment that does not come; JSON has no infinity."""


class Reserve(NamedTuple):
    """What one order keeps of one offer."""

    order: int
    offer: int
    quantity: str
    known_at: int = 0
    """Ledger tick since which the owner of the stock knows of the order; 0 while it does not."""
    until: float = NEVER
    """Epoch seconds until which it is kept."""


class Hold(NamedTuple):
    """What a person holds back from one system: every write of an entity, or of one record."""

    connection: str
    entity: str
    record: int
    """0 for the whole flow."""
    at: float
    why: str

    def holds(self, record: Record) -> bool:
        """Tell whether a record is held back by this."""
        return self.entity == record.entity and self.record in {0, record.id}


class MappingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a mapping table as an operator wrote it."""

    connection: str
    kind: str
    direction: str
    """`in`, `out` or `both`."""
    code: str
    value: str | None
    """None takes the row away."""
    version: int = 0
    """Version of the connection's mapping this row came with; given by the ledger."""
    by: str = ""
    """Who wrote it, and why."""
    at: float = 0.0


class StoredEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """An inbox row: where an envelope stands."""

    id: int
    connection: str
    kind: str
    name: str
    key: str
    path: str
    body: bytes
    session: str
    since: float
    scope: str
    state: str
    """`waiting`, `working`, `done` or `failed`."""
    position: int
    received: int
    """Elements seen; always applied + superseded + refused + waiting + echoed."""
    counters: dict[str, int]
    error_en: str = ""
    error_ru: str = ""
    received_at: float = 0.0


class Tx(Protocol):
    """One transaction. Ids and ticks are taken from the ledger, never made up."""

    # --- counters
    def tick(self) -> int:
        """Return the next ledger tick."""

    def allocate(self, count: int) -> int:
        """Reserve `count` record ids and return the first."""

    # --- reading, by batch
    def known(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, Known]:
        """Return binding and shadow of each known ref: the hot path of every page."""

    def traces(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, tuple[int, str]]:
        """Return record and traces of each live ref that has any: all an unchanged object asks for."""

    def bound(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, int]:
        """Return the record of each bound ref, aliases included: partners of a page, without their shadows."""

    def refs_of(self, connection: str, records: Collection[int]) -> dict[int, str]:
        """Return the live ref of each record in one system."""

    def bindings(self, records: Collection[int]) -> list[Binding]:
        """Return every binding of these records, all systems, tombstones included."""

    def records(self, ids: Collection[int]) -> dict[int, Record]:
        """Return records."""

    def ids(self, entity: str, *, after: int, limit: int) -> list[int]:
        """Return ids of an entity's records behind `after`, in order."""

    def shadows(self, connection: str, records: Collection[int]) -> dict[int, Shadow]:
        """Return the shadows of one system."""

    def attempts(self, connection: str, records: Collection[int]) -> dict[int, Attempt]:
        """Return the open attempts of one system for these records."""

    def deliveries(self, connection: str, records: Collection[int]) -> dict[int, Delivery]:
        """Return the outbox rows of one system for these records."""

    def by_key(
        self, entity: str, key: str, values: Collection[str], *, most: int = 2
    ) -> dict[str, list[int]]:
        """Return the records whose key atom has one of these values, the `most` oldest of each, by id."""

    def lane_members(self, lanes: Collection[int], entity: str) -> dict[int, list[int]]:
        """Return the records of one entity in each lane."""

    # --- writing, by batch
    def put_records(
        self, records: Sequence[Record], *, new: bool, keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Store records; `keys` names, per entity, the atoms `by_key` must find them by."""

    def bind(self, bindings: Sequence[Binding]) -> None:
        """Store bindings. A ref that is bound already moves; `Bug` if it belongs to another record."""

    def unbind(self, connection: str, records: Collection[int], *, kind: str) -> None:
        """Turn live bindings into tombstones of this kind."""

    def put_shadows(
        self,
        connection: str,
        entity: str,
        shadows: Mapping[int, Shadow],
        traces: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Store shadows; what is not said to have traces loses those it had."""

    def drop_shadows(self, connection: str, records: Collection[int]) -> None:
        """Forget what a system held of these records: they are not there any more, or were never it."""

    def put_traces(self, connection: str, traces: Mapping[int, str]) -> None:
        """Remember what shadows that stay as they are were seen in."""

    def put_deliveries(self, rows: Sequence[Delivery]) -> None:
        """Say who is behind. An existing row keeps `since`, `attempts` and a hold that a person must lift.

        A leased row stays leased, unless the new row is held for a person.
        """

    def put_newborn(self, row: Delivery, records: Collection[int]) -> None:
        """Say that a system is behind on records stored just now, of which it has never heard: rows like this one."""

    def reschedule(self, rows: Sequence[Delivery]) -> None:
        """End leases: set state, reason, wakes_on, not_before and attempts exactly as given; absent rows are added."""

    def drop_deliveries(self, connection: str, records: Collection[int]) -> None:
        """Say who is up to date again."""

    def journal(self, lines: Sequence[JournalLine], *, at: float, tick: int) -> None:
        """Write down what happened."""

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

    def history(self, record: int, *, limit: int = 200) -> list[Told]:
        """Return what happened to a record, newest first."""

    def sight(self, sighting: Sighting) -> None:
        """Note whom a page showed."""

    def sighted_later(
        self, connection: str, entity: str, *, read_at: int | None = None, order: str | None = None
    ) -> dict[int, set[str]]:
        """Return the records shown by pages read after `read_at`, or of a later source order, with the facets shown."""

    def sighted(self, connection: str, entity: str, *, since: float, envelope: int, scope: str) -> set[int]:
        """Return the records shown since a moment, or by one envelope when it is not 0."""

    def bound_in_scope(self, connection: str, entity: str, scope: str) -> dict[int, str]:
        """Return live records and refs of one system, of one catalogue unless `scope` is empty."""

    def count_bound(self, connection: str, entity: str) -> int:
        """Count live bindings."""

    # --- waiting
    def wait(self, rows: Sequence[tuple[str, Waiter]]) -> None:
        """Note that a waiter waits for a key."""

    def woken(self, keys: Collection[str]) -> list[Waiter]:
        """Return and forget who waited for these keys; waiting writes become ready."""

    def waited_for(
        self, prefix: str, kind: str, *, after: str = "", limit: int = 500
    ) -> list[tuple[str, Waiter]]:
        """Return the keys behind `after` that begin with a prefix, in order, each with one who waits for it."""

    def waiters(self, *, limit: int = 10_000) -> list[tuple[str, Waiter]]:
        """Return who waits for which key."""

    # --- issues and guards
    def open_issues(self, issues: Sequence[Issue], *, at: float) -> None:
        """Open issues, or count them once more."""

    def close_issues(self, keys: Collection[str], *, at: float) -> None:
        """Close issues that are settled."""

    def issues(self, *, connection: str | None = None, limit: int = 200) -> list[OpenIssue]:
        """Return open issues, oldest first."""

    def put_dangers(self, dangers: Sequence[Danger]) -> None:
        """Note dangerous changes; the same record and atom replaces."""

    def drop_dangers(self, connection: str, pairs: Collection[tuple[int, str]]) -> None:
        """Forget dangers of (record, atom) that are none any more."""

    def dangers(self, connection: str) -> list[Danger]:
        """Return what this system said that is still held."""

    # --- reserves
    def put_reserves(self, reserves: Sequence[Reserve]) -> None:
        """Store what orders keep; the same order and offer replaces."""

    def drop_reserves(self, pairs: Collection[tuple[int, int]]) -> None:
        """Forget what these (order, offer) kept."""

    def reserves(self, orders: Collection[int]) -> list[Reserve]:
        """Return what these orders keep."""

    def reserves_of(self, offers: Collection[int]) -> list[Reserve]:
        """Return what is kept of these offers."""

    def known_reserves(self, *, before: int) -> list[Reserve]:
        """Return reserves the owner of the stock has known of since before a tick."""

    def expired_reserves(self, *, now: float) -> list[Reserve]:
        """Return reserves whose time has passed."""

    # --- holds
    def put_hold(self, hold: Hold) -> None:
        """Hold back a flow or a record; the same one again replaces when and why."""

    def drop_hold(self, connection: str, entity: str, record: int = 0) -> bool:
        """Hold back a flow or a record no longer; tell whether it was."""

    def holds(self, connection: str) -> list[Hold]:
        """Return what people hold back from one system."""

    # --- plans
    def outbox(self, connection: str, *, limit: int = 100_000) -> list[Delivery]:
        """Return the outbox rows of one system, whatever their state, in order of rank and lane."""

    def put_plan(self, digest: str, body: bytes, *, at: float) -> None:
        """Keep a plan under its digest."""

    def plan(self, digest: str) -> bytes | None:
        """Return a kept plan."""

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
        """Lease ready rows, of these records or of this entity only where they are named.

        Whole lanes in rank order, no lane that has an open attempt or a leased row.
        Of one lane only the rows of its lowest ready rank are returned, so partners go first. Rows whose lease ran
        out count as ready.
        """

    def put_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Open attempts, or move their `resolve_at`, `job` and `tries`. One per record and system."""

    def close_attempts(self, connection: str, records: Collection[int]) -> None:
        """Close attempts."""

    def due_attempts(self, connection: str, *, now: float, limit: int) -> list[Attempt]:
        """Return open attempts whose `resolve_at` has passed."""

    def open_attempts(self, connection: str, *, after: int, limit: int) -> list[Attempt]:
        """Return open attempts of one system at records behind `after`, in order of record."""

    # --- cursors and envelopes
    def cursor(self, connection: str, name: str) -> str:
        """Return a cursor, empty at the beginning."""

    def put_cursor(self, connection: str, name: str, value: str) -> None:
        """Move a cursor, in the transaction that stores its page."""

    def accept(self, envelope: StoredEnvelope) -> int:
        """Store an envelope (its `id` is ignored) and return its number; a known key returns the old number."""

    def accept_all(self, envelopes: Sequence[StoredEnvelope]) -> list[int]:
        """Do the same with many; return their numbers in this order."""

    def envelope(self, number: int) -> StoredEnvelope:
        """Return an envelope."""

    def waiting_envelopes(self, connection: str | None = None) -> list[StoredEnvelope]:
        """Return envelopes not finished yet, in the order they came."""

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
        """Move an envelope on and add to its counters; `received` among them is the elements seen.

        A negative position leaves it where it is.
        """

    # --- connections
    def state_of(self, connection: str) -> tuple[str, str]:
        """Return a connection's state (`active`, `paused`, `hold`) and its reason."""

    def put_state(self, connection: str, state: str, reason: str) -> None:
        """Pause, hold or resume a connection."""

    def identity_of(self, connection: str) -> str:
        """Return where a connection has led until now; empty while nobody has looked."""

    def put_identity(self, connection: str, identity: str) -> None:
        """Remember where a connection leads."""

    # --- mappings
    def put_mapping(self, row: MappingRow, *, at: float) -> int:
        """Write a row of a mapping table and return the connection's new mapping version; the old row is history."""

    def mapping_version(self, connection: str) -> int:
        """Return the version of a connection's mapping, 0 while nobody has written one."""

    def mappings(self, connection: str) -> list[MappingRow]:
        """Return the mapping of one connection as it stands, by kind, direction and code."""


class Ledger(Protocol):
    """Where facts live."""

    @property
    def page(self) -> int:
        """How many bytes of looks, as they come out of a file, are best settled at a time."""

    def begin(self) -> AbstractContextManager[Tx]:
        """Open a transaction: committed at the end of the block, rolled back on any exception.

        The block may be run again from the start by `run` when the database asks for it.
        """

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run a function in a transaction off the event loop, again on a deadlock or a serialisation failure."""

    async def close(self) -> None:
        """Let go of the database."""
