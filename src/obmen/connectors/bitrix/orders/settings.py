"""What orders of a shop are set up with: statuses, pay systems, deliveries, properties."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from obmen.errors import ConfigError
from obmen.model import BadValue, vat_rate
from obmen.setting import said
from obmen.sync.facts import STAGES, code_for, step_back

USUAL_WALK = ("N", "P", "D", "F")
"""How a stock shop walks; letters it does not have are passed over."""
USUAL_PROPERTIES = {
    "FIO": "contact.name",
    "CONTACT_PERSON": "contact.name",
    "EMAIL": "contact.email",
    "PHONE": "contact.phone",
    "COMPANY": "contact.company",
    "COMPANY_ADR": "contact.legal_address",
    "INN": "contact.tin",
    "KPP": "contact.kpp",
    "ZIP": "address.zip",
    "CITY": "address.city",
    "LOCATION": "address.location",
    "ADDRESS": "address.text",
    "PVZ": "delivery.pickup",
}
"""Codes of the properties a shop's wizard makes (both payer types)."""
PLACES = (
    *(f"contact.{key}" for key in ("name", "phone", "email", "company", "tin", "kpp", "legal_address")),
    *(f"address.{key}" for key in ("text", "zip", "region", "city", "location", "street")),
    *(
        f"delivery.{key}"
        for key in ("pickup", "pickup.code", "pickup.address", "pickup.hours", "date", "interval")
    ),
)
LINE_PLACES = ("subject", "method")
"""What a receipt says of a line: what is sold, and how it is paid for (признак предмета, способа расчёта)."""
PROFILE = "/"
"""Between the code of a delivery service and that of its profile."""


class PaySystem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pay system of the shop."""

    method: Annotated[
        str,
        said(
            "How the buyer pays: cash, card, invoice, credit; bonus, gift (a gift card), account (money kept in the shop).",
            "Как платят: cash — наличные, card — карта, invoice — счёт, credit — кредит, bonus — бонусы, gift — подарочный "
            "сертификат, account — внутренний счёт.",
        ),
    ]
    prepaid: Annotated[
        bool, said("Whether the money comes before the goods leave.", "Деньги приходят до отгрузки.")
    ] = False
    receipts: Annotated[
        Literal["shop", "bank", "none", "unsaid"],
        said(
            "Who prints the fiscal receipt when it is paid; with `shop` or `bank` a payment made elsewhere is never "
            "written here as paid. Until it is said, plans count a receipt for each payment.",
            "Кто пробивает чек при оплате; при shop и bank оплата, проведённая в другой системе, сюда не пишется. "
            "Пока не указано, планы считают чек на каждую оплату.",
        ),
    ] = "unsaid"
    counts: Annotated[
        Literal["payment", "discount"],
        said(
            "What its money is to the others: a payment, or a discount on the lines (bonuses, gift cards).",
            "Чем эти деньги считать в других системах: оплатой (payment) или скидкой на позиции (discount) — для бонусов "
            "и подарочных сертификатов.",
        ),
    ] = "payment"

    @property
    def prints_receipts(self) -> bool:
        """Tell whether a receipt is printed here or by the bank, so that nothing paid elsewhere may be written."""
        return self.receipts in {"shop", "bank"}


class Events(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events of the shop, sent by an outgoing webhook or bound by `event.bind`."""

    token: Annotated[
        str,
        Meta(min_length=1),
        said(
            "Token the shop puts into each event (application_token).",
            "Токен, который магазин кладёт в каждое событие (application_token).",
            secret=True,
        ),
    ]
    route: Annotated[
        str,
        said(
            "Address here that events are sent to; /in/<connection> when absent.",
            "Адрес у нас, куда приходят события; если не указан, /in/<подключение>.",
        ),
    ] = ""


class OrderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders of one shop."""

    statuses: Annotated[
        dict[str, str],
        said(
            "Status of the shop → stage it means: new, confirmed, supply, assembling, delivery, done.",
            "Статус магазина → стадия: new, confirmed, supply, assembling, delivery, done.",
        ),
    ] = msgspec.field(default_factory=lambda: {"N": "new", "P": "supply", "F": "done"})
    only_read: Annotated[
        tuple[str, ...],
        said(
            "Statuses that are understood and never written.",
            "Статусы, которые понимаем, но сами никогда не ставим.",
        ),
    ] = ()
    pay_systems: Annotated[
        dict[str, PaySystem],
        said(
            'Id of a pay system → what it is: 2 = { method = "card", prepaid = true, receipts = "bank" }.',
            'ID платёжной системы → что это: 2 = { method = "card", prepaid = true, receipts = "bank" }.',
        ),
    ] = {}
    deliveries: Annotated[
        dict[str, str],
        said(
            "Id of a delivery service → our code, with a profile behind a slash: courier, cdek/tariff_137; others go by "
            "their id.",
            "ID службы доставки → наш код, профиль — через косую черту: courier, cdek/tariff_137; остальные — по своему ID.",
        ),
    ] = {}
    managers: Annotated[
        dict[str, str],
        said(
            "Id of a user of the shop → our code of the responsible; without the table ids go as they are.",
            "ID пользователя магазина → наш код ответственного; без таблицы передаётся сам ID.",
        ),
    ] = {}
    delivery_vat: Annotated[
        dict[str, str],
        said(
            "Id of a delivery service → VAT rate of its price: 22, 10, none; `*` for all others. REST does not show it.",
            "ID службы доставки → ставка НДС её стоимости: 22, 10, none; `*` — для остальных. По REST её не видно.",
        ),
    ] = {}
    properties: Annotated[
        dict[str, str],
        said(
            "Code of an order property → its place: contact.phone, address.city, source.utm_source, properties.x.",
            "Код свойства заказа → место: contact.phone, address.city, source.utm_source, properties.x.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_PROPERTIES))
    line_properties: Annotated[
        dict[str, str],
        said(
            "Code of a basket property → what of the receipt it holds: subject, method. All others are carried as they are.",
            "Код свойства корзины → что из чека в нём лежит: subject (признак предмета расчёта), method (признак способа "
            "расчёта). Остальные передаются как есть.",
        ),
    ] = {}
    locations: Annotated[
        dict[str, str],
        said(
            "Code of a location → city, since the shop keeps only the code: 0000073738 = «Москва».",
            "Код местоположения → город: магазин хранит только код, 0000073738 = «Москва».",
        ),
    ] = {}
    locations_file: Annotated[
        str,
        said(
            "CSV file of more locations: code and city, or the shop's own export of locations.",
            "CSV-файл местоположений: код и город, или выгрузка местоположений самого магазина.",
        ),
    ] = ""
    events: Annotated[
        Events | None,
        said(
            "Events of the shop, below: an order is looked at as it changes, without waiting for the next poll.",
            "События магазина, ниже: изменившийся заказ читается сразу, не дожидаясь опроса.",
        ),
    ] = None
    number_prefix: Annotated[
        str,
        said(
            "Put before this shop's order numbers, so that those of two shops are told apart in 1C: A-.",
            "Ставится перед номерами заказов этого магазина, чтобы в 1С различать два магазина: A-.",
        ),
    ] = ""
    reserves: Annotated[
        bool,
        said(
            "The shop lowers its own stock when an order is placed there.",
            "Магазин сам уменьшает остаток при оформлении заказа.",
        ),
    ] = True
    mails: Annotated[
        bool,
        said(
            "The shop mails the buyer by itself; say false once its mail templates of orders are switched off, and plans count no mails.",
            "Магазин сам пишет покупателям; укажите false, если почтовые шаблоны заказов отключены, и планы не будут считать письма.",
        ),
    ] = True
    number_of: Annotated[
        str,
        said(
            "Connection whose own number is kept as the order's external code (id1c).",
            "Подключение, чей номер хранится во внешнем коде заказа (id1c).",
        ),
    ] = ""
    site: Annotated[str, said("Site of orders made by the hub.", "Сайт заказов, которые создаёт обмен.")] = (
        "s1"
    )
    person_type: Annotated[
        int, Meta(gt=0), said("Payer type of persons.", "ID типа плательщика для физических лиц.")
    ] = 1
    company_type: Annotated[
        int, Meta(gt=0), said("Payer type of companies.", "ID типа плательщика для организаций.")
    ] = 2
    user: Annotated[
        int,
        Meta(ge=0),
        said(
            "Technical buyer of orders made by the hub: REST makes no users.",
            "Технический покупатель для заказов, которые создаёт обмен: пользователей REST не заводит.",
        ),
    ] = 0

    def __post_init__(self) -> None:
        """Refuse a table of statuses that walks backwards, and places nobody knows."""
        known = [name for name, _ in STAGES.ranks]
        for code, stage in self.statuses.items():
            if stage not in known:
                raise ConfigError(
                    "bitrix.settings.stage",
                    f"orders.statuses.{code}: no such stage as «{stage}»; known: {', '.join(known)}.",
                    f"orders.statuses.{code}: нет стадии «{stage}»; есть: {', '.join(known)}.",
                )
        if (fall := step_back(self.statuses, USUAL_WALK, STAGES)) is not None:
            walk = " → ".join(f"{code} {self.statuses[code]}" for code in USUAL_WALK if code in self.statuses)
            before, after = fall
            raise ConfigError(
                "bitrix.settings.walk",
                f"orders.statuses walks backwards: {walk}: {after} after {before}. An order would fall back by itself.",
                f"Карта статусов orders.statuses ведёт назад: {walk}: {after} после {before}. Заказ откатывался бы сам.",
            )
        for code, rate in self.delivery_vat.items():
            try:
                vat_rate(rate)
            except BadValue:
                raise ConfigError(
                    "bitrix.settings.delivery_vat",
                    f"orders.delivery_vat.{code}: there is no VAT rate «{rate}»; write it like 22, 10 or none.",
                    f"orders.delivery_vat.{code}: ставки НДС «{rate}» нет; пишите как 22, 10 или none.",
                ) from None
        for code, place in self.properties.items():
            if place not in PLACES and place.partition(".")[0] not in {"source", "properties"}:
                raise ConfigError(
                    "bitrix.settings.place",
                    f"orders.properties.{code}: no such place as «{place}»; known: {', '.join(PLACES)}, source.*, properties.*.",
                    f"orders.properties.{code}: нет места «{place}»; есть: {', '.join(PLACES)}, source.*, properties.*.",
                )

        for code, place in self.line_properties.items():
            if place not in LINE_PLACES:
                raise ConfigError(
                    "bitrix.settings.line_place",
                    f"orders.line_properties.{code}: no such place as «{place}»; known: {', '.join(LINE_PLACES)}.",
                    f"orders.line_properties.{code}: нет места «{place}»; есть: {', '.join(LINE_PLACES)}.",
                )

    def delivery_rate(self, service: str) -> str | None:
        """Return the VAT rate of a delivery service; None where nobody has said it."""
        rate = self.delivery_vat.get(service, self.delivery_vat.get("*"))
        return None if rate is None else vat_rate(rate)

    def is_discount(self, pay_system: str) -> bool:
        """Tell whether what is paid by a pay system lowers the lines instead of paying for them."""
        known = self.pay_systems.get(pay_system)
        return known is not None and known.counts == "discount"

    @property
    def marks_refunds(self) -> frozenset[str]:
        """Ids of pay systems whose payments may be marked as given back: nobody prints or pays at that, as is said."""
        return frozenset(
            code
            for code, known in self.pay_systems.items()
            if known.receipts == "none" and known.method in {"cash", "invoice"}
        )

    def code_of(self, stage: str) -> str | None:
        """Return the status that stands for a stage: its own, else that of the nearest stage before it."""
        return code_for(self.statuses, stage, STAGES, but=self.only_read)
