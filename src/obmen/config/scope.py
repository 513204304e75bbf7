"""What one `[sync.<entity>]` may name: connections, atoms of the entity, conditions. Slips go to the reading's faults."""

from __future__ import annotations

from collections.abc import Mapping

from obmen.config.conditions import parse_condition
from obmen.config.faults import Complaint, Where, unknown
from obmen.config.reading import Reading
from obmen.connectors.contract import Connector
from obmen.model import Entity
from obmen.sync.rules import Condition


class Scope:
    """The names in reach of one section. A connection whose type is wrong has no connector, but it has a name."""

    def __init__(self, reading: Reading, connections: Mapping[str, Connector | None], entity: Entity) -> None:
        self.reading = reading
        self.faults = reading.faults
        self.connections = connections
        self.entity = entity

    def is_connection(self, name: str, where: Where, *words: str) -> bool:
        """Tell whether a connection of this name exists; `words` are what else may stand here."""
        if name in self.connections:
            return True
        known = [*self.connections, *words]
        self.faults.complain(where, unknown("no such connection", "такого подключения нет", name, known))
        return False

    def names(self, names: tuple[str, ...], where: Where) -> tuple[str, ...]:
        """Return those of the names that are connections."""
        return tuple(name for index, name in enumerate(names) if self.is_connection(name, (*where, index)))

    def is_atom(self, name: str, where: Where, *words: str) -> bool:
        """Tell whether the entity has this atom, family or member of a family."""
        known = [atom.name.removesuffix(".*") for atom in self.entity.atoms]
        if name in known or f"{name.partition('.')[0]}.*" in [atom.name for atom in self.entity.atoms]:
            return True
        problem = unknown("no such field", "такого поля нет", name, [*words, *known])
        self.faults.complain(where, problem, show=False)
        return False

    def condition(self, text: str, where: Where) -> Condition | None:
        """Return the condition a text states, or None where it cannot be read."""
        try:
            return parse_condition(text, entity=self.entity, connections=list(self.connections))
        except Complaint as complaint:
            self.faults.complain(where, complaint)
            return None
