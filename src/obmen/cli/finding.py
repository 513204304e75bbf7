"""Finding the record an operator means by what he types."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.ledger.sql import SqlTx
from obmen.model import Record, Value, phone
from obmen.sync.rules import family

FOUND_AT_MOST = 20
REF_CUT = 20


def known_entity(hub: Hub, entity: str) -> None:
    """Refuse an entity that is not exchanged."""
    if entity in hub.topologies:
        return
    known = ", ".join(hub.topologies)
    raise BadInput(
        "cli.no_such_entity",
        f"«{entity}» is not exchanged here; there are: {known}.",
        f"«{entity}» здесь не обменивается; есть: {known}.",
    )


def found(tx: SqlTx, entity: str, ref: str) -> list[Record]:
    """Return the records an operator may mean: by id in any system, number, phone, article, record number or title.

    Raises `BadInput` where there is none.
    """
    wanted = ref.strip().removeprefix("№").removeprefix("#").strip()
    ids = (
        (_by_number(tx, wanted) if entity == "order" else [])
        or (_by_contact(tx, wanted) if entity == "customer" else [])
        or tx.by_code(entity, wanted)
        or _by_article(tx, entity, wanted)
        or (tx.search(entity, wanted, limit=FOUND_AT_MOST + 1) if wanted else [])
    )
    if not ids:
        raise BadInput(
            "cli.nothing_found",
            f"There is no {entity} «{ref}»: no id, article, number, phone or part of a title. Has it been imported? See obmen issues.",
            f"Ничего не найдено по «{ref}» ({entity}): ни кода, ни артикула, ни номера, ни телефона, ни части названия. Загружено ли оно? См. obmen issues.",
        )
    records = tx.records(ids)
    return [records[number] for number in ids]


def _by_number(tx: SqlTx, ref: str) -> list[int]:
    """Return the orders people call by this number, in the shop or elsewhere."""
    return tx.by_key("order", "number", [ref]).get(ref) or [
        one.id for one in _every(tx, "order") if ref in _numbers(one)
    ]


def _by_contact(tx: SqlTx, ref: str) -> list[int]:
    """Return the customers with this phone, however it is written, or this e-mail."""
    mail, number = ref.lower(), phone(ref)
    held = tx.by_key("customer", "emails", [mail], most=FOUND_AT_MOST + 1).get(mail, [])
    return held or tx.by_key("customer", "phones", [number], most=FOUND_AT_MOST + 1).get(number, [])


def _numbers(order: Record) -> list[Value]:
    return [value for atom, value in order.atoms.items() if family(atom) in {"number", "numbers"}]


def _every(tx: SqlTx, entity: str) -> Iterator[Record]:
    after = 0
    while ids := tx.ids(entity, after=after, limit=1000):
        after = ids[-1]
        yield from tx.records(ids).values()


def _by_article(tx: SqlTx, entity: str, ref: str) -> list[int]:
    """Return the records with this article. Articles are no keys of the ledger: it is read through, by pages."""
    return [one.id for one in _every(tx, entity) if _is_article(one.atoms.get("sku"), ref)]


def _is_article(sku: Value, ref: str) -> bool:
    return isinstance(sku, str) and sku.casefold() == ref.casefold() != ""


def the_one(tx: SqlTx, entity: str, ref: str) -> Record:
    """Return the one record an operator means; `BadInput` names the numbers where it could be several."""
    records = found(tx, entity, ref)
    if len(records) == 1:
        return records[0]
    names = "; ".join(f"{one.id} «{one.title}»" for one in records[:FOUND_AT_MOST])
    raise BadInput(
        "cli.several_found",
        f"Several are found by «{ref}», name one by its number: {names}.",
        f"По «{ref}» нашлось несколько, назовите по номеру карточки: {names}.",
    )


def choice(tx: SqlTx, records: list[Record]) -> Table:
    """Return records to choose from, one in a line."""
    refs = tx.bindings([record.id for record in records])
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for record in records[:FOUND_AT_MOST]:
        bound = ", ".join(f"{one.connection} {_short(one.ref)}" for one in refs if one.record == record.id)
        sku = record.atoms.get("sku")
        table.add_row(f"{record.id}", _plain(record.title), _plain(str(sku or "")), _plain(bound))
    return table


def _short(ref: str) -> str:
    return ref if len(ref) <= REF_CUT else f"…{ref[1 - REF_CUT :]}"


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
