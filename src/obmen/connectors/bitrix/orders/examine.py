"""What orders rest on, looked at in the shop: rights, statuses, payments, deliveries, properties, payer types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command, Rest
from obmen.connectors.bitrix.orders.examine_fields import (
    deliveries,
    known_locations,
    listed,
    people,
    properties,
    unknown,
)
from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.orders.settings import OrderSettings, PaySystem
from obmen.connectors.contract import Finding
from obmen.errors import ObmenError

SCOPES = ("sale", "delivery", "pay_system")
METHODS = (
    "sale.order.list",
    "sale.order.get",
    "sale.order.add",
    "sale.order.update",
    "sale.basketitem.add",
    "sale.basketitem.update",
    "sale.basketitem.delete",
    "sale.propertyvalue.modify",
    "sale.payment.add",
    "sale.payment.update",
    "sale.shipment.add",
    "sale.shipment.update",
    "sale.shipmentitem.add",
    "sale.shipmentitem.update",
)
_PRINTS = {
    "shop": ("the shop prints the receipt", "чек пробивает магазин"),
    "bank": ("the bank prints the receipt", "чек пробивает банк"),
    "none": ("nobody prints a receipt at this mark", "при отметке чек никто не пробивает"),
    "unsaid": ("it is not said who prints the receipt", "не сказано, кто пробивает чек"),
}


async def examine_orders(
    rest: Rest,
    settings: OrderSettings,
    locations: Locations,
    *,
    connection: str,
    scopes: Collection[str],
    methods: Collection[str],
) -> list[Finding]:
    """Look at everything the order settings name; nothing is written. `methods` in lower case."""
    found = [_scopes(scopes)]
    absent = [name for name in METHODS if name.lower() not in methods]
    if "sale" not in scopes:
        return found
    if absent:
        found.append(
            Finding(
                ok=False,
                code="bitrix.orders.methods",
                en=f"The shop lacks {', '.join(absent)}: update the module `sale`.",
                ru=f"В магазине нет {', '.join(absent)}: обновите модуль `sale`.",
            )
        )
    looks = (
        ("sale", partial(_statuses, connection=connection)),
        ("sale", people),
        ("sale", properties),
        ("sale", partial(known_locations, locations=locations)),
        ("delivery", partial(deliveries, connection=connection)),
        ("pay_system", partial(_payments, connection=connection)),
    )
    for scope, look in looks:
        if scope in scopes:
            try:
                found += await look(rest, settings)
            except ObmenError as exc:
                found.append(Finding(ok=False, code="bitrix.orders.refused", en=exc.en, ru=exc.ru))
    if settings.events is not None:
        found.append(
            Finding(
                ok=True,
                code="bitrix.orders.events",
                en="Events of the shop wake the reading of orders; polling finds what they lose.",
                ru="События магазина будят чтение заказов; потерянные находит опрос.",
            )
        )
    return found


def _scopes(held: Collection[str]) -> Finding:
    absent = [f"`{name}`" for name in SCOPES if name not in held]
    if not absent:
        return Finding(
            ok=True,
            code="bitrix.orders.scope",
            en="The webhook has the scopes of orders.",
            ru="У вебхука есть права на заказы.",
        )
    shown = ", ".join(absent)
    return Finding(
        ok=False,
        code="bitrix.orders.scope",
        en=f"Orders need more of the webhook: {shown}. Tick them in its settings.",
        ru=f"Для заказов вебхуку не хватает прав: {shown}. Отметьте их в его настройках.",
    )


# --- statuses ---------------------------------------------------------------------------------------------------------


async def _statuses(rest: Rest, settings: OrderSettings, *, connection: str) -> Iterable[Finding]:
    rows, texts = await rest.read(
        [
            Command("sale.status.list", {"order": {"sort": "asc"}}),
            Command("sale.statusLang.list", {"filter": {"lid": "ru"}}),
        ]
    )
    titles = {str(row.get("statusId")): wire.text(row.get("name")) or "" for row in texts.rows}
    own = {
        code: titles.get(code, "")
        for row in rows.rows
        if row.get("type") != "D" and (code := wire.text(row.get("id")))
    }
    found = [*unknown("status", settings.statuses, own, en="status", ru="статуса")]
    left = [code for code in own if code not in settings.statuses]
    if left:
        found.append(
            Finding(
                ok=False,
                warning=True,
                code="bitrix.orders.status_unmapped",
                en=f"Statuses nobody mapped: {listed(left, own)}. Orders in them wait; say the stage of each: "
                f"obmen mapping set {connection} order_status {left[0]} VALUE",
                ru=f"Статусы без соответствия: {listed(left, own)}. Заказы в них ждут; задайте стадию каждого: "
                f"obmen mapping set {connection} order_status {left[0]} ЗНАЧЕНИЕ",
            )
        )
    return found or [
        Finding(
            ok=True,
            code="bitrix.orders.status",
            en=f"All {len(own)} statuses have a stage.",
            ru=f"У всех статусов ({len(own)}) есть стадия.",
        )
    ]


# --- payments ---------------------------------------------------------------------------------------------------------


async def _payments(rest: Rest, settings: OrderSettings, *, connection: str) -> Iterable[Finding]:
    (reply,) = await rest.read([Command("sale.paysystem.list", {})])
    rows = {str(wire.whole(row.get("ID"))): row for row in reply.rows}
    own = {code: wire.text(row.get("NAME")) or "" for code, row in rows.items()}
    live = [code for code, row in rows.items() if row.get("ACTIVE") != "N"]
    found = [*unknown("pay_system", settings.pay_systems, own, en="pay system", ru="платёжной системы")]
    left = [code for code in live if code not in settings.pay_systems]
    if left:
        found.append(
            Finding(
                ok=False,
                warning=True,
                code="bitrix.orders.pay_system_unmapped",
                en=f"Pay systems nobody mapped: {listed(left, own)}. Their payments wait; say what each is: "
                f"obmen mapping set {connection} payment_type {left[0]} VALUE",
                ru=f"Платёжные системы без соответствия: {listed(left, own)}. Их оплаты ждут; скажите о каждой, что это: "
                f"obmen mapping set {connection} payment_type {left[0]} ЗНАЧЕНИЕ",
            )
        )
    for code, known in settings.pay_systems.items():
        if code in rows:
            found.append(_receipt(code, own[code], known, rows[code].get("CAN_PRINT_CHECK")))
    return found


def _receipt(code: str, name: str, known: PaySystem, prints: object) -> Finding:
    """Say who prints the receipt of a pay system, and whether the shop's own setting agrees."""
    en, ru = _PRINTS[known.receipts]
    named = f"«{name}» ({code})"
    if not known.prints_receipts and prints == "Y":
        return Finding(
            ok=False,
            warning=True,
            code="bitrix.orders.receipt",
            en=f"{named}: the shop prints a receipt as soon as it is paid, but receipts = {known.receipts} lets payments of "
            f"1C mark it so. Set orders.pay_systems.{code}.receipts = shop, or switch receipts off for it in the shop.",
            ru=f"{named}: магазин пробивает чек при отметке об оплате, а receipts = {known.receipts} разрешает ставить её по "
            f"оплатам из 1С. Задайте orders.pay_systems.{code}.receipts = shop или отключите чеки в магазине.",
        )
    if known.receipts == "shop" and prints == "N":
        return Finding(
            ok=False,
            warning=True,
            code="bitrix.orders.receipt",
            en=f"{named}: receipts = shop, but the shop prints none for it: payments of 1C are not written for nothing. "
            "Switch receipts on in the shop, or set receipts = none.",
            ru=f"{named}: receipts = shop, но магазин чеков по ней не пробивает: оплаты из 1С не пишутся зря. "
            "Включите чеки в магазине или задайте receipts = none.",
        )
    never = known.prints_receipts
    return Finding(
        ok=True,
        code="bitrix.orders.receipt",
        en=f"{named}: {en}"
        + ("; payments and refunds made elsewhere are not written here." if never else "."),
        ru=f"{named}: {ru}" + ("; оплаты и возвраты из других систем сюда не пишутся." if never else "."),
    )
