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
        self._reads = _Reads(view, topology, laws)

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
        blocked = self._sort(decoded, unusual, entries) if unusual or reads.refused else {}
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
            elif name not in self._reads.refused:
                decoded[name] = self._meant(name, value)
        for name, owner in self._reads.refused.items():
            if name in decoded:
                del decoded[name]
                entries.append(Entry(name, Reason.NOT_OWNER.code, detail=owner))
        return blocked

    def _meant(self, name: str, value: Decoded) -> Value:
        rule = in_force(self._topology.rule(name), _newborn(self._topology, self._view))
        return way_back(value, None, rule, self._laws)


class _Reads(dict[str, Callable[[Wire], Decoded] | None]):
    """How each atom is read, worked out when it is met first; None where it is read as it stands.

    It knows nothing of whoever asks: a circle would keep every page of an import until the collector comes by.
    """

    def __init__(self, view: View, topology: Topology, laws: Laws) -> None:
        super().__init__()
        self._view = view
        self._topology = topology
        self._laws = laws
        self.refused: dict[str, str] = {}
        """Atoms met so far that this system's word does not count for, with their owner."""

    def __missing__(self, name: str) -> Callable[[Wire], Decoded] | None:
        """Work out how an atom is read, and who is its owner when this system's word does not count."""
        view, topology = self._view, self._topology
        newborn = _newborn(topology, view)
        rule = in_force(topology.rule(name), newborn)
        if stance(rule, newborn, name, view.system) is Stance.REFUSED and Law.OWNERS in self._laws:
            self.refused[name] = getattr(rule, "connection", "")
        atom = ENTITIES[topology.entity].atom(name)
        partnered = atom.partner is not None or atom.normal is not None
        read = self[name] = partial(view.decode, atom, name) if partnered else reader_of(view.codec, name)
        return read


def _newborn(topology: Topology, view: View) -> Record:
    return Record(id=0, entity=topology.entity, origin=view.system, atoms={})
