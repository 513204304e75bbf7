"""What orders of an account are set up with: statuses, payments, deliveries, custom fields."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from obmen.errors import ConfigError
from obmen.setting import said
from obmen.sync.facts import STAGES, code_for, step_back

USUAL_STATUSES = {
    "new": "new",
    "client-confirmed": "confirmed",
    "availability-confirmed": "confirmed",
    "offer-analog": "new",
    "prepayed": "supply",
    "send-to-assembling": "assembling",
    "assembling": "assembling",
    "assembling-complete": "assembling",
    "send-to-delivery": "delivery",
    "delivering": "delivery",
    "redirect": "delivery",
    "complete": "done",
}
"""Statuses of a new account; of those that mean the same the first is the one written."""
USUAL_CANCELS = {
    "cancel-other": "",
    "no-call": "не удалось дозвониться",
    "no-product": "нет в наличии",
    "already-buyed": "купил в другом месте",
    "delyvery-did-not-suit": "не устроила доставка",
    "prices-did-not-suit": "не устроила цена",
}
USUAL_WALK = (
    "new",
    "client-confirmed",
    "prepayed",
    "send-to-assembling",
    "assembling",
    "assembling-complete",
    "send-to-delivery",
    "delivering",
    "complete",
)
_FAMILIES = ("properties", "numbers")


class PaymentType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment type of the account."""

    method: Annotated[
        str,
        said("How the buyer pays: cash, card, invoice, credit.", "Как платят: cash, card, invoice, credit."),
    ]
    prepaid: Annotated[
        bool, said("Whether the money comes before the goods leave.", "Деньги приходят до отгрузки.")
    ] = False


USUAL_PAYMENTS = {
    "cash": PaymentType(method="cash"),
    "bank-card": PaymentType(method="card", prepaid=True),
    "bank-transfer": PaymentType(method="invoice", prepaid=True),
    "credit": PaymentType(method="credit", prepaid=True),
    "e-money": PaymentType(method="card", prepaid=True),
}


class OrderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders of one account. Tables go from its codes to ours; of several codes that mean the same the first is written."""

    statuses: Annotated[
        dict[str, str],
        said(
            "Status → stage it means: new, confirmed, supply, assembling, delivery, done.",
            "Статус → стадия: new, confirmed, supply, assembling, delivery, done.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_STATUSES))
    only_read: Annotated[
        tuple[str, ...],
        said(
            "Statuses that are understood and never written.",
            "Статусы, которые понимаем, но сами никогда не ставим.",
        ),
    ] = ()
    cancels: Annotated[
        dict[str, str],
        said(
            "Status that cancels → its reason in words; the first is written where no reason fits.",
            "Статус отмены → причина словами; первый пишется, если ни одна причина не подошла.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_CANCELS))
    payments: Annotated[
        dict[str, PaymentType],
        said("Payment type → what it is.", "Тип оплаты → что это такое."),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_PAYMENTS))
    paid: Annotated[
        tuple[str, ...],
        said(
            "Payment statuses that mean the money has come; the first is written.",
            "Статусы оплаты, при которых деньги пришли; пишется первый.",
        ),
    ] = ("paid", "credit-approved")
    unpaid: Annotated[
        str,
        said("Payment status of what is still to be paid.", "Статус оплаты, пока деньги не пришли."),
    ] = "not-paid"
    deliveries: Annotated[
        dict[str, str],
        said("Delivery type → our code of the service.", "Тип доставки → наш код службы."),
    ] = msgspec.field(default_factory=lambda: {"self-delivery": "pickup", "courier": "courier"})
    fields: Annotated[
        dict[str, str],
        said(
            "Custom field of the order → its place: properties.x, numbers.erp.",
            "Пользовательское поле заказа → место: properties.x, numbers.erp.",
        ),
    ] = {}
    managers: Annotated[
        dict[str, str],
        said(
            "Id or e-mail of a manager → our code of the responsible; without the table managers are not exchanged.",
            "ID или почта менеджера → наш код ответственного; без таблицы ответственные не передаются.",
        ),
    ] = {}
    customer_id: Annotated[
        str,
        said(
            "Property with the buyer's id in the shop (properties.user): the customer's externalId.",
            "Свойство с ID покупателя в магазине (properties.user): externalId клиента.",
        ),
    ] = ""
    corporate: Annotated[
        bool,
        said(
            "Orders of companies go to corporate customers, by INN; they must be switched on in the account.",
            "Заказы организаций записывать на корпоративных клиентов, по ИНН; они должны быть включены в аккаунте.",
        ),
    ] = False
    creates: Annotated[
        Literal["own", "all"],
        said(
            "Which orders may become new ones elsewhere: `own`, without an external id, such as those by phone; or `all`.",
            "Какие заказы заводить в других системах: own — без внешнего ID, например по телефону; all — все.",
        ),
    ] = "own"
    payments_of: Annotated[
        str,
        said(
            "Connection whose payments another module has brought under `<id>_<anything>`: they are recognised as its own.",
            "Подключение, чьи оплаты занёс другой модуль под `<id>_<что угодно>`: они узнаются как его собственные.",
        ),
    ] = ""
    others_write: Annotated[
        bool,
        said(
            "Another program is meant to write orders there as well: no warning of it.",
            "Заказы там намеренно пишет и другая программа: не предупреждать о ней.",
        ),
    ] = False
    person_type: Annotated[str, said("Order type of persons.", "Тип заказа для физических лиц.")] = (
        "eshop-individual"
    )
    company_type: Annotated[str, said("Order type of companies.", "Тип заказа для организаций.")] = (
        "eshop-legal"
    )
    order_method: Annotated[
        str,
        said("How orders made by the hub came about.", "Способ оформления заказов, которые создаёт обмен."),
    ] = "shopping-cart"

    def __post_init__(self) -> None:
        """Refuse a table of statuses that walks backwards, and places nobody knows."""
        known = [name for name, _ in STAGES.ranks]
        for code, stage in self.statuses.items():
            if stage not in known:
                raise ConfigError(
                    "retailcrm.settings.stage",
                    f"orders.statuses.{code}: no such stage as «{stage}»; known: {', '.join(known)}.",
                    f"orders.statuses.{code}: нет стадии «{stage}»; есть: {', '.join(known)}.",
                )
            if code in self.cancels:
                raise ConfigError(
                    "retailcrm.settings.cancel",
                    f"«{code}» stands in orders.statuses and in orders.cancels: leave it in one of them.",
                    f"«{code}» стоит и в orders.statuses, и в orders.cancels: оставьте где-то одном.",
                )
        if (fall := step_back(self.statuses, USUAL_WALK, STAGES)) is not None:
            walk = " → ".join(f"{code} {self.statuses[code]}" for code in USUAL_WALK if code in self.statuses)
            before, after = fall
            raise ConfigError(
                "retailcrm.settings.walk",
                f"orders.statuses walks backwards: {walk}: {after} after {before}. An order would fall back by itself.",
                f"Карта статусов orders.statuses ведёт назад: {walk}: {after} после {before}. Заказ откатывался бы сам.",
            )
        for code, place in self.fields.items():
            family, _, member = place.partition(".")
            if family not in _FAMILIES or not member:
                raise ConfigError(
                    "retailcrm.settings.place",
                    f"orders.fields.{code}: no such place as «{place}»; known: properties.*, numbers.*.",
                    f"orders.fields.{code}: нет места «{place}»; есть: properties.*, numbers.*.",
                )

    @property
    def by_email(self) -> bool:
        """Whether managers are named by their e-mail."""
        return any("@" in name for name in self.managers)

    def code_of(self, stage: str) -> str | None:
        """Return the status that stands for a stage: its own, else that of the nearest stage before it."""
        return code_for(self.statuses, stage, STAGES, but=self.only_read)

    def cancel_of(self, reason: str) -> str | None:
        """Return the status that cancels for a reason: the one of these very words, else the first."""
        written = {code: words for code, words in self.cancels.items() if code not in self.only_read}
        exact = (code for code, words in written.items() if words and words == reason)
        return next(exact, next(iter(written), None))
