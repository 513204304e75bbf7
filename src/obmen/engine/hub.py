"""The hub as a value: what every job needs and nothing it could change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from random import Random

import msgspec

from obmen.connectors.contract import Budget, Connection
from obmen.ledger.contract import Ledger, Tx
from obmen.model import ENTITIES, instant
from obmen.sync.derived import Selling
from obmen.sync.functions import Adjusted, Functions
from obmen.sync.guard import Limits
from obmen.sync.laws import ALL, Laws
from obmen.sync.rules import Topology
from obmen.sync.settle import Moment
from obmen.sync.shadow import View

ALSO = "+"
"""Between keys to recognise by that have to agree together."""


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """How unknown objects of one entity in one connection are recognised."""

    keys: tuple[str, ...] = ()
    """In this order: a name of `Look.keys`; `xml_id` is a ref of `keyed_by`, others are atoms of the record.

    `phones+name` are both at once: found by the first, agreeing in the others."""
    keyed_by: str | None = None
    """The connection whose refs this system keeps as its external code."""


def always(_connection: str, _entity: str, _atom: str, _now: float) -> bool:
    """Tell that there is no write window: writing is always allowed."""
    return True


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """Ledger, connections, topology, and the ports to time and chance."""

    ledger: Ledger
    connections: Mapping[str, Connection]
    topologies: Mapping[str, Topology]
    now: Callable[[], float]
    """Epoch seconds."""
    rng: Random
    matching: Mapping[tuple[str, str], Matching] = {}
    """By connection and entity."""
    functions: Mapping[tuple[str, str], Functions] = {}
    """An integrator's own functions, by connection and entity."""
    limits: Limits = Limits()
    selling: Selling = Selling()
    lease_s: float = 120.0
    planned: frozenset[tuple[str, str]] = frozenset()
    """Connection and entity of what is written only by `apply` of a plan."""
    remapping: bool = False
    """Whether what falls behind is held until a plan is applied: it follows from other tables, not from an event."""
    may_write: Callable[[str, str, str, float], bool] = always
    """Whether a connection's write window is open: connection, entity, atom, epoch seconds."""
    budgets: Mapping[str, Budget] = {}
    """By connection; whoever has none may always call."""
    packs: Mapping[str, int] = {}
    """By connection: how many packs of records are written side by side; one where nothing is said."""
    laws: Laws = ALL

    def moment(self, evidence: str) -> Moment:
        """Return the moment a decision is made at."""
        now = self.now()
        return Moment(now, _text(now), evidence)

    def key_atoms(self, entity: str) -> tuple[str, ...]:
        """Return the atoms records of an entity are searched by."""
        known = {atom.name for atom in ENTITIES[entity].atoms}
        keys = {
            key.partition(ALSO)[0]
            for (_, of), matching in self.matching.items()
            if of == entity
            for key in matching.keys
        }
        return tuple(sorted(keys & known))


class Bindings:
    """Bindings of one connection, fetched for one batch; the `Partners` of a `View`."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], int] = {}
        self._refs: dict[int, str] = {}

    def record_of(self, entity: str, ref: str) -> int | None:
        """Return the record bound to a ref of this system."""
        return self._records.get((entity, ref))

    def ref_of(self, entity: str, record_id: int) -> str | None:  # noqa: ARG002 - record ids are unique over entities
        """Return this system's ref of a record."""
        return self._refs.get(record_id)

    def fetch_records(self, tx: Tx, connection: str, entity: str, refs: Collection[str]) -> None:
        """Fetch what these refs are bound to."""
        wanted = {ref for ref in refs if (entity, ref) not in self._records}
        if wanted:
            for ref, record in tx.bound(connection, entity, wanted).items():
                self._records[entity, ref] = record

    def fetch_refs(self, tx: Tx, connection: str, records: Collection[int]) -> None:
        """Fetch the refs of these records."""
        wanted = {record for record in records if record not in self._refs}
        if wanted:
            self._refs.update(tx.refs_of(connection, wanted))

    def learn(self, entity: str, ref: str, record: int) -> None:
        """Note a binding made in this batch."""
        self._records[entity, ref] = record
        self._refs[record] = ref


def view_of(hub: Hub, connection: str, entity: str, partners: Bindings) -> View:
    """Return one system's eyes for one batch."""
    codec = hub.connections[connection].codec(entity)
    functions = hub.functions.get((connection, entity))
    return View(connection, codec if functions is None else Adjusted(connection, codec, functions), partners)


def _text(now: float) -> str:
    return instant(datetime.fromtimestamp(now, UTC))
