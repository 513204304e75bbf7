"""The record: what the hub holds true about one thing, and who said each piece of it."""

from __future__ import annotations

import msgspec

from obmen.model.values import Value


class Said(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Who asserted some atoms, when, and where the proof lies. One statement usually covers many atoms."""

    by: str
    """The connection."""
    at: str
    """Moment of the decision, ISO 8601 UTC."""
    evidence: str
    """The page, file or message it was read from, as the ledger names it."""
    atoms: tuple[str, ...]


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing as the hub holds it. A new state is a new object with a higher `version`."""

    id: int
    entity: str
    origin: str
    """The connection it was born in."""
    atoms: dict[str, Value]
    said: tuple[Said, ...] = ()
    """No atom stands in two statements, and none that is not among `atoms`."""
    version: int = 1
    lane: int = 0
    """Id of the record at the head of its lane; its own id where it stands alone."""
    merged_into: int | None = None
    title: str = ""
    """What people call it; for journal and issues."""

    def by(self, atom: str) -> str | None:
        """Return the connection that said this atom, or None while nobody has."""
        for said in self.said:
            if atom in said.atoms:
                return said.by
        return None


def restate(said: tuple[Said, ...], new: Said) -> tuple[Said, ...]:
    """Return the statements with `new` on top: its atoms leave the older ones, emptied statements go."""
    moved = frozenset(new.atoms)
    kept = []
    for old in said:
        if moved.isdisjoint(old.atoms):
            kept.append(old)
            continue
        atoms = tuple(atom for atom in old.atoms if atom not in moved)
        if atoms:
            kept.append(msgspec.structs.replace(old, atoms=atoms))
    for index, old in enumerate(kept):
        if (old.by, old.at, old.evidence) == (new.by, new.at, new.evidence):
            kept[index] = msgspec.structs.replace(old, atoms=(*old.atoms, *new.atoms))
            return tuple(kept)
    return (*kept, new)
