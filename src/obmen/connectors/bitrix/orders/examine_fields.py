"""What orders rest on besides their statuses and payments: deliveries, properties, places, payer types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command, Rest
from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.orders.settings import USUAL_PROPERTIES, OrderSettings
from obmen.connectors.contract import Finding


async def deliveries(rest: Rest, settings: OrderSettings, *, connection: str) -> Iterable[Finding]:
    """Look at the delivery services the settings name."""
    (reply,) = await rest.read([Command("sale.delivery.getlist", {})])
    own = {str(wire.whole(row.get("ID"))): wire.text(row.get("NAME")) or "" for row in reply.rows}
    live = {str(wire.whole(row.get("ID"))) for row in reply.rows if row.get("ACTIVE") != "N"}
    return [
        *unknown("delivery", settings.deliveries, own, en="delivery service", ru="службы доставки"),
        *_shared(settings.deliveries),
        *_nameless(connection, settings.deliveries, {code: own[code] for code in own if code in live}),
    ]


def _nameless(connection: str, table: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Finding]:
    """Name the services in use that the others would see as a bare number."""
    left = [code for code in live if code not in table]
    if left:
        yield Finding(
            ok=False,
            warning=True,
            code="bitrix.orders.delivery_unnamed",
            en=f"Delivery services without a code: {listed(left, live)}. In 1C and the CRM they are bare numbers; name "
            f"each: obmen mapping set {connection} delivery_type {left[0]} VALUE",
            ru=f"Службы доставки без названия: {listed(left, live)}. В 1С и CRM придёт только номер; назовите каждую: "
            f"obmen mapping set {connection} delivery_type {left[0]} ЗНАЧЕНИЕ",
        )


def _shared(table: Mapping[str, str]) -> Iterator[Finding]:
    """Name codes of ours that two ids have: on the way back the first is chosen."""
    for ours in sorted({code for code in table.values() if list(table.values()).count(code) > 1}):
        ids = ", ".join(code for code, known in table.items() if known == ours)
        yield Finding(
            ok=False,
            warning=True,
            code="bitrix.orders.delivery_shared",
            en=f"«{ours}» stands for several: {ids}. Orders made by the hub get the first of them; tell them apart.",
            ru=f"«{ours}» стоит сразу у нескольких: {ids}. Заказы, созданные обменом, получат первую; разведите их.",
        )


async def properties(rest: Rest, settings: OrderSettings) -> Iterable[Finding]:
    """Look at the order properties the settings name, and whether a buyer can be reached."""
    (reply,) = await rest.read([Command("sale.property.list", {"order": {"id": "asc"}})])
    live = [row for row in reply.rows if row.get("active") != "N"]
    own = {code: wire.text(row.get("name")) or "" for row in live if (code := wire.text(row.get("code")))}
    asked = [code for code in settings.properties if code not in USUAL_PROPERTIES]
    found = [*unknown("property", asked, own, en="order property", ru="свойства заказа")]
    for place, en, ru in (
        ("contact.phone", "phone", "телефон"),
        ("contact.email", "e-mail", "почту"),
    ):
        if not any(known == place and code in own for code, known in settings.properties.items()):
            found.append(
                Finding(
                    ok=False,
                    warning=True,
                    code="bitrix.orders.contact",
                    en=f"No order property holds the buyer's {en}: name its code in orders.properties as {place}. "
                    f"The shop has {listed(own, own)}.",
                    ru=f"Ни одно свойство заказа не хранит {ru} покупателя: укажите его код в orders.properties "
                    f"как {place}. В магазине есть {listed(own, own)}.",
                )
            )
    left = [code for code in own if code not in settings.properties]
    if left:
        found.append(
            Finding(
                ok=True,
                code="bitrix.orders.property_left",
                en=f"Order properties that stay in the shop: {listed(left, own)}.",
                ru=f"Свойства заказа, которые остаются в магазине: {listed(left, own)}.",
            )
        )
    return found


async def known_locations(rest: Rest, settings: OrderSettings, *, locations: Locations) -> Iterable[Finding]:
    """Look whether the codes of the latest orders have names."""
    codes = [code for code, place in settings.properties.items() if place == "address.location"]
    if not codes:
        return []
    reply = await rest.call("sale.propertyvalue.list", {"filter": {"@code": codes}, "order": {"id": "desc"}})
    seen = [wire.text(row.get("value")) for row in reply.rows if row.get("code") in codes]
    nameless = sorted({code for code in seen if code and locations.find(code) is None})
    if not nameless:
        return []
    shown = ", ".join(nameless[:10]) + (f" … ({len(nameless)})" if len(nameless) > 10 else "")
    return [
        Finding(
            ok=False,
            warning=True,
            code="bitrix.orders.location",
            en=f"Locations of the latest orders that have no name here: {shown}. Addresses show the code; put the shop's "
            "export of locations into orders.locations_file.",
            ru=f"Местоположения последних заказов без названия: {shown}. В адресах виден код; укажите выгрузку "
            "местоположений магазина в orders.locations_file.",
        )
    ]


async def people(rest: Rest, settings: OrderSettings) -> Iterable[Finding]:
    """Look at the payer types."""
    (reply,) = await rest.read([Command("sale.persontype.list", {"order": {"id": "asc"}})])
    own = {
        str(wire.whole(row.get("id"))): wire.text(row.get("name")) or ""
        for row in reply.rows
        if row.get("active") != "N"
    }
    told = (("person_type", str(settings.person_type)), ("company_type", str(settings.company_type)))
    found = [
        Finding(
            ok=False,
            code="bitrix.orders.person_type",
            en=f"orders.{name} = {code}: the shop has no payer type {code}. It has {listed(own, own)}.",
            ru=f"orders.{name} = {code}: типа плательщика {code} в магазине нет. Есть {listed(own, own)}.",
        )
        for name, code in told
        if code not in own
    ]
    others = listed((code for code in own if code not in {code for _, code in told}), own)
    if others:
        found.append(
            Finding(
                ok=False,
                warning=True,
                code="bitrix.orders.person_type_unmapped",
                en=f"Payer types besides those two: {others}. Their buyers count as persons.",
                ru=f"Есть ещё типы плательщиков: {others}. Их покупатели считаются физическими лицами.",
            )
        )
    return found


def unknown(
    kind: str, asked: Iterable[str], own: Mapping[str, str], *, en: str, ru: str
) -> Iterator[Finding]:
    """Name the codes of a table that the shop does not have, with those it has."""
    setting = {"status": "statuses", "pay_system": "pay_systems", "delivery": "deliveries"}.get(
        kind, "properties"
    )
    for code in asked:
        if code not in own:
            known = listed(own, own) or "—"
            yield Finding(
                ok=False,
                code=f"bitrix.orders.{kind}_unknown",
                en=f"orders.{setting}.{code}: the shop has no {en} {code}. It has {known}. Mend or remove the line.",
                ru=f"orders.{setting}.{code}: {ru} {code} в магазине нет. Есть {known}. Исправьте или уберите строку.",
            )


def listed(codes: Iterable[str], own: Mapping[str, str]) -> str:
    """Return codes with the names people know."""
    return ", ".join(f"{code} «{own[code]}»" if own.get(code) else code for code in codes)
