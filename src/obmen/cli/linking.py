"""`obmen bind`, `unbind`, `merge`, `split`, `hold`, `release`: what a person decides, each with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, told
from obmen.cli.assemble import facts
from obmen.cli.configured import hub_of, known
from obmen.cli.finding import known_entity, the_one
from obmen.engine import choosing, holding, linking, merging
from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.model import Record
from obmen.wording import field_of

T = TypeVar("T")

Connection = Annotated[str, typer.Argument(help="Connection · подключение")]
EntityName = Annotated[str, typer.Argument(help="category | product | offer | customer | order")]
Ref = Annotated[str, typer.Argument(help="Id of the object in that system · код объекта в этой системе")]
Who = Annotated[
    str,
    typer.Argument(help="Record: number, id, article or title · карточка: номер, код, артикул или название"),
]
OneOrAll = Annotated[
    str,
    typer.Argument(
        help="Only this record; else all of them · только эта карточка; иначе все", metavar="[RECORD]"
    ),
]
Why = Annotated[str, typer.Option("--why", help="Reason, for the journal · причина, для журнала")]


@told
def bind(
    connection: Connection,
    entity: EntityName,
    ref: Ref,
    record: Who,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say that an object of one system is this record."""
    with hub_of(config) as hub:
        one = _meant(hub, connection, entity, record, why)
        _run(hub, connection, linking.bind(hub, connection, entity, ref, one.id, why=why))
        say(
            f"{connection} «{ref}» связан с «{one.title}» (№ {one.id}).",
            f"{connection} «{ref}» is bound to «{one.title}» (№ {one.id}).",
        )


