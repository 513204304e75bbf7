"""Audit: does the ledger account for everything it was given, and is the outbox what recomputation says?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from obmen.engine import outbox
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.issues import name_of
from obmen.engine.preparing import Candidate, birth
from obmen.engine.siblings import bare_siblings
from obmen.ledger.contract import FAILED, StoredEnvelope, Tx
from obmen.model import Record
from obmen.sync.behind import need
from obmen.sync.reasons import Reason

FATES = ("applied", "echoed", "superseded", "refused", "waiting")
"""What becomes of everything received."""
PAGE = 500
AHEAD_S = 300.0
"""By how much the clock of a system may run before ours."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})")


class Checked(NamedTuple):
    """One thing an audit looked at; examples name what is wrong."""

    kept: bool
    en: str
    ru: str
    examples: tuple[str, ...] = ()


def envelopes(connection: str, found: Iterable[StoredEnvelope]) -> Checked:
    """Check that whatever came in one connection's files and messages has a fate."""
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    failed = 0
    for envelope in found:
        fates = {name: envelope.counters.get(name, 0) for name in FATES}
        counted.update(fates)
        counted["received"] += envelope.received
        failed += envelope.state == FAILED
        if envelope.received != sum(fates.values()):
            wrong.append(f"{envelope.name}#{envelope.id}: {envelope.received} ≠ {sum(fates.values())}")
    en = ", ".join(f"{name} {counted[name]}" for name in FATES)
    ru = (
        f"применено {counted['applied']}, без изменений {counted['echoed']}, устарело {counted['superseded']}, "
        f"отклонено {counted['refused']}, ждёт {counted['waiting']}"
    )
    files_en = f"; files that could not be used: {failed}" if failed else ""
    files_ru = f"; файлов с ошибкой: {failed}" if failed else ""
    return Checked(
        not wrong,
        f"{connection}: received {counted['received']} = {en}{files_en}",
        f"{connection}: принято {counted['received']} = {ru}{files_ru}",
        tuple(wrong),
    )


def cursor(connection: str, name: str, value: str, *, pages: int, now: float) -> Checked:
    """Check that a cursor is not ahead: a page was stored with it, and it names no moment to come."""
    late = [
        text for text in _MOMENT.findall(value) if datetime.fromisoformat(text).timestamp() > now + AHEAD_S
    ]
    wrong = [] if pages or not value else ["no page was ever stored · ни одной страницы не сохранено"]
    return Checked(
        not (late or wrong),
        f"{connection}, {name}: the cursor is not ahead of what is stored",
        f"{connection}, {name}: отметка не впереди сохранённого",
        (*late, *wrong),
    )


def attempts(tx: Tx, hub: Hub, connection: str) -> Checked:
    """Check that no write without an outcome is older than its lease: by then it should have been looked up."""
    due = tx.due_attempts(connection, now=hub.now() - hub.lease_s, limit=1000)
    titles = tx.records([attempt.record for attempt in due])
    return Checked(
        not due,
        f"{connection}: writes whose outcome should be known by now: {len(due)}",
        f"{connection}: записей, по которым уже пора знать исход: {len(due)}",
        tuple(name_of(titles[attempt.record]) for attempt in due[:5]),
    )


class Tally:
    """Compares the outbox of one reader with what recomputation says, page by page."""

    def __init__(self, connection: str, entity: str) -> None:
        self.connection = connection
        self.entity = entity
        self.records = 0
        self.behind = 0
        self.missing: list[str] = []
        self.idle = 0

    def page(self, tx: Tx, hub: Hub, records: Mapping[int, Record]) -> None:
        """Compare some records."""
        behind, up_to_date = outbox.compare(tx, hub, self.connection, list(records.values()))
        ids = [record.id for record in behind]
        rows = tx.deliveries(self.connection, list(records))
        known = rows.keys() | tx.attempts(self.connection, ids).keys()
        lost = [record for record in behind if record.id not in known]
        # A plan lists none of them either, though their rows wait for one.
        excused = _excused(tx, hub, self.connection, self.entity, behind) if behind else frozenset()
        self.records += len(records)
        self.behind += len(behind) - len(excused)
        self.idle += len(rows.keys() & set(up_to_date))
        self.missing += [name_of(record) for record in lost if record.id not in excused]

    def checked(self) -> Checked:
        """Return what all pages came to."""
        idle_en = f"; rows with nothing to write, dropped by themselves: {self.idle}" if self.idle else ""
        idle_ru = f"; строк, где писать уже нечего (уйдут сами): {self.idle}" if self.idle else ""
        where = f"{self.connection}, {self.entity}"
        return Checked(
            not self.missing,
            f"{where}: {self.records} compared, behind on {self.behind}, not in the outbox: {len(self.missing)}{idle_en}",
            f"{where}: сверено {self.records}, отстаёт по {self.behind}, нет в исходящих: {len(self.missing)}{idle_ru}",
            tuple(self.missing[:5]),
        )


def _excused(tx: Tx, hub: Hub, connection: str, entity: str, records: list[Record]) -> frozenset[int]:
    """Return the records that are not in a system because they must not be created there."""
    topology = hub.topologies[entity]
    reader = topology.reader(connection)
    if reader is None:
        return frozenset()
    ids = [record.id for record in records]
    refs = tx.refs_of(connection, ids)
    shadows = tx.shadows(connection, ids)
    partners = Bindings()
    outbox.fetch_partner_refs(tx, connection, records, partners)
    view = view_of(hub, connection, entity, partners)
    bare = bare_siblings(tx, records, refs) if entity == "offer" else frozenset()
    excused: set[int] = set()
    for record in records:
        if record.id in refs:
            continue
        shadow = shadows.get(record.id)
        wanted = need(
            record=record, shadow=shadow, view=view, topology=topology, reader=reader, laws=hub.laws
        )
        candidate = Candidate(record, wanted, shadow, None, {})
        if isinstance(birth(tx, hub, connection, candidate, bare), Reason):
            excused.add(record.id)
    return frozenset(excused)
