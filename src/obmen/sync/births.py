"""Settle what nobody knew: the first record and shadow of an object, as `settle` would make them, many at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from obmen.model import ENTITIES, Record, Said, Value
from obmen.sync.derived import EVERYTHING, Selling, derived_at_birth
from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.reasons import Reason
from obmen.sync.rules import (
    Stance,
    Topology,
    in_force,
    stance,
)
from obmen.sync.settle import Entry, Moment, Settled, way_back
from obmen.sync.shadow import (
    Blocked,
    Decoded,
    Look,
    OneOf,
    Shadow,
    View,
    Wire,
    reader_of,
)

_UNUSUAL = frozenset({Blocked, OneOf})
_CREATED = Reason.CREATED.code
_BLOCKED = Reason.BLOCKED.code


class Births:
    """Makes the first state of new records of one entity, from one system.

    The same as `settle` without a shadow, without its questions: nobody has said anything yet. What does not depend
    on the record is worked out once per atom, since a first import makes a hundred thousand of these.
    """

    def __init__(
        self,
        *,
        view: View,
        topology: Topology,
        moment: Moment,
        selling: Selling = EVERYTHING,
        laws: Laws = ALL,
    ) -> None:
        self._view = view
        self._selling = selling
        self._topology = topology
        self._moment = moment
        self._laws = laws
        self._entity = ENTITIES[topology.entity]
        self._reads = _Reads(self._learn)
        self._refused: dict[str, str] = {}
        """Atoms this system's word does not count for, with their owner."""

    def birth(self, *, number: int, look: Look, read_at: int) -> Settled:
        """Return the record a look brings, under this number, with the shadow of the system that brought it.

        What is derived from its atoms is there already.
        """
        view, moment = self._view, self._moment
        fields = look.fields
        decoded: dict[str, Any] = fields.copy()
        unusual: list[str] = []
        reads = self._reads
        for name, wire in fields.items():
            read = reads[name]
            if read is not None:
                value = decoded[name] = read(wire)
                if type(value) in _UNUSUAL:
                    unusual.append(name)
        entries = [Entry("", _CREATED, None, look.title)]
        blocked = self._sort(decoded, unusual, entries) if unusual or self._refused else {}
        atoms: dict[str, Value] = decoded  # what is no value has been sorted out
        said = derived_at_birth(
            self._entity.name,
            atoms,
            (Said(view.system, moment.at, moment.evidence, tuple(atoms)),),
            self._selling,
            moment.at,
        )
        lane_by = self._entity.lane_by
        head = atoms.get(lane_by) if lane_by is not None else None
        record = Record(
            id=number,
            entity=self._entity.name,
            origin=view.system,
            atoms=atoms,
            said=said,
            lane=head if type(head) is int else number,
            title=look.title,
        )
        shadow = Shadow(
            held=fields,
            as_of=read_at,
            seen=read_at,
            order=look.order,
            blocked=blocked,
            form=view.codec.form,
        )
        return Settled(record, shadow, entries, atoms.keys())

    def _sort(self, decoded: dict[str, Any], unusual: list[str], entries: list[Entry]) -> dict[str, str]:
        """Leave in `decoded` what the record may take, and return what waits; the journal is told of what it may not."""
        blocked: dict[str, str] = {}
        for name in unusual:
            value = decoded[name]
            if type(value) is Blocked:
                del decoded[name]
                blocked[name] = value.wakes_on
                entries.append(Entry(name, _BLOCKED, None, None, value.what))
            elif name not in self._refused:
                decoded[name] = self._meant(name, value)
        for name in self._refused.keys() & decoded.keys():
            del decoded[name]
            entries.append(Entry(name, Reason.NOT_OWNER.code, detail=self._refused[name]))
        return blocked

    def _meant(self, name: str, value: Decoded) -> Value:
        return way_back(value, None, in_force(self._topology.rule(name), self._newborn()), self._laws)

    def _learn(self, name: str) -> Callable[[Wire], Decoded] | None:
        """Work out how an atom is read, and who is its owner when this system's word does not count."""
        view, newborn = self._view, self._newborn()
        atom = self._entity.atom(name)
        rule = in_force(self._topology.rule(name), newborn)
        if stance(rule, newborn, name, view.system) is Stance.REFUSED and Law.OWNERS in self._laws:
            self._refused[name] = getattr(rule, "connection", "")
        if atom.partner is not None or atom.normal is not None:
            return partial(view.decode, atom, name)
        return reader_of(view.codec, name)

    def _newborn(self) -> Record:
        return Record(id=0, entity=self._entity.name, origin=self._view.system, atoms={})


class _Reads(dict[str, Callable[[Wire], Decoded] | None]):
    """How each atom is read, worked out when it is met first; None where it is read as it stands."""

    def __init__(self, learn: Callable[[str], Callable[[Wire], Decoded] | None]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, atom: str) -> Callable[[Wire], Decoded] | None:
        """Work out how an atom is read."""
        read = self[atom] = self._learn(atom)
        return read
