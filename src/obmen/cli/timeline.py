"""The journal of one record as people read it: when, who, what became of which field and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from obmen.cli.speech import Speech
from obmen.engine.settling import REFUSALS
from obmen.ledger.contract import Told
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry

QUIET = (Reason.AGREED.code, Reason.ECHO.code, Reason.BASELINE.code)
"""Reasons told in one line for all their fields."""
SHOWN = 4
"""Fields of one line that are told one by one."""


def timeline(told: Sequence[Told], speech: Speech) -> Table:
    """Return the lines of a journal, in the order given."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in told:
        evidence = speech.evidence(line.line.evidence)
        who = _who(line, speech)
        when = speech.at(line.at)
        for text in sentences(line.line.entries, speech):
            shown = f"{text} ({evidence})" if evidence and who else text
            table.add_row(when, who, shown.replace("[", r"\["))
            when = who = ""
    return table


def _who(told: Told, speech: Speech) -> str:
    name = told.line.connection
    kind = told.line.kind
    if kind == "guard":
        return speech.say("защита", "guard")
    if kind == "person":
        return speech.say("человек", "a person")
    inward = kind == "look" or any(entry.reason == Reason.CREATED.code for entry in told.line.entries)
    return speech.say("из", "from") + f" {name}" if inward else speech.say("в", "to") + f" {name}"


def sentences(entries: Sequence[Entry], speech: Speech) -> list[str]:
    """Return what became of the fields of one journal line."""
    lines: list[str] = []
    loud = [entry for entry in entries if entry.reason not in QUIET]
    shown = loud if speech.whole else loud[:SHOWN]
    lines += [_sentence(entry, speech) for entry in shown]
    if len(loud) > len(shown):
        rest = ", ".join(speech.field(entry.atom) for entry in loud[len(shown) :])
        lines.append(
            speech.say(
                f"и ещё {len(loud) - len(shown)}: {rest}", f"and {len(loud) - len(shown)} more: {rest}"
            )
        )
    for code in QUIET:
        lines += _together([entry for entry in entries if entry.reason == code], code, speech)
    return lines or [speech.reason(Reason.UP_TO_DATE.code)]


def _together(entries: Iterable[Entry], code: str, speech: Speech) -> list[str]:
    names = [speech.field(entry.atom) for entry in entries if entry.atom]
    return [f"{', '.join(names)} — {speech.reason(code)}"] if names else []


def _sentence(entry: Entry, speech: Speech) -> str:
    why = speech.reason(entry.reason, entry.detail)
    if not entry.atom:
        return f"{why}: «{entry.after}»" if isinstance(entry.after, str) and entry.after else why
    name = speech.field(entry.atom)
    if entry.before is None and entry.after is None:
        return f"{name} — {why}"
    before, after = (
        speech.nothing() if value is None else speech.value(entry.atom, value)
        for value in (entry.before, entry.after)
    )
    if entry.reason in REFUSALS:
        came = speech.say(f"пришло {after}, остаётся {before}", f"{after} came, {before} stays")
        return f"{name}: {came} — {why}"
    return f"{name}: {before} → {after} — {why}"
