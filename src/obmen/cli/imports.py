"""`obmen import`: files on disk go the same way as files through the door."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, errors, say, screen, speaks, told, word
from obmen.cli.configured import hub_of, known
from obmen.connectors.contract import Envelope, Importer
from obmen.engine.hub import Hub
from obmen.engine.intake import stored_of
from obmen.engine.unpacking import quiet, unpack
from obmen.errors import BadInput
from obmen.ledger.contract import FAILED, StoredEnvelope


@told
def import_(
    connection: Annotated[str, typer.Argument(help="Connection or its type · подключение или его тип")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders · файлы и папки")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take exports from disk into the hub. No other system has to be reachable."""
    with hub_of(config) as hub:
        name = _connection(hub, connection)
        failed = asyncio.run(_import(hub, name, paths))
    if failed:
        raise typer.Exit(1)


def _connection(hub: Hub, asked: str) -> str:
    of_type = [name for name, connection in hub.connections.items() if connection.vendor == asked]
    return of_type[0] if len(of_type) == 1 and asked not in hub.connections else known(hub, asked)


async def _import(hub: Hub, name: str, paths: Sequence[Path]) -> int:
    importer = hub.connections[name]
    if not isinstance(importer, Importer):
        raise BadInput(
            "cli.no_import",
            f"{name} has no files to import; 1C has.",
            f"Из файлов подключение {name} не загружается; так умеет 1С.",
        )
    failed = 0
    total: Counter[str] = Counter()
    session = f"import:{hub.now()}"
    found = list(importer.envelopes(paths, session))
    if not found:
        listed = ", ".join(map(str, paths))
        raise BadInput(
            "cli.nothing_to_import",
            f"There is nothing to import in {listed}: no XML and no archive.",
            f"В {listed} загружать нечего: нет ни XML, ни архивов.",
        )
    envelopes = [item for item in found if isinstance(item, Envelope)]
    for item in found:
        if isinstance(item, BadInput):
            failed += 1
            errors.print(item.text(speaks()), style="red", markup=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=errors,
    )
    with bar:
        task = bar.add_task(word("Загрузка", "Importing"), total=len(envelopes))
        for envelope in envelopes:
            bar.update(task, description=envelope.name)
            stored = stored_of(envelope, hub.now())
            number = await hub.ledger.run(lambda tx, stored=stored: tx.accept(stored))  # type: ignore[misc]
            ended = await unpack(hub, number)
            failed += _report(ended)
            total.update(ended.counters)
            total["received"] += ended.received
            bar.advance(task)
    asked = await quiet(hub, name)
    await hub.connections[name].close()
    _summary(hub, total, asked)
    return failed


def _report(ended: StoredEnvelope) -> int:
    if ended.state == FAILED:
        errors.print(
            f"{ended.name}: {ended.error_ru if speaks() == 'ru' else ended.error_en}",
            style="red",
            markup=False,
        )
        return 1
    return 0


def _summary(hub: Hub, total: Counter[str], asked: Sequence[str]) -> None:
    say(
        f"Прочитано {total['received']}: изменено {total['applied']}, без изменений {total['echoed']}, "
        f"ждут {total['waiting']}, отклонено {total['refused']}, устарело {total['superseded']}.",
        f"{total['received']} read: {total['applied']} changed, {total['echoed']} unchanged, "
        f"{total['waiting']} waiting, {total['refused']} refused, {total['superseded']} superseded.",
    )
    with hub.ledger.begin() as tx:
        waiters = tx.waiters(limit=1000)
        records = tx.records({waiter.record for _, waiter in waiters})
    waiting = [(key, records[waiter.record]) for key, waiter in waiters if waiter.record in records]
    if waiting:
        say(f"Ждут связанной карточки: {len(waiting)}", f"Waiting for a partner: {len(waiting)}")
        for key, record in waiting[:20]:
            partner = key.split(":", 2)[-1]
            screen.print(f"  «{record.title}»  ← {partner}", markup=False, soft_wrap=True)
    for digest in asked:
        say(
            f"Придержано до подтверждения, код {digest}: см. obmen issues.",
            f"Held until confirmed, digest {digest}: see obmen issues.",
        )