@told
def unbind(
    connection: Connection,
    entity: EntityName,
    record: Who,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say that the object of one system is not this record; it is left alone from now on."""
    with hub_of(config) as hub:
        one = _meant(hub, connection, entity, record, why)
        with facts(hub).begin() as tx:
            ref = linking.unbind(tx, hub, connection, entity, one.id, why=why)
            is_held = holding.held_back(tx, connection, entity)(one.id)
        say(
            f"Связь «{one.title}» (№ {one.id}) с {connection} «{ref}» снята; объект «{ref}» обмен больше не трогает.",
            f"«{one.title}» (№ {one.id}) is no longer bound to {connection} «{ref}», which is left alone from now on.",
        )
        _tell_held(connection, entity, one, is_held=is_held)


@told
def split(
    connection: Connection,
    entity: EntityName,
    record: Who,
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make the object of one system a record of its own."""
    with hub_of(config) as hub:
        one = _meant(hub, connection, entity, record, why)
        new = _run(hub, connection, linking.split(hub, connection, entity, one.id, why=why))
        say(
            f"Объект {connection} отделён от «{one.title}» (№ {one.id}) в карточку № {new}.",
            f"The object of {connection} left «{one.title}» (№ {one.id}) and is record № {new} now.",
        )
        with facts(hub).begin() as tx:
            is_held = holding.held_back(tx, connection, entity)(one.id)
        _tell_held(connection, entity, one, is_held=is_held)


@told
def merge(
    entity: EntityName, keep: Who, other: Who, why: Why = "", config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Make two records one; the values of the first stand, what it lacks is taken from the second."""
    with hub_of(config) as hub:
        known_entity(hub, entity)
        reasoned(why)
        with facts(hub).begin() as tx:
            kept, gone = the_one(tx, entity, keep), the_one(tx, entity, other)
            twofold = merging.merge(tx, hub, entity, kept.id, gone.id, why=why)
        say(
            f"«{gone.title}» (№ {gone.id}) объединена с «{kept.title}» (№ {kept.id}).",
            f"«{gone.title}» (№ {gone.id}) was merged into «{kept.title}» (№ {kept.id}).",
        )
        if twofold:
            names = ", ".join(twofold)
            say(
                f"В {names} есть оба объекта: удалите или объедините лишний там сами, обмен его больше не трогает.",
                f"{names}: both objects are there; delete or merge the extra one yourself, it is left alone now.",
            )


@told
def choose(
    entity: EntityName,
    record: Who,
    field: Annotated[str, typer.Argument(help="Field, as obmen issues names it · поле, как в obmen issues")],
    connection: Annotated[str, typer.Argument(help="Whose value is right · в какой системе верно")],
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say whose value is right where systems differ and a person is asked; the others get it by the usual way."""
    with hub_of(config) as hub:
        one = _meant(hub, connection, entity, record, why)
        with facts(hub).begin() as tx:
            choosing.choose(tx, hub, entity, one.id, field, connection, why=why)
        en, ru = field_of(field)[::-1]
        say(
            f"«{one.title}» (№ {one.id}), {ru}: верно то, что в {connection}. Что дальше: obmen show {entity} {one.id}",
            f"«{one.title}» (№ {one.id}), {en}: what {connection} holds is right. What comes next: obmen show {entity} {one.id}",
        )


@told
def hold(
    connection: Connection,
    entity: EntityName,
    record: OneOrAll = "",
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write nothing of an entity, or of one record, to a system until it is released; it is read all the same."""
    with hub_of(config) as hub:
        number, what = _flow_or_record(hub, connection, entity, record, why)
        with facts(hub).begin() as tx:
            count = holding.hold(tx, hub, connection, entity, why=why, record=number)
        say(
            f"{connection}: {what} — запись придержана, ждёт изменений: {count}. Посмотреть: obmen plan {connection}",
            f"{connection}: writes of {what} are held, {count} wait now. Look: obmen plan {connection}",
        )


@told
def release(
    connection: Connection,
    entity: EntityName,
    record: OneOrAll = "",
    why: Why = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let go what `hold` or `unbind` held back."""
    with hub_of(config) as hub:
        number, what = _flow_or_record(hub, connection, entity, record, why)
        with facts(hub).begin() as tx:
            count = holding.release(tx, hub, connection, entity, why=why, record=number)
        if count is None:
            raise BadInput(
                "cli.not_held",
                f"{connection}: {what} is not held by anybody.",
                f"{connection}: {what} никем не придержано.",
            )
        say(
            f"{connection}: {what} — отпущено, изменений: {count}.",
            f"{connection}: {what} released, {count} writes let go.",
        )


def _run(hub: Hub, connection: str, work: Coroutine[Any, Any, T]) -> T:
    """Do what asks a system, and let go of its sockets."""

    async def run() -> T:
        try:
            return await work
        finally:
            await hub.connections[connection].close()

    return asyncio.run(run())


def _meant(hub: Hub, connection: str, entity: str, record: str, why: str) -> Record:
    _checked(hub, connection, entity, why)
    with facts(hub).begin() as tx:
        return the_one(tx, entity, record)


def _flow_or_record(hub: Hub, connection: str, entity: str, record: str, why: str) -> tuple[int, str]:
    """Return the number `holding` knows it by, and what people call it."""
    if record:
        one = _meant(hub, connection, entity, record, why)
        return one.id, f"«{one.title}» (№ {one.id})"
    _checked(hub, connection, entity, why)
    return holding.FLOW, entity


def _checked(hub: Hub, connection: str, entity: str, why: str) -> None:
    known(hub, connection)
    known_entity(hub, entity)
    reasoned(why)


def reasoned(why: str) -> None:
    """Refuse an act without a reason."""
    if not why.strip():
        raise BadInput(
            "cli.no_reason",
            'Say why: --why "…"; whoever looks later finds it in the journal.',
            'Скажите почему: --why "…"; это останется в журнале для тех, кто посмотрит позже.',
        )


def _tell_held(connection: str, entity: str, record: Record, *, is_held: bool) -> None:
    if is_held:
        say(
            f"Взамен ничего не создаётся. Связать с другим объектом: obmen bind {connection} {entity} КОД {record.id}; "
            f"создать заново: obmen release {connection} {entity} {record.id}",
            f"Nothing is created in its place. Bind another object: obmen bind {connection} {entity} REF {record.id}; "
            f"create a new one: obmen release {connection} {entity} {record.id}",
        )
