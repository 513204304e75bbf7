"""`obmen adopt`: take what is already there under the hub's eye, and write nothing.

Everything a system holds is read and matched by the configured keys; what is recognised is bound, its state remembered.
The first write to anybody goes out by a plan only, so that going live beside years of orders is quiet.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, screen, speaks, told
from obmen.cli.configured import configured, known, opened
from obmen.connectors.contract import Dated, Source
from obmen.engine.hub import Hub
from obmen.engine.identity import refuse_another
from obmen.engine.pulling import pull
from obmen.errors import BadInput, ConfigError
from obmen.ledger.contract import Tx
from obmen.sync.reasons import Reason

EXAMPLES = 5


class Adopted(NamedTuple):
    """What came of reading a system."""

    read: int
    known: int
    """Were bound before."""
    matched: int
    """Recognised as records other systems had."""
    new: int
    """Nobody had them yet."""
    left_alone: int
    """Placed before the day the exchange begins with."""
    doubtful: tuple[str, ...]
    """Sentences on what could be several records, or may not bring new ones."""


@told
def adopt(
    connection: Annotated[str, typer.Argument(help="Connection · подключение")],
    entity: Annotated[str, typer.Argument(help="category | product | offer | customer | order")],
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Only what changed since this day · только то, что менялось с этого дня",
        ),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Read all that a system holds, match and bind it; nothing is written anywhere."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        known(hub, connection)
        with hub.ledger.begin() as tx:
            refuse_another(tx, hub, connection)
        _refuse(hub, connection, entity)
        if since is not None:
            _begin(hub, connection, entity, since.replace(tzinfo=settings.zone).timestamp())
        came = asyncio.run(_adopt(hub, connection, entity))
        say(
            f"{connection}, {entity}: прочитано {came.read}; уже связаны {came.known}, опознаны и связаны "
            f"{came.matched}, новые {came.new}, под вопросом {len(came.doubtful)}. Никуда ничего не записано.",
            f"{connection}, {entity}: {came.read} read; {came.known} were bound, {came.matched} recognised and bound, "
            f"{came.new} new, {len(came.doubtful)} in doubt. Nothing was written anywhere.",
        )
        if came.left_alone:
            say(
                f"Оформлены до начала обмена и никуда не пишутся: {came.left_alone}.",
                f"Placed before the exchange begins, written nowhere: {came.left_alone}.",
            )
        for sentence in came.doubtful[:EXAMPLES]:
            screen.print(f"  {sentence}", markup=False, soft_wrap=True)
        readers = [reader.to for reader in hub.topologies[entity].readers if reader.to != connection]
        for reader in readers:
            say(
                f"Что обмен записал бы: obmen plan {reader}", f"What the hub would write: obmen plan {reader}"
            )


def _begin(hub: Hub, connection: str, entity: str, moment: float) -> None:
    """Let reading begin with a day."""
    source = hub.connections[connection]
    if not isinstance(source, Dated):
        raise BadInput(
            "adopt.undated",
            f"{connection} cannot be asked for what changed since a day: adopt everything, without --since.",
            f"{connection} не умеет отдавать изменения с даты: прочитайте всё, без --since.",
        )
    with hub.ledger.begin() as tx:
        if tx.cursor(connection, entity):
            raise BadInput(
                "adopt.read",
                f"{connection}, {entity}: reading has begun already and goes on from where it is; repeat without --since.",
                f"{connection}, {entity}: чтение уже начато и продолжится с того же места; повторите без --since.",
            )
        tx.put_cursor(connection, entity, source.cursor_since(moment))


async def _adopt(hub: Hub, connection: str, entity: str) -> Adopted:
    bound, records, _ = await hub.ledger.run(lambda tx: _counted(tx, hub, connection, entity))
    try:
        counted = await pull(hub, connection, entity)
    finally:
        await hub.connections[connection].close()
    bound_now, records_now, old = await hub.ledger.run(lambda tx: _counted(tx, hub, connection, entity))
    doubtful = await hub.ledger.run(lambda tx: _doubtful(tx, connection, entity))
    new = records_now - records
    return Adopted(counted["received"], bound, bound_now - bound - new, new, old, doubtful)


def _refuse(hub: Hub, connection: str, entity: str) -> None:
    """Refuse what cannot be adopted, and where something would go out by itself afterwards."""
    if entity not in hub.topologies:
        there = ", ".join(hub.topologies)
        raise BadInput(
            "cli.no_such_entity",
            f"«{entity}» is not exchanged here; there are: {there}.",
            f"«{entity}» здесь не обменивается; есть: {there}.",
        )
    if not isinstance(hub.connections[connection], Source):
        raise BadInput(
            "adopt.comes_itself",
            f"{connection} cannot be asked, it comes by itself: let it send everything once, matching is the same.",
            f"{connection} опросить нельзя, она приходит сама: пусть один раз выгрузит всё, карточки опознаются так же.",
        )
    live = [reader.to for reader in hub.topologies[entity].readers if (reader.to, entity) not in hub.planned]
    if live:
        raise ConfigError(
            "adopt.live",
            f'{", ".join(live)} would be written to at once: set deliver = "plan" in its schedule while you adopt.',
            f'В {", ".join(live)} запись пошла бы сразу: пока читаете старое, задайте deliver = "plan" в расписании.',
        )


def _counted(tx: Tx, hub: Hub, connection: str, entity: str) -> tuple[int, int, int]:
    """Return how many are bound in a system, how many there are, and how many of these are older than the exchange."""
    topology = hub.topologies[entity]
    count = old = after = 0
    while ids := tx.ids(entity, after=after, limit=1000):
        count, after = count + len(ids), ids[-1]
        if topology.begins:
            old += sum(topology.leaves_alone(record) for record in tx.records(ids).values())
    return tx.count_bound(connection, entity), count, old


def _doubtful(tx: Tx, connection: str, entity: str) -> tuple[str, ...]:
    codes = {Reason.DOUBLE.code, Reason.NOT_A_CREATOR.code}
    found = [
        one.issue
        for one in tx.issues(connection=connection, limit=100_000)
        if one.issue.entity == entity and one.issue.code in codes
    ]
    return tuple(issue.ru if speaks() == "ru" else issue.en for issue in found)
