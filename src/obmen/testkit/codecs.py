"""How the toy systems spell canonical values: one exactly, one that cuts, recodes and has several codes for one fact."""

from __future__ import annotations

from collections.abc import Collection

from obmen.model import Value
from obmen.sync.shadow import Blocked, Decoded, Encoded, OneOf, Wire

Table = dict[str, tuple[str, ...]]
"""A mapping table as an operator edits it: code -> canonical values, the first being the way back."""


class StrictCodec:
    """Spells values as they are; only atoms with a table have codes."""

    form = 1

    def __init__(self, system: str, carried: Collection[str], tables: dict[str, Table]) -> None:
        self.system = system
        self.carried = frozenset(carried)
        self.tables = tables

    def carries(self, atom: str) -> bool:
        """Tell whether this system can hold the atom."""
        return atom.partition(".")[0] in self.carried

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; an unknown code is `Blocked`."""
        table = self.tables.get(atom)
        if table is None or wire is None:
            return wire  # type: ignore[return-value]  # a toy's wire values are canonical
        values = table.get(str(wire))
        if values is None:
            return Blocked(f"map:{self.system}:{atom}:{wire}", str(wire))
        return values[0] if len(values) == 1 else OneOf(values)

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value; one no code stands for is `Blocked`."""
        table = self.tables.get(atom)
        if table is None or value is None:
            return value  # type: ignore[return-value]  # as in `decode`
        code = next((code for code, values in table.items() if value in values), None)
        return Blocked(f"map:{self.system}:{atom}:{value}", str(value)) if code is None else code


class LossyCodec(StrictCodec):
    """Spells flags as letters, countries in either case, and knows that its system cuts long texts."""

    width = 20
    flags = {"Y": True, "1": True, "N": False, "0": False}  # noqa: RUF012 - a constant table

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; flags and countries have two spellings each."""
        if atom == "active":
            return self.flags.get(str(wire))
        if atom == "country" and isinstance(wire, str):
            return wire.lower()
        return super().decode(atom, wire)

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value, cut as the system would cut it."""
        if atom == "active":
            return None if value is None else "Y" if value else "N"
        wire = super().encode(atom, value)
        return wire[: self.width] if isinstance(wire, str) and atom not in self.tables else wire
