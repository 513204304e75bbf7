"""Who decides an atom. A rule answers one question: may this system's word change this record now?

The topology of `obmen.toml` is parsed into these values; the merge never sees the file.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import TypeAlias

import msgspec

from obmen.model import ENTITIES, Record
from obmen.sync.facts import Ladder

Condition: TypeAlias = Callable[[Record], bool]
"""A question about canonical facts, parsed from a `when` or `until` text."""


class Stance(Enum):
    """What a system's word weighs for one atom of one record."""

    DECIDES = auto()  # its word is the record's
    SHARES = auto()  # one of several; the rule settles what both changed
    REFUSED = auto()  # its word does not count


class Owner(msgspec.Struct, frozen=True):
    """One connection decides."""

    connection: str


class Origin(msgspec.Struct, frozen=True):
    """The system the record was born in decides."""


class Each(msgspec.Struct, frozen=True):
    """An element belongs to whoever made it."""


class Once(msgspec.Struct, frozen=True):
    """Filled by `source` until the record exists at `by`; afterwards `by` decides."""

    by: str
    source: str | None = None


class Forward(msgspec.Struct, frozen=True):
    """A ranked fact: any of these systems may raise it, nobody lowers it. Empty `any_of` means everybody."""

    ladder: Ladder
    any_of: tuple[str, ...] = ()


class Priority(msgspec.Struct, frozen=True):
    """Several may change it; where two did, the earlier in the list wins."""

    order: tuple[str, ...]


class Review(msgspec.Struct, frozen=True):
    """Several may change it; where two did, a person decides. Empty `any_of` means everybody."""

    any_of: tuple[str, ...] = ()


class Latest(msgspec.Struct, frozen=True):
    """Several may change it; where two did, the later change wins. Needs true change times of the vendor."""

    any_of: tuple[str, ...] = ()


class Phase(msgspec.Struct, frozen=True):
    """Another rule by phase: the first whose `until` does not hold yet."""

    steps: tuple[tuple[Condition | None, Rule], ...]

    def now(self, record: Record) -> Rule:
        """Return the rule in force for this record."""
        for until, rule in self.steps:
            if until is None or not until(record):
                return rule
        return self.steps[-1][1]


Rule: TypeAlias = "Owner | Origin | Each | Once | Forward | Priority | Review | Latest | Phase"


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that receives an entity."""

    to: str
    when: Condition | None = None
    """Gates the first delivery only."""
    only: tuple[str, ...] = ()
    """Atoms or families it receives; empty means all it carries."""

    def receives(self, atom: str) -> bool:
        """Tell whether this reader is sent the atom."""
        return not self.only or atom in self.only or atom.partition(".")[0] in self.only


class Topology(msgspec.Struct, frozen=True):
    """One entity's part of the topology: who creates, who decides, who receives."""

    entity: str
    creators: tuple[str, ...]
    default: Rule
    owners: dict[str, Rule]
    """By atom, by family (`prices`) or by member (`prices.shop_b`); the most exact wins."""
    readers: tuple[Reader, ...]
    begins: str = ""
    """Moment before which a record is left alone wherever it stands; empty for none."""

    def leaves_alone(self, record: Record) -> bool:
        """Tell whether a record is older than the exchange: it is known, and written nowhere."""
        dated_by = ENTITIES[self.entity].dated_by
        if not self.begins or dated_by is None:
            return False
        at = record.atoms.get(dated_by)
        return isinstance(at, str) and at < self.begins

    def rule(self, atom: str) -> Rule:
        """Return the rule for an atom."""
        return self.owners.get(atom) or self.owners.get(atom.partition(".")[0]) or self.default

    def reader(self, connection: str) -> Reader | None:
        """Return how this connection receives the entity, or None."""
        return next((reader for reader in self.readers if reader.to == connection), None)


def in_force(rule: Rule, record: Record | None) -> Rule:
    """Return the rule that applies to this record now, phases resolved."""
    while isinstance(rule, Phase):
        rule = rule.now(record) if record is not None else rule.steps[0][1]
    return rule


def stance(rule: Rule, record: Record | None, atom: str, system: str) -> Stance:
    """Return what this system's word weighs. `rule` must be in force (no `Phase`)."""
    match rule:
        case Owner(connection):
            return Stance.DECIDES if system == connection else Stance.REFUSED
        case Origin():
            born_here = record is None or record.origin == system
            return Stance.DECIDES if born_here else Stance.REFUSED
        case Each():
            maker = record.by(atom) if record is not None else None
            return Stance.DECIDES if maker in {None, system} else Stance.REFUSED
        case Once(by, source):
            return _once(by, source, record, atom, system)
        case Priority(order):
            return Stance.SHARES if system in order else Stance.REFUSED
        case Forward(_, any_of) | Review(any_of) | Latest(any_of):
            return Stance.SHARES if not any_of or system in any_of else Stance.REFUSED
        case Phase():
            return stance(in_force(rule, record), record, atom, system)


def _once(by: str, source: str | None, record: Record | None, atom: str, system: str) -> Stance:
    if system == by:  # what it shows exists there, so that it has been filled
        return Stance.DECIDES
    filled = record is not None and record.by(atom) == by
    if filled or source not in {None, system}:
        return Stance.REFUSED
    return Stance.DECIDES


@lru_cache(maxsize=4096)
def family(atom: str) -> str:
    """Return the family of an atom, `prices` for `prices.retail`, else its own name."""
    return atom.partition(".")[0]
