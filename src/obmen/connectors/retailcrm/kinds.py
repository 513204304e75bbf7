"""The mapping tables of an account: where each stands in the settings, and which dictionary lists its codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from obmen.connectors.mapping import (
    CANCELLED,
    METHODS,
    PREPAID,
    STAGE,
    STAGE_MEANINGS,
    SlotsAt,
    Table,
    TableAt,
    only_read,
)
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.customers.contacts import STAFF, joined
from obmen.connectors.retailcrm.orders.settings import (
    USUAL_CANCELS,
    USUAL_PAYMENTS,
    USUAL_STATUSES,
    OrderSettings,
    PaymentType,
)
from obmen.connectors.retailcrm.settings import Settings
from obmen.sync.mapping import Entry, Kind, Meaning, Row, laid

ORDER = ("order",)


class Statuses:
    """Statuses of orders: stages and cancellations, which stand in two tables of the settings."""

    kind = Kind(
        name="order_status",
        en="order statuses",
        ru="статусы заказа",
        meanings=(
            *STAGE_MEANINGS,
            Meaning(CANCELLED, "cancelled, for a reason", "отменён, с причиной", words=True),
        ),
        directions=("both", "in", "out"),
        entities=ORDER,
        wakes="stage",
    )
    usual: Mapping[str, str] = {
        **{code: f"{STAGE}{stage}" for code, stage in USUAL_STATUSES.items()},
        **{code: f"{CANCELLED}:{words}" if words else CANCELLED for code, words in USUAL_CANCELS.items()},
    }
    groups: Mapping[str, str] = {
        "new": f"{STAGE}new",
        "approval": f"{STAGE}confirmed",
        "assembling": f"{STAGE}assembling",
        "delivery": f"{STAGE}delivery",
        "complete": f"{STAGE}done",
        "cancel": CANCELLED,
    }

    def rows(self, settings: Settings) -> list[Row]:
        """Return stages and cancellations as one table."""
        orders = settings.orders or OrderSettings()
        values = {code: f"{STAGE}{stage}" for code, stage in orders.statuses.items()}
        values |= {
            code: f"{CANCELLED}:{words}" if words else CANCELLED for code, words in orders.cancels.items()
        }
        return [
            Row(code, value, "in" if code in orders.only_read else "both") for code, value in values.items()
        ]

    def lay(self, settings: Settings, rows: Sequence[Row]) -> Settings:
        """Return the settings with rows over both tables; a code stands in one of them."""
        orders = settings.orders or OrderSettings()
        stages = [(row, _stage(row)) for row in rows]
        cancels = [(row, _cancel(row)) for row in rows]
        orders = msgspec.structs.replace(
            orders,
            statuses=laid(orders.statuses, stages),
            cancels=laid(orders.cancels, cancels),
            only_read=only_read(orders.only_read, rows),
        )
        return msgspec.structs.replace(settings, orders=orders)


class PaymentStatuses:
    """Statuses of payments: whether the money has come."""

    kind = Kind(
        name="payment_status",
        en="payment statuses",
        ru="статусы оплаты",
        meanings=(
            Meaning("paid", "the money has come", "деньги пришли"),
            Meaning("unpaid", "still to be paid", "ещё не оплачено"),
        ),
        directions=("both", "out"),
        entities=ORDER,
        otherwise=("means unpaid", "значит «не оплачено»"),
    )
    usual: Mapping[str, str] = {
        "not-paid": "unpaid",
        "invoice": "unpaid",
        "payment-start": "unpaid",
        "paid": "paid",
        "credit-check": "unpaid",
        "credit-approved": "paid",
        "fail": "unpaid",
    }
    groups: Mapping[str, str] = {}

    def rows(self, settings: Settings) -> list[Row]:
        """Return what means paid, and what is written of the rest."""
        orders = settings.orders or OrderSettings()
        return [*(Row(code, "paid") for code in orders.paid), Row(orders.unpaid, "unpaid")]

    def lay(self, settings: Settings, rows: Sequence[Row]) -> Settings:
        """Return the settings with rows over both. Whatever does not mean paid means unpaid."""
        orders = settings.orders or OrderSettings()
        paid = laid(
            dict.fromkeys(orders.paid, "paid"),
            [(row, row.value if row.value == "paid" else None) for row in rows],
        )
        unpaid = next(
            (row.code for row in rows if row.value == "unpaid" and row.direction == "out"), orders.unpaid
        )
        return msgspec.structs.replace(
            settings, orders=msgspec.structs.replace(orders, paid=tuple(paid), unpaid=unpaid)
        )


def _stage(row: Row) -> str | None:
    head, _, stage = row.value.partition(":")
    return stage if f"{head}:" == STAGE else None


def _cancel(row: Row) -> str | None:
    head, _, words = row.value.partition(":")
    return words if head == CANCELLED else None


def _payment(text: str) -> PaymentType:
    method, *options = text.split()
    return PaymentType(method=method, prepaid=PREPAID in options)


def _shown(known: PaymentType) -> str:
    return f"{known.method} {PREPAID}" if known.prepaid else known.method


TABLES: tuple[Table, ...] = (
    Statuses(),
    TableAt(
        kind=Kind(
            name="payment_type",
            en="payment types",
            ru="типы оплаты",
            meanings=METHODS,
            options=((PREPAID,),),
            directions=("both", "out"),
            entities=ORDER,
            wakes="payment",
        ),
        at=("orders", "payments"),
        read=_payment,
        show=_shown,
        usual={code: _shown(known) for code, known in USUAL_PAYMENTS.items()},
        make=OrderSettings,
    ),
    PaymentStatuses(),
    TableAt(
        kind=Kind(
            name="delivery_type",
            en="delivery types",
            ru="типы доставки",
            directions=("both", "out"),
            entities=ORDER,
            wakes="delivery",
        ),
        at=("orders", "deliveries"),
        usual={"self-delivery": "pickup", "courier": "courier", "russian-post": "russian-post"},
        make=OrderSettings,
    ),
    TableAt(
        kind=Kind(
            name="manager",
            en="managers",
            ru="менеджеры",
            directions=("both", "out"),
            entities=(*ORDER, "customer"),
            wakes="manager",
        ),
        at=("orders", "managers"),
        make=OrderSettings,
    ),
    SlotsAt(
        kind=Kind(
            name="person_type",
            en="order types",
            ru="типы заказа",
            meanings=(
                Meaning("person", "of persons", "физические лица"),
                Meaning("company", "of companies", "юридические лица"),
            ),
            single=True,
            otherwise=("not written", "сам обмен его не ставит"),
        ),
        slots={"person": ("orders", "person_type"), "company": ("orders", "company_type")},
        usual={"eshop-individual": "person", "eshop-legal": "company"},
        make=OrderSettings,
    ),
    SlotsAt(
        kind=Kind(
            name="order_method",
            en="ways an order came about",
            ru="способы оформления",
            meanings=(
                Meaning("exchange", "of orders the exchange makes", "у заказов, которые создаёт обмен"),
            ),
            single=True,
            otherwise=("not written", "сам обмен его не ставит"),
        ),
        slots={"exchange": ("orders", "order_method")},
        usual={"shopping-cart": "exchange"},
        make=OrderSettings,
    ),
    TableAt(
        kind=Kind(
            name="site",
            en="shops of the account, by sites of orders",
            ru="магазины аккаунта, по сайтам заказов",
            many=True,
            otherwise=("its orders are left alone", "его заказы не трогаем"),
            entities=ORDER,
            wakes="site",
        ),
        at=("sites",),
        by_value=True,
    ),
    TableAt(
        kind=Kind(
            name="price_type",
            en="price types",
            ru="типы цен",
            otherwise=("left alone", "не передаётся"),
            single=True,
            may_leave_out=True,
            entities=("offer",),
        ),
        at=("prices",),
        by_value=True,
        usual={"base": "base"},
    ),
    TableAt(
        kind=Kind(
            name="warehouse",
            en="warehouses",
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
    """A dictionary of the account: the method, the key of its answer, and the field of the group."""

    method: str
    key: str
    group: str = ""


BOOKS = {
    "order_status": Book("statuses", "statuses", "group"),
    "payment_type": Book("payment-types", "paymentTypes"),
    "payment_status": Book("payment-statuses", "paymentStatuses"),
    "delivery_type": Book("delivery-types", "deliveryTypes", "integrationCode"),
    "person_type": Book("order-types", "orderTypes"),
    "order_method": Book("order-methods", "orderMethods"),
    "site": Book("sites", "sites"),
    "price_type": Book("price-types", "priceTypes"),
    "warehouse": Book("stores", "stores"),
}


async def dictionary(api: Api, kind: str) -> list[Entry]:
    """Ask the account for the codes of a kind; those switched off are said to be."""
    if kind == "manager":
        users = await api.pages("users", "users", {})
        return [
            Entry(
                code=str(user.get("id")),
                name=joined(user, STAFF),
                group=wire.text(user.get("email")) or "",
                active=user.get("active") is not False,
            )
            for user in users
            if user.get("isManager") is not False
        ]
    book = BOOKS[kind]
    return [
        Entry(
            code=str(row.get("code")),
            name=wire.text(row.get("name")) or "",
            group=wire.text(row.get(book.group)) or "" if book.group else "",
            active=row.get("active") is not False,
        )
        for row in wire.rows((await api.get(f"reference/{book.method}")).get(book.key))
    ]
