"""The raw exchanges behind a passport: requests and answers that name the record, secrets masked long before."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from obmen.cli.app import screen
from obmen.cli.speech import Speech
from obmen.errors import Bug
from obmen.formats.commerceml.encodings import begin, pieces
from obmen.formats.commerceml.errors import MalformedFile
from obmen.ledger.journal import LoggedExchange
from obmen.ledger.sql import SqlTx
from obmen.model import Record

NEAR_S = 10.0
"""An exchange this close to a line of the journal may be what the line rests on."""
NEWEST = 5_000
SHOWN = 20
CUT = 2_000
LONG = 6
"""Digits from which on a number is no accident."""
READABLE = 20_000_000
"""Bytes of a file that is looked through while somebody waits."""
_OPENS = ("Документ>", "Документ ", "Товар>", "Предложение>", "Группа>")
WORDS = {
    "order": ("order", "документ", "заказ"),
    "product": ("product", "товар"),
    "offer": ("product", "offer", "предложение"),
    "category": ("section", "групп"),
}
"""What systems call a kind of record where its id follows."""


def print_exchanges(tx: SqlTx, record: Record, speech: Speech) -> None:
    """Print the newest requests and answers that name a record near a line of its journal."""
    found = sorted([*exchanges_of(tx, record), *files_of(tx, record)], key=lambda one: one.at)
    screen.print(f"\n[bold cyan]{speech.say('Запросы и ответы', 'Requests and answers')}[/]")
    if not found:
        screen.print(
            speech.say(
                "Не найдены: журнал обмена хранится несколько дней (keep_exchanges_days).",
                "None found: the exchange log is kept for some days (keep_exchanges_days).",
            ),
            style="dim",
        )
    for one in found[-SHOWN:]:
        arrow = "→" if one.direction == "out" else "←"
        head = f"{speech.at(one.at)}  {arrow} {one.connection}  {one.what}  {one.status}  {one.took_s:.2f} s"
        screen.print(head, style="bold", markup=False)
        for text in (one.request, one.answer, one.error):
            if text:
                screen.print(text if len(text) <= CUT else f"{text[:CUT]}…", markup=False, soft_wrap=True)


def files_of(tx: SqlTx, record: Record) -> list[LoggedExchange]:
    """Return what the received files its journal rests on say of a record, as long as they are kept."""
    found: list[LoggedExchange] = []
    seen: set[str] = set()
    for told in tx.history(record.id, limit=1_000):
        name, _, number = told.line.evidence.partition("#")
        if not number.isdecimal() or told.line.evidence in seen:
            continue
        seen.add(told.line.evidence)
        names = "|".join(map(re.escape, sorted(_names(tx, record, told.line.connection))))
        with suppress(Bug, OSError, MalformedFile):
            text = _text(Path(tx.envelope(int(number)).path))
            if names and (here := re.search(rf"<(?:Ид|Номер|Номер1С)>\s*(?:{names})\s*<", text)) is not None:
                found.append(
                    LoggedExchange(
                        connection=told.line.connection,
                        at=told.at,
                        direction="in",
                        what=name,
                        request="",
                        answer=_about(text, here.start()),
                        status=200,
                        took_s=0.0,
                        error="",
                    )
                )
    return found


def _text(path: Path) -> str:
    if path.stat().st_size > READABLE:
        return ""
    with path.open("rb") as file:
        encoding = begin(file).encoding
        return b"".join(pieces(file, encoding)).decode(
            "utf-8" if encoding.startswith("utf-16") else encoding, "replace"
        )


def _about(text: str, at: int) -> str:
    """Return the document a place in a file belongs to; of other files what stands around it."""
    opens = max(text.rfind(f"<{tag}", 0, at) for tag in _OPENS)
    return text[opens if opens >= 0 else max(0, at - CUT // 2) :][: CUT + 1]


def _names(tx: SqlTx, record: Record, connection: str) -> set[str]:
    number = record.atoms.get("number")
    refs = {one.ref for one in tx.bindings([record.id]) if one.connection == connection}
    return refs | ({number} if isinstance(number, str) else set())


def _naming(entity: str, names: set[str]) -> re.Pattern[str]:
    """Return what finds one of these names in a text.

    A short number stands everywhere; it is the record's only close behind a word for what the record is.
    """
    words = "|".join(WORDS.get(entity, ()))
    short = sorted(re.escape(name) for name in names if name.isdecimal() and len(name) < LONG and words)
    others = sorted(re.escape(name) for name in names if re.escape(name) not in short)
    found = [rf"(?<!\w)(?:{'|'.join(others)})(?!\w)"] if others else []
    if short:
        found.append(rf"(?:{words})\W{{0,9}}(?:\w{{0,20}}\W{{1,9}}){{0,2}}(?:{'|'.join(short)})(?![\w.])")
    return re.compile("|".join(found), re.IGNORECASE)


def exchanges_of(tx: SqlTx, record: Record) -> list[LoggedExchange]:
    """Return what passed about a record, oldest first: near its journal, and with one of its names in the text."""
    moments: dict[str, list[float]] = {}
    for told in tx.history(record.id, limit=1_000):
        moments.setdefault(told.line.connection, []).append(told.at)
    found: list[LoggedExchange] = []
    for connection, at in moments.items():
        names = _names(tx, record, connection)
        named = _naming(record.entity, names) if names else None
        found += [
            one
            for one in tx.exchanges(connection, limit=NEWEST)
            if named is not None
            and any(abs(one.at - moment) <= NEAR_S for moment in at)
            and (named.search(one.request) or named.search(one.answer))
        ]
    return sorted(found, key=lambda one: one.at)
