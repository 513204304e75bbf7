"""`obmen audit`: is everything accounted for? One line per check, exit code 1 when one does not hold."""

from __future__ import annotations

import asyncio

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, screen, speaks, told, word
from obmen.cli.configured import configured, facts, opened
from obmen.cli.planning import meet, written_to
from obmen.engine import auditing
from obmen.engine.auditing import Checked
from obmen.engine.hub import Hub
from obmen.engine.issues import name_of
from obmen.engine.judging import QUEUE
from obmen.ledger.contract import StoredEnvelope

EXAMPLES = 5


@told
def audit(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Account for every event; compare the outbox with what recomputation says. Nothing is changed."""
    with opened(configured(config)) as (hub, _):
        asyncio.run(meet(hub))
        faults = sum(not _told(checked) for checked in _all(hub))
    if faults:
        screen.print(word(f"Не сходится: {faults}.", f"Faults: {faults}."), style="red")
        raise typer.Exit(1)
    screen.print(word("Всё сходится.", "Everything is accounted for."))


def _all(hub: Hub) -> list[Checked]:
    return [*_inbox(hub), *_cursors(hub), *_outboxes(hub), *_bindings(hub), *_attempts(hub)]


def _told(checked: Checked) -> bool:
    mark = "[green]✓[/]" if checked.kept else "[red]✗[/]"
    screen.print(mark, end=" ")
    screen.print(checked.ru if speaks() == "ru" else checked.en, markup=False, soft_wrap=True)
    for example in checked.examples[:EXAMPLES]:
        screen.print(f"    {example}", markup=False, soft_wrap=True)
    return checked.kept


def _inbox(hub: Hub) -> list[Checked]:
    with facts(hub).begin() as tx:
        found = tx.envelopes(limit=1_000_000)
    by_connection: dict[str, list[StoredEnvelope]] = {name: [] for name in hub.connections}
    for envelope in found:
        by_connection.setdefault(envelope.connection, []).append(envelope)
    return [auditing.envelopes(name, here) for name, here in by_connection.items() if here]


def _cursors(hub: Hub) -> list[Checked]:
    with facts(hub).begin() as tx:
        return [
            auditing.cursor(connection, name, value, pages=tx.pages(connection, name), now=hub.now())
            for connection, name, value in tx.cursors()
            if not name.startswith(QUEUE)
        ]


def _outboxes(hub: Hub) -> list[Checked]:
    checked: list[Checked] = []
    for entity, topology in hub.topologies.items():
        tallies = [auditing.Tally(reader.to, entity) for reader in topology.readers]
        after = 0
        # Page by page, each in a transaction of its own: a running hub is not kept waiting.
        while tallies:
            with hub.ledger.begin() as tx:
                ids = tx.ids(entity, after=after, limit=auditing.PAGE)
                records = tx.records(ids)
                for tally in tallies:
                    if records:
                        tally.page(tx, hub, records)
            if not ids:
                break
            after = ids[-1]
        checked += [tally.checked() for tally in tallies]
    return checked


def _bindings(hub: Hub) -> list[Checked]:
    with facts(hub).begin() as tx:
        doubled = tx.doubly_bound()
        records = tx.records({record for _, record in doubled})
    return [
        Checked(
            not doubled,
            f"records with more than one live id in one system: {len(doubled)}",
            f"карточек с несколькими живыми кодами в одной системе: {len(doubled)}",
            tuple(f"{connection}: {name_of(records[record])}" for connection, record in doubled),
        )
    ]


def _attempts(hub: Hub) -> list[Checked]:
    with hub.ledger.begin() as tx:
        return [auditing.attempts(tx, hub, name) for name in written_to(hub)]
