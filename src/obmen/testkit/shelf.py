"""What a toy system holds, what people do there, and what only the referee may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from obmen.connectors.contract import Finding, Traits
from obmen.model import instant
from obmen.sync.shadow import Codec, Look, Wire


class Thing:
    """One object in a toy system."""

    __slots__ = (
        "changed_at",
        "copied",
        "entity",
        "fields",
        "gone",
        "keys",
        "mark",
        "merged_into",
        "ours",
        "ref",
        "sold",
        "unseen",
    )

    def __init__(self, ref: str, entity: str, fields: dict[str, Wire]) -> None:
        self.ref = ref
        self.entity = entity
        self.fields = fields
        self.mark: int | None = None
        self.keys: dict[str, str] = {}
        self.changed_at = 0.0
        self.gone = False
        self.merged_into: str | None = None
        self.copied = False
        self.unseen: set[str] = set()
        """Atoms a person changed here that the hub has not settled yet."""
        self.sold = False
        """Whether the stock shown is what a sale left."""
        self.ours: dict[str, Wire] = {}
        """What the hub last wrote."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One entity as a toy holds it."""

    atoms: tuple[str, ...]
    """Names a person may edit here; families by member."""
    required: tuple[str, ...] = ()
    defaults: dict[str, Wire] = {}
    natural: str | None = None
    """The atom its own users recognise things by."""


class Shelf:
    """The objects of one toy system. `noticed`, `said` and `wrongs` are the referee's."""

    vendor = "toy"
    visible_after_s = 25.0

    def __init__(
        self,
        name: str,
        *,
        kinds: Mapping[str, Kind],
        codecs: Mapping[str, Codec],
        now: Callable[[], float],
        normalise: Callable[[str, Wire], Wire] = lambda _, wire: wire,
    ) -> None:
        self.name = name
        self.kinds = kinds
        self.codecs = codecs
        self.now = now
        self.skew = 0.0
        """How far this system's clock is off, seconds."""
        self.normalise = normalise
        """What the system makes of a value by itself when it is stored."""
        self.things: dict[str, Thing] = {}
        self.hooks: list[tuple[str, str]] = []
        """(entity, ref) of thin webhooks on their way."""
        self.said: dict[tuple[str, str], list[Wire]] = {}
        """What persons ever typed here, by entity and atom."""
        self.wrongs: list[str] = []
        """What the referee holds against the hub."""
        self.count = 0

    # --- what the hub is told -------------------------------------------------------------------------------------

    def traits(self, entity: str) -> Traits:
        """Return what is required, and what the system fills in by itself."""
        kind = self.kinds[entity]
        return Traits(required=kind.required, defaults=dict(kind.defaults))

    def codec(self, entity: str) -> Codec:
        """Return the translation with today's tables."""
        return self.codecs[entity]

    async def check(self) -> tuple[Finding, ...]:
        """Find nothing wrong."""
        return ()

    async def close(self) -> None:
        """Hold nothing open."""

    # --- what it shows --------------------------------------------------------------------------------------------

    def alive(self, entity: str) -> list[Thing]:
        """Return the objects people see."""
        return [
            thing
            for thing in self.things.values()
            if thing.entity == entity and not thing.gone and thing.merged_into is None
        ]

    def look_of(self, thing: Thing) -> Look:
        """Show an object."""
        keys = dict(thing.keys)
        natural = self.kinds[thing.entity].natural
        if natural is not None and isinstance(thing.fields.get(natural), str):
            keys[natural] = str(thing.fields[natural])
        return Look(
            ref=thing.ref,
            fields={} if thing.merged_into else dict(thing.fields),
            mark=thing.mark,
            keys=keys,
            at=instant(datetime.fromtimestamp(thing.changed_at, UTC)),
            merged_into=thing.merged_into,
            title=str(thing.fields.get("name") or thing.fields.get("number") or thing.ref),
        )

    def noticed(self, looks: Iterable[Look]) -> None:
        """Note, for the referee, that the hub has settled what these looks show."""
        for look in looks:
            thing = self.things.get(look.ref)
            if thing is not None:
                thing.unseen -= {atom for atom, wire in look.fields.items() if thing.fields.get(atom) == wire}

    def _alive(self, entity: str) -> list[Thing]:
        return [
            thing
            for thing in self.things.values()
            if thing.entity == entity and not thing.gone and thing.merged_into is None
        ]

    # --- what people do there -------------------------------------------------------------------------------------

    def new(self, entity: str, fields: dict[str, Wire]) -> Thing:
        """Put an object in."""
        self.count += 1
        thing = Thing(f"{self.name}-{self.count}", entity, fields)
        self.things[thing.ref] = thing
        return thing

    def person_creates(self, entity: str, fields: Mapping[str, Wire]) -> Thing:
        """Let a person create an object; what the form fills in counts as typed."""
        thing = self.new(entity, dict(self.kinds[entity].defaults))
        for atom, wire in {**thing.fields, **fields}.items():
            self.person_types(thing, atom, wire)
        return thing

    def person_types(self, thing: Thing, atom: str, wire: Wire) -> None:
        """Let a person edit one atom."""
        stored = self.normalise(atom, wire)
        if thing.fields.get(atom) != stored or atom not in thing.fields:
            thing.unseen.add(atom)
        thing.fields[atom] = stored
        thing.sold = thing.sold and atom != "available"
        self.said.setdefault((thing.entity, atom), []).append(stored)
        self._touch(thing)

    def sells(self, thing: Thing, left: str) -> None:
        """Let the system itself take some stock away."""
        thing.fields["available"] = left
        thing.sold = True
        self._touch(thing)

    def person_copies(self, thing: Thing) -> Thing:
        """Let a person copy an object, mark and all."""
        copy = self.new(thing.entity, dict(thing.fields))
        copy.mark, copy.keys, copy.copied = thing.mark, dict(thing.keys), True
        for atom, wire in copy.fields.items():
            self.said.setdefault((copy.entity, atom), []).append(wire)
        self._touch(copy)
        return copy

    def person_deletes(self, thing: Thing) -> None:
        """Let a person delete an object."""
        thing.gone = True
        self.hooks.append((thing.entity, thing.ref))

    def person_merges(self, old: Thing, new: Thing) -> None:
        """Let a person merge one object into another."""
        old.merged_into = new.ref
        self.hooks.append((old.entity, old.ref))

    def _touch(self, thing: Thing) -> None:
        thing.changed_at = self.now() + self.skew
        self.hooks.append((thing.entity, thing.ref))
