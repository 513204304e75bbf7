"""What orders of one 1C are set up with."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from obmen.errors import ConfigError
from obmen.model import BadValue, vat_rate
from obmen.setting import said

USUAL_STATES = {
    "Не согласован": "new",
    "Ожидается согласование": "new",
    "Ожидается аванс (до обеспечения)": "confirmed",
    "Ожидается аванс": "confirmed",
    "Готов к обеспечению": "supply",
    "Готов к отгрузке": "assembling",
    "В процессе отгрузки": "delivery",
    "Готов к закрытию": "done",
    "Закрыт": "done",
}
"""States of «Заказ клиента» in УТ 11; other configurations have their own, so that the table is a setting."""
USUAL_CODES = {"N": "new", "P": "supply", "F": "done"}
USUAL_METHODS = {
    "cash": "Выплата наличных денег",
    "card": "Эквайринговая операция",
    "invoice": "Выплата безналичных денег",
    "credit": "Выплата безналичных денег",
    "bonus": "Оплата бонусами",
    "gift": "Подарочный сертификат",
    "account": "Внутренний счёт",
}
"""What 1C has no operation for goes as «Прочие», with these words as the way of payment."""


USUAL_LINE_REQUISITES = {"subject": "ПризнакПредметаРасчета", "method": "ПризнакСпособаРасчета"}
LINE_PROPERTY = "СвойствоКорзины#"
"""What a shop puts before the code of a basket property (source of `sale.export.1c`)."""

DELIVERY = "ORDER_DELIVERY"
"""What every shop calls the line of its delivery, and every 1C module knows it by."""
FIELDS = ("site", "responsible", "delivery.profile")


def way_back(operation: str) -> str:
    """Return what money going back is called: «Выплата наличных денег» by the buyer, «Возврат наличных денег» to him."""
    return operation.replace("Выплата", "Возврат", 1)


class OrderTables(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tables of the order exchange with one 1C."""

    states: Annotated[
        dict[str, str],
        said(
            "State of an order in 1C → stage: new, confirmed, supply, assembling, delivery, done.",
            "Состояние заказа в 1С → стадия: new, confirmed, supply, assembling, delivery, done.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_STATES))
    codes: Annotated[
        dict[str, str],
        said(
            "Code of a status as the site calls it («Статуса заказа ИД») → stage, both ways.",
            "Код статуса сайта («Статуса заказа ИД») → стадия, в обе стороны.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_CODES))
    methods: Annotated[
        dict[str, str],
        said(
            "How the buyer pays → the operation 1C knows it by.",
            "Способ оплаты → хозяйственная операция в 1С.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_METHODS))
    currencies: Annotated[
        dict[str, str],
        said("ISO code of a currency → its name in 1C.", "Код валюты ISO → как она называется в 1С."),
    ] = msgspec.field(default_factory=lambda: {"RUB": "RUB"})
    requisites: Annotated[
        dict[str, str],
        said(
            "More requisites of every order, by their exact name: Организация, Склад, Соглашение.",
            "Ещё реквизиты каждого заказа, точными именами: Организация, Склад, Соглашение.",
        ),
    ] = {}
    organizations: Annotated[
        dict[str, str],
        said(
            "Site of an order → organisation of 1C, written into the requisite «Организация».",
            "Сайт заказа → организация в 1С; пишется в реквизит «Организация».",
        ),
    ] = {}
    fields: Annotated[
        dict[str, str],
        said(
            "More fields of every order → the requisite they stand in: source.utm_source, properties.x, site.",
            "Ещё поля заказа → реквизит, в который их писать: source.utm_source, properties.x, site.",
        ),
    ] = {}
    line_requisites: Annotated[
        dict[str, str],
        said(
            "What of the receipt a line carries (subject, method) → the requisite of the line in 1C.",
            "Что строка несёт для чека (subject — признак предмета расчёта, method — признак способа расчёта) → реквизит "
            "строки в 1С.",
        ),
    ] = msgspec.field(default_factory=lambda: dict(USUAL_LINE_REQUISITES))
    split: Annotated[
        Literal["", "vat", "warehouse"],
        said(
            "Write an order as several documents, by VAT rate or by warehouse; read back they are one order.",
            "Делить заказ на несколько документов по ставке НДС (vat) или по складу (warehouse); обратно они один заказ.",
        ),
    ] = ""
    delivery_line: Annotated[
        str,
        Meta(min_length=1),
        said(
            "Id of the line delivery stands in; 1C may keep a service of its own for it.",
            "Ид строки доставки; в 1С это может быть своя услуга.",
        ),
    ] = DELIVERY
    delivery_vat: Annotated[
        str,
        said(
            "VAT rate of delivery where the order names none: 22, 10, … or none; empty writes no rate.",
            "Ставка НДС доставки, если в заказе её нет: 22, 10, … или none (без НДС); пусто — не писать.",
        ),
    ] = ""
    locations: Annotated[
        dict[str, str],
        said(
            "Code of a location → city, for orders that name only the code.",
            "Код местоположения → город, если в заказе только код.",
        ),
    ] = {}
    buyer_comment: Annotated[
        Literal["requisite", "comment"],
        said(
            "Where the buyer's comment goes: the requisite «Комментарии покупателя», or «Комментарий», where the "
            "managers' stands else.",
            "Куда писать комментарий покупателя: requisite — в реквизит «Комментарии покупателя», comment — в "
            "«Комментарий», где иначе комментарий менеджеров.",
        ),
    ] = "requisite"
    deleted: Annotated[
        Literal["cancel", "gone"],
        said(
            "What a deletion mark on an order in 1C means: it is cancelled, or it is there no more.",
            "Что значит пометка удаления заказа в 1С: cancel — заказ отменён, gone — его там больше нет.",
        ),
    ] = "cancel"

    def __post_init__(self) -> None:
        """Refuse a rate that is none, and fields nobody knows."""
        if self.delivery_vat:
            try:
                vat_rate(self.delivery_vat)
            except BadValue as exc:
                raise ConfigError(
                    "onec.settings.delivery_vat",
                    f"order.delivery_vat: {exc}.",
                    f"order.delivery_vat: «{self.delivery_vat}» не ставка НДС; пишите 22, 10, 0 или none.",
                ) from exc
        for field in self.fields:
            family, _, member = field.partition(".")
            if field not in FIELDS and not (family in {"source", "properties"} and member):
                known = ", ".join((*FIELDS, "source.*", "properties.*"))
                raise ConfigError(
                    "onec.settings.field",
                    f"order.fields: an order has no field «{field}» to write so; known: {known}.",
                    f"order.fields: у заказа нет поля «{field}» для реквизита; есть: {known}.",
                )
