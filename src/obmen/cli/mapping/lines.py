"""Mapping tables as lines for people: every code with its name, its meaning, whose word that is, and who waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from obmen.cli.app import word
from obmen.cli.speech import Speech
from obmen.connectors.mapping import Reference
from obmen.engine import mapping
from obmen.engine.hub import Hub
from obmen.language import Language
from obmen.ledger.contract import MappingRow, Tx
from obmen.sync.mapping import LEFT_OUT, Direction, Entry, Kind
from obmen.sync.suggesting import Known, folded


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One code of one table."""

    code: str
    name: str = ""
    value: str = ""
    """Empty where nobody has said what it means."""
    direction: Direction = "both"
    source: str = ""
    waits: int = 0
    """Records that wait for it."""
    written: bool = False
    """Whether it is a word of ours that has no code there."""

    def lacks(self, kind: Kind) -> str:
        """Say that there is no mapping, and how many wait or what becomes of such codes."""
        en, ru = kind.otherwise
        if ru and not self.waits:
            return f"[dim]{word(ru, en)}[/]"
        text = word("нет соответствия", "no mapping")
        if self.written:
            text = word("наше значение, кода для него нет", "a word of ours without a code there")
        waits = f", {word('ждут', 'waiting')}: {self.waits}" if self.waits else ""
        return f"[yellow]{text}{waits}[/]"


def lines_of(
    tx: Tx, hub: Hub, connection: str, kind: Kind, book: Sequence[Entry], plain: Speech
) -> list[Line]:
    """Return a table as it stands, then the codes nobody has mapped: those that records wait for first."""
    entries = {entry.code: entry for entry in book}
    names = {entry.code: entry.name for entry in book}
    by_hub = mapping.written(tx, connection)
    lines = [
        Line(
            code=laid.row.code,
            name=names.get(laid.row.code, ""),
            value=laid.row.value,
            direction=laid.row.direction,
            source=_source(by_hub[kind.name, laid.row.code], plain)
            if laid.by_hub
            else word("настройки", "configuration"),
        )
        for laid in mapping.standing(tx, hub, connection, kind.name)
    ]
    known = {line.code for line in lines} | {
        entry.name for entry in book if entry.name in {x.code for x in lines}
    }
    waiting = mapping.unmapped(tx, connection, kind)
    lines += [
        Line(code=one.code, name=names.get(one.code, ""), waits=one.records, written=one.written)
        for one in waiting
    ]
    known |= {one.code for one in waiting if not one.written}
    lines += [
        Line(code=code, name=entry.name)
        for code, entry in entries.items()
        if entry.active and code not in known and entry.name not in known
    ]
    return lines


def _source(row: MappingRow, plain: Speech) -> str:
    said = f"{word('в обмене', 'the hub')}, {plain.at(row.at)}"
    return f"{said}: {row.by}" if row.by else said


def words_of(kind: Kind, value: str, language: Language) -> str:
    """Return a value with what people call it."""
    if value == LEFT_OUT:
        return f"{value} ({word('намеренно не передаётся', 'left out on purpose')})"
    head = value.partition(" ")[0]
    for meaning in kind.meanings:
        if meaning.value == head or (meaning.words and value.startswith(f"{meaning.value}:")):
            return f"{value} ({meaning.ru if language == 'ru' else meaning.en})"
    return value


def names_known(
    tx: Tx,
    hub: Hub,
    connection: str,
    kind: str,
    books: Mapping[tuple[str, str], Sequence[Entry]],
) -> dict[str, Known]:
    """Return the keys other connections use in the table of this kind, by the names they have there, folded."""
    found: dict[str, Known] = {}
    for name, system in hub.connections.items():
        if name == connection or not isinstance(system, Reference):
            continue
        if not any(table.kind.name == kind for table in system.tables):
            continue
        entries = {entry.code: entry for entry in books.get((name, kind), ())}
        for laid in mapping.standing(tx, hub, name, kind):
            entry = entries.get(laid.row.code)
            texts = (laid.row.code, *((entry.name, entry.group) if entry is not None else ()))
            for text in texts:
                if text and laid.row.value != LEFT_OUT and not text.isdecimal():
                    found.setdefault(folded(text), Known(laid.row.value, name))
    return found
