"""The mapping tables of a shop: where each stands in the settings, and which call lists its codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command, Rest
from obmen.connectors.bitrix.orders.settings import OrderSettings, PaySystem
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.mapping import (
    METHODS,
    PREPAID,
    STAGE,
    STAGE_MEANINGS,
    SlotsAt,
    Table,
    TableAt,
    only_read,
)
from obmen.sync.mapping import Entry, Kind, Meaning, Row, laid

ORDER = ("order",)
RECEIPTS = "receipts:"
_PRINTERS = ("shop", "bank", "none")


class Statuses:
    """Statuses of orders. A cancellation is a flag in the shop, not a status."""

    kind = Kind(
        name="order_status",
        en="order statuses",
        ru="статусы заказа",
        meanings=STAGE_MEANINGS,
        directions=("both", "in", "out"),
        entities=ORDER,
        wakes="stage",
    )
    usual: Mapping[str, str] = {
        "N": f"{STAGE}new",
        "P": f"{STAGE}supply",
        "D": f"{STAGE}delivery",
        "F": f"{STAGE}done",
    }
    groups: Mapping[str, str] = {}

    def rows(self, settings: Settings) -> list[Row]:
        """Return the statuses and their stages."""
        orders = settings.orders or OrderSettings()
        return [
            Row(code, f"{STAGE}{stage}", "in" if code in orders.only_read else "both")
            for code, stage in orders.statuses.items()
        ]

    def lay(self, settings: Settings, rows: Sequence[Row]) -> Settings:
        """Return the settings with rows over the statuses."""
        orders = settings.orders or OrderSettings()
        orders = msgspec.structs.replace(
            orders,
            statuses=laid(orders.statuses, [(row, row.value.removeprefix(STAGE)) for row in rows]),
            only_read=only_read(orders.only_read, rows),
        )
        return msgspec.structs.replace(settings, orders=orders)


def _pay_system(text: str) -> PaySystem:
    method, *options = text.split()
    prints = next((word.removeprefix(RECEIPTS) for word in options if word.startswith(RECEIPTS)), "unsaid")
    return msgspec.convert({"method": method, "prepaid": PREPAID in options, "receipts": prints}, PaySystem)


def _shown(known: PaySystem) -> str:
    receipts = "" if known.receipts == "unsaid" else f"{RECEIPTS}{known.receipts}"
    return " ".join(filter(None, (known.method, PREPAID if known.prepaid else "", receipts)))


TABLES: tuple[Table, ...] = (
    Statuses(),
    TableAt(
        kind=Kind(
            name="payment_type",
            en="pay systems",
            ru="платёжные системы",
            meanings=METHODS,
            options=((PREPAID,), tuple(f"{RECEIPTS}{name}" for name in _PRINTERS)),
            directions=("both", "out"),
            digits=True,
            entities=ORDER,
            wakes="payment",
        ),
        at=("orders", "pay_systems"),
        read=_pay_system,
        show=_shown,
        make=OrderSettings,
    ),
    TableAt(
        kind=Kind(
            name="delivery_type",
            en="delivery services",
            ru="службы доставки",
            otherwise=("goes by its id", "идёт под своим ID"),
            directions=("both", "out"),
            digits=True,
            entities=ORDER,
        ),
        at=("orders", "deliveries"),
        make=OrderSettings,
    ),
    TableAt(
        kind=Kind(
            name="manager",
            en="managers",
            ru="менеджеры",
            directions=("both", "out"),
            digits=True,
            entities=ORDER,
            wakes="manager",
        ),
        at=("orders", "managers"),
        make=OrderSettings,
    ),
    SlotsAt(
        kind=Kind(
            name="person_type",
            en="payer types",
            ru="типы плательщиков",
            meanings=(
                Meaning("person", "persons", "физические лица"),
                Meaning("company", "companies", "юридические лица"),
            ),
            digits=True,
            single=True,
            otherwise=("its buyers count as persons", "покупатели считаются физическими лицами"),
        ),
        slots={"person": ("orders", "person_type"), "company": ("orders", "company_type")},
        read=int,
        make=OrderSettings,
    ),
    TableAt(
        kind=Kind(
            name="price_type",
            en="price types",
            ru="типы цен",
            otherwise=("left alone", "не передаётся"),
            digits=True,
            single=True,
            may_leave_out=True,
            entities=("offer",),
        ),
        at=("prices",),
        by_value=True,
        read=int,
    ),
    TableAt(
        kind=Kind(
            name="warehouse",
            en="stores",
            ru="склады",
            otherwise=("left alone", "не передаётся"),
            single=True,
            may_leave_out=True,
            entities=("offer",),
        ),
        at=("stores",),
        by_value=True,
    ),
)


class Book(NamedTuple):
    """A dictionary of the shop: the call, and the fields of code, name and activity."""

    method: str
    code: str = "id"
    name: str = "name"
    active: str = "active"


BOOKS = {
    "payment_type": Book("sale.paysystem.list", "ID", "NAME", "ACTIVE"),
    "delivery_type": Book("sale.delivery.getlist", "ID", "NAME", "ACTIVE"),
    "person_type": Book("sale.persontype.list"),
    "price_type": Book("catalog.priceType.list"),
    "warehouse": Book("catalog.store.list", "id", "title"),
}


async def dictionary(rest: Rest, kind: str) -> list[Entry]:
    """Ask the shop for the codes of a kind. Its users need a right of their own and are not asked for."""
    if kind == "order_status":
        return await _statuses(rest)
    book = BOOKS.get(kind)
    if book is None:
        return []
    (reply,) = await rest.read([Command(book.method, {})])
    return [
        Entry(
            code=str(wire.whole(row.get(book.code))),
            name=_name(row, book),
            group=wire.text(row.get("xmlId")) or "",
            active=row.get(book.active) != "N",
        )
        for row in reply.rows
    ]


def _name(row: Mapping[str, Any], book: Book) -> str:
    return wire.text(row.get(book.name)) or ""


async def _statuses(rest: Rest) -> list[Entry]:
    """List statuses of orders; those of deliveries are not among them."""
    rows, texts = await rest.read(
        [
            Command("sale.status.list", {"order": {"sort": "asc"}}),
            Command("sale.statusLang.list", {"filter": {"lid": "ru"}}),
        ]
    )
    names = {str(row.get("statusId")): wire.text(row.get("name")) or "" for row in texts.rows}
    return [
        Entry(code=code, name=names.get(code, ""))
        for row in rows.rows
        if row.get("type") != "D" and (code := wire.text(row.get("id")))
    ]
