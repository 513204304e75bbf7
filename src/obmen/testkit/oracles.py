"""The oracles: what must hold after every step, and what must hold when everything has come to rest.

They look at the toys' own ledgers first and at our tables only to compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from obmen.engine.hub import Bindings, view_of
from obmen.ledger.contract import HELD, WAITING, Tx
from obmen.model import ENTITIES, Record, Value
from obmen.sync.behind import need
from obmen.sync.derived import HUB
from obmen.sync.facts import STAGES
from obmen.sync.reasons import Reason
from obmen.sync.rules import Each, Forward, Once, Origin, Owner, in_force
from obmen.sync.shadow import Blocked, OneOf, Shadow, View, Withheld
from obmen.testkit.collector import Collector
from obmen.testkit.shelf import Thing
from obmen.testkit.toys import Toy
from obmen.testkit.world import World

CODED = frozenset({"kind", "stage"})
"""Atoms with a mapping table: what was typed is a code, whose sense may change later."""


class Violation(AssertionError):
    """The hub broke an invariant; the message tells which and where."""


@lru_cache(maxsize=65536)
def number_of(text: str) -> int | None:
    """Return the number of the edit a value carries, if any."""
    found = re.search(r"\d+", text)
    return int(found.group()) if found else None


class Oracles:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records: dict[int, Record] = {}
        self._known: dict[tuple[str, int], tuple[Record, Shadow | None, object]] = {}
        """What was found up to date, by reader and record; it stays so as long as nothing of it changes."""

    def forget(self) -> None:
        """Begin anew: the ledger was put back in time."""
        self.records = {}
        self._known = {}

    # --- after every step -----------------------------------------------------------------------------------------

    def step(self) -> None:
        """Check what must hold at any moment."""
        world = self.world
        for shelf in (world.erp, *world.toys):
            if shelf.wrongs:
                raise Violation(shelf.wrongs[0])
        with world.begin() as tx:
            records = {
                number: record
                for entity in world.hub.topologies
                for number, record in tx.records(tx.ids(entity, after=0, limit=1000)).items()
            }
            for number, record in records.items():
                before = self.records.get(number)
                if before is not record and before != record:
                    self._changed(before, record)
            self.records = records
            for reader in world.readers:
                self._behind(tx, reader, records, world.shelf(reader).kinds)
            if world.till is not None:
                self._behind(tx, world.till.name, records, world.till.collects)

    def _changed(self, before: Record | None, after: Record) -> None:
        topology = self.world.hub.topologies[after.entity]
        if after.origin not in topology.creators:
            raise Violation(f"{after.entity} {after.id} was brought by {after.origin}, which may not")
        for atom, value in after.atoms.items():
            old = before.atoms.get(atom) if before is not None else None
            by = after.by(atom)
            if before is not None and atom in before.atoms and (old, before.by(atom)) == (value, by):
                continue
            rule = in_force(topology.rule(atom), after)
            where = f"{after.entity} {after.id}.{atom}: {old!r} -> {value!r} by {by}"
            if by is None:
                raise Violation(f"{where}: nobody is named")
            match rule:
                case Owner(connection) if by not in {connection, HUB}:
                    raise Violation(f"{where}: only {connection} decides it")
                case Origin() if by != after.origin:
                    raise Violation(f"{where}: only its origin {after.origin} decides it")
                case Each() if before is not None and before.by(atom) not in {None, by}:
                    raise Violation(f"{where}: it belongs to {before.by(atom)}")
                case Once(by=reader) if before is not None and before.by(atom) == reader != by:
                    raise Violation(f"{where}: it has been filled once")
                case Forward(ladder) if old is not None and (ladder.rank(value) or 0) < (
                    ladder.rank(old) or 0
                ):
                    raise Violation(f"{where}: a fact went back")
            if before is not None and isinstance(rule, Owner) and atom in before.atoms:
                self._newer(where, old, value)
            if by != HUB:
                speakers = ("erp", by) if isinstance(rule, Once) else (by,)  # handed over with its value
                self._was_said(where, speakers, after.entity, atom, value)
            self._clash(where, before, after)

    def _newer(self, where: str, old: Value, value: Value) -> None:
        if isinstance(old, str) and isinstance(value, str):
            a, b = number_of(old), number_of(value)
            if a and b and b < a:
                raise Violation(f"{where}: an older value replaced a newer one")

    def _was_said(self, where: str, speakers: tuple[str, ...], entity: str, atom: str, value: Value) -> None:
        if atom in CODED or atom == "active" or ENTITIES[entity].atom(atom).partner is not None:
            return
        for shelf in map(self.world.shelf, speakers):
            said = shelf.said.get((entity, atom), ())
            codec = shelf.codecs[entity]
            if value in said or any(codec.decode(atom, wire) == value for wire in said):
                return
        raise Violation(f"{where}: nobody said it there")

    def _clash(self, where: str, before: Record | None, after: Record) -> None:
        if before is None or after.entity != "order":
            return

        def both(record: Record) -> bool:
            rank = STAGES.rank(record.atoms.get("stage")) or 0
            return bool(record.atoms.get("cancelled")) and rank >= 50

        if both(after) and not both(before):
            raise Violation(f"{where}: cancelled and shipped at once")

    def _behind(self, tx: Tx, reader: str, records: dict[int, Record], kinds: Collection[str]) -> None:
        """Check that whoever is behind is in the outbox or being written."""
        world = self.world
        shadows = tx.shadows(reader, records)
        refs = tx.refs_of(reader, records)
        rows = tx.deliveries(reader, records)
        open_ = tx.attempts(reader, records)
        eyes = (refs, world.tables.get(reader, {}).copy())
        views: dict[str, View] = {}
        for number, record in records.items():
            if record.entity not in kinds or number in rows or number in open_:
                continue
            state = (record, shadows.get(number), eyes)
            if self._known.get((reader, number)) == state:
                continue
            view = views.get(record.entity) or views.setdefault(
                record.entity, self._view(tx, reader, record.entity)
            )
            if self._is_behind(tx, view, record, state[1], bound=number in refs):
                raise Violation(f"{reader} is behind on {record.entity} {number} and nobody remembers it")
            self._known[reader, number] = state

    def _is_behind(self, tx: Tx, view: View, record: Record, shadow: Shadow | None, *, bound: bool) -> bool:
        topology = self.world.hub.topologies[record.entity]
        role = topology.reader(view.system)
        if role is None or record.merged_into is not None or (shadow is not None and shadow.gone):
            return False
        if not bound:
            tombs = [b for b in tx.bindings([record.id]) if b.connection == view.system and b.kind != "live"]
            if tombs or record.atoms.get("active") is False:
                return False
        return need(record=record, shadow=shadow, view=view, topology=topology, reader=role).is_behind

    def _view(self, tx: Tx, reader: str, entity: str) -> View:
        partners = Bindings()
        for name in self.world.hub.topologies:
            for number, ref in tx.bound_in_scope(reader, name, "").items():
                partners.learn(name, ref, number)
        return view_of(self.world.hub, reader, entity, partners)

    # --- at rest --------------------------------------------------------------------------------------------------

    def rest(self) -> None:
        """Check what must hold when nothing is on its way and every system has been read."""
        world = self.world
        with world.begin() as tx:
            for entity in world.hub.topologies:
                records = tx.records(tx.ids(entity, after=0, limit=1000))
                for record in records.values():
                    if record.merged_into is None:
                        self._source_agrees(tx, record)
                        for toy in world.toys:
                            if entity in toy.kinds:
                                self._reader_agrees(tx, toy, record)
                        if world.till is not None and entity in world.till.collects:
                            self._taker_agrees(tx, world.till, record)

    def _source_agrees(self, tx: Tx, record: Record) -> None:
        ref = tx.refs_of("erp", [record.id]).get(record.id)
        thing = self.world.erp.things.get(ref or "")
        if thing is None or thing.gone:
            return
        shadow = tx.shadows("erp", [record.id])[record.id]
        view = self._view(tx, "erp", record.entity)
        for atom, wire in thing.fields.items():
            rule = self.world.hub.topologies[record.entity].rule(atom)
            if not isinstance(rule, Owner) or atom in shadow.blocked:
                continue
            value = view.decode(ENTITIES[record.entity].atom(atom), atom, wire)
            if isinstance(value, Blocked):
                raise Violation(f"erp {thing.ref}.{atom}: {wire!r} cannot be read, and nobody waits for it")
            if value != record.atoms.get(atom):
                raise Violation(
                    f"{record.entity} {record.id}.{atom} is {record.atoms.get(atom)!r}, its owner erp says {value!r}"
                )

    def _reader_agrees(self, tx: Tx, toy: Toy, record: Record) -> None:
        ref = tx.refs_of(toy.name, [record.id]).get(record.id)
        row = tx.deliveries(toy.name, [record.id]).get(record.id)
        shadow = tx.shadows(toy.name, [record.id]).get(record.id)
        if ref is None:
            waits = row is not None and row.state in {WAITING, HELD}
            view = self._view(tx, toy.name, record.entity)
            if not waits and self._is_behind(tx, view, record, shadow, bound=False):
                raise Violation(f"{record.entity} {record.id} never reached {toy.name}: {row}")
            return
        thing = toy.things[ref]
        if thing.gone or thing.merged_into is not None:
            raise Violation(f"{toy.name} {ref} is gone and still bound to {record.entity} {record.id}")
        if row is not None and (row.state == HELD or row.reason == Reason.REJECTED.code):
            return
        view = self._view(tx, toy.name, record.entity)
        for atom, value in record.atoms.items():
            self._atom_agrees(toy, thing, record, atom, value, view, shadow)

    def _taker_agrees(self, tx: Tx, till: Collector, record: Record) -> None:
        """Check that who comes for a record holds one document of it, whole and as the record stands."""
        row = tx.deliveries(till.name, [record.id]).get(record.id)
        if row is not None:
            if row.state not in {WAITING, HELD}:
                raise Violation(f"{record.entity} {record.id} was never taken by {till.name}: {row}")
            return
        ref = tx.refs_of(till.name, [record.id]).get(record.id)
        shadow = tx.shadows(till.name, [record.id]).get(record.id)
        if ref is None or shadow is None:
            view = self._view(tx, till.name, record.entity)
            if self._is_behind(tx, view, record, shadow, bound=False):
                raise Violation(f"{record.entity} {record.id} never reached {till.name}")
            return
        view = self._view(tx, till.name, record.entity)
        for atom, value in record.atoms.items():
            wire = view.encode(ENTITIES[record.entity].atom(atom), atom, value)
            if view.codec.carries(atom) and not isinstance(wire, Blocked | Withheld):
                stands = till.documents.get(ref, {}).get(atom)
                if stands != wire:
                    raise Violation(
                        f"{till.name} {ref}.{atom} is {stands!r}; order {record.id} says {value!r}"
                    )

    def _atom_agrees(
        self,
        toy: Toy,
        thing: Thing,
        record: Record,
        atom: str,
        value: Value,
        view: View,
        shadow: Shadow | None,
    ) -> None:
        if not view.codec.carries(atom) or shadow is None or atom in shadow.blocked or atom in shadow.frozen:
            return
        known = ENTITIES[record.entity].atom(atom)
        wire = view.encode(known, atom, value)
        stands = thing.fields.get(atom)
        if isinstance(wire, Blocked | Withheld) or (atom == "available" and thing.ours.get(atom) == wire):
            return
        rule = self.world.hub.topologies[record.entity].rule(atom)
        if atom not in thing.fields and (wire is None or (isinstance(rule, Once) and rule.by == toy.name)):
            return
        actual = view.decode(known, atom, stands)
        normal = view.decode(known, atom, toy.normalise(atom, wire))
        wanted = (value, normal, view.decode(known, atom, wire))
        if isinstance(actual, OneOf):
            if value in actual.values:
                return
        elif actual in wanted:
            return
        raise Violation(
            f"{toy.name} {thing.ref}.{atom} is {stands!r}; {record.entity} {record.id} says {value!r} by {record.by(atom)}"
        )
