"""Everything a connection rests on, looked at one by one, with what to do where it does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from obmen.connectors.bitrix.client import Reply, Rest
from obmen.connectors.bitrix.connector.dictionaries import load_shop
from obmen.connectors.bitrix.door_client import DoorClient
from obmen.connectors.bitrix.mapping.shop import Shop, characteristic_properties, named_properties
from obmen.connectors.bitrix.orders.examine import examine_orders
from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.contract import Finding
from obmen.errors import ObmenError
from obmen.model.values import VAT_RATES

_METHODS = (
    "catalog.product.list",
    "catalog.product.add",
    "catalog.product.update",
    "catalog.product.sku.update",
    "catalog.product.offer.add",
    "catalog.product.offer.update",
    "catalog.section.list",
    "catalog.section.add",
    "catalog.price.list",
    "catalog.price.add",
    "catalog.productImage.add",
    "catalog.productProperty.list",
)
_OLD_RATES = ("20", "18")


async def check_shop(
    *,
    name: str,
    rest: Rest,
    door: DoorClient | None,
    settings: Settings,
    host: str,
    locations: Locations,
) -> Sequence[Finding]:
    """Look at address, rights, methods, infoblocks, properties, prices, rates, stores, the exchange door and orders."""
    findings = list(_address(settings, host))
    try:
        scope = await rest.call("scope")
        methods = await rest.call("methods")
    except ObmenError as exc:
        return [*findings, _failed("bitrix.rest", exc)]
    findings.append(_has_scope(scope))
    findings.append(_has_methods(methods))
    try:
        shop = await load_shop(rest, settings)
    except ObmenError as exc:
        return [*findings, _failed("bitrix.catalogue", exc)]
    findings += _catalogue(shop, settings)
    if door is not None:
        findings.append(await _door(door))
    if settings.orders is not None:
        findings += await examine_orders(
            rest,
            settings.orders,
            locations,
            connection=name,
            scopes={str(item) for item in _listed(scope)},
            methods={str(item).lower() for item in _listed(methods)},
        )
    return findings


def _address(settings: Settings, host: str) -> Iterator[Finding]:
    secure = urlsplit(settings.url).scheme == "https"
    yield Finding(
        ok=secure,
        warning=True,
        code="bitrix.https",
        en="The address is https." if secure else "The address is http: fine for tests, a shop refuses it.",
        ru="Адрес по https." if secure else "Адрес по http: годится для проб, магазин его отвергает.",
    )
    if settings.host:
        same = settings.host == host
        yield Finding(
            ok=same,
            code="bitrix.host",
            en=f"The shop is {host}."
            if same
            else f"`url` leads to {host}, not to {settings.host}: no writes.",
            ru=f"Магазин — {host}."
            if same
            else f"`url` ведёт на {host}, а не на {settings.host}: записи нет.",
        )


def _has_scope(reply: Reply) -> Finding:
    held = {str(item) for item in _listed(reply)}
    ok = "catalog" in held
    return Finding(
        ok=ok,
        code="bitrix.scope",
        en="The webhook has the scope `catalog`."
        if ok
        else "The webhook lacks the scope `catalog`: tick it.",
        ru="У вебхука есть право `catalog`." if ok else "У вебхука нет права `catalog`: отметьте его.",
    )


def _has_methods(reply: Reply) -> Finding:
    held = {str(item).lower() for item in _listed(reply)}
    absent = [name for name in _METHODS if name.lower() not in held]
    shown = ", ".join(absent)
    return Finding(
        ok=not absent,
        code="bitrix.methods",
        en=f"The shop lacks {shown}: update the modules `catalog` and `rest`; editions without a shop have none."
        if absent
        else "All methods are there.",
        ru=f"В магазине нет {shown}: обновите модули `catalog` и `rest`; в редакциях без магазина их нет."
        if absent
        else "Все методы на месте.",
    )


def _catalogue(shop: Shop, settings: Settings) -> Iterator[Finding]:
    offers = shop.offers
    yield Finding(
        ok=offers is not None,
        warning=True,
        code="bitrix.iblocks",
        en=f"Products are in infoblock {shop.catalog}, offers in {offers}."
        if offers
        else f"Products are in infoblock {shop.catalog}; without one of offers, variants cannot be sold.",
        ru=f"Товары в инфоблоке {shop.catalog}, предложения в {offers}."
        if offers
        else f"Товары в инфоблоке {shop.catalog}; без инфоблока предложений варианты не продать.",
    )
    yield from _properties(shop, settings)
    yield from _prices(shop, settings)
    rates = [rate for rate in VAT_RATES if rate not in shop.vats and rate not in _OLD_RATES]
    yield Finding(
        ok=not rates,
        warning=True,
        code="bitrix.vat",
        en=f"VAT rates missing in the shop: {', '.join(rates)}. Goods with them will wait."
        if rates
        else "All VAT rates in force are there.",
        ru=f"В магазине нет ставок НДС: {', '.join(rates)}. Товары с ними будут ждать."
        if rates
        else "Все действующие ставки НДС есть.",
    )
    yield from _stock(shop, settings)


def _properties(shop: Shop, settings: Settings) -> Iterator[Finding]:
    for entity, iblock in (("product", shop.catalog), ("offer", shop.offers)):
        absent = [
            f"{atom} ({named})"
            for atom, named in named_properties(settings, entity)
            if iblock and named and shop.property_of(iblock, named) is None
        ]
        if absent:
            shown = ", ".join(absent)
            yield Finding(
                ok=False,
                warning=True,
                code="bitrix.properties",
                en=f"Infoblock {iblock} has no properties for {shown}: these fields are left out.",
                ru=f"В инфоблоке {iblock} нет свойств для {shown}: эти поля не передаются.",
            )
    gallery = shop.property_of(shop.catalog, "MORE_PHOTO")
    ok = gallery is not None and gallery.kind == "F" and gallery.multiple
    yield Finding(
        ok=ok,
        warning=True,
        code="bitrix.pictures",
        en="Pictures go into MORE_PHOTO; keep original file names in the settings of the main module."
        if ok
        else "There is no multiple file property MORE_PHOTO: pictures cannot be written.",
        ru="Картинки идут в MORE_PHOTO; в настройках главного модуля включите сохранение исходных имён файлов."
        if ok
        else "Нет множественного свойства-файла MORE_PHOTO: картинки не записать.",
    )
    attributes = shop.property_of(shop.offers, settings.attributes_property)
    if shop.offers and attributes is None and not characteristic_properties(settings, shop):
        yield Finding(
            ok=False,
            warning=True,
            code="bitrix.characteristics",
            en=f"Offers have no {settings.attributes_property}: what makes variants differ is not shown.",
            ru=f"У предложений нет {settings.attributes_property}: чем отличаются варианты, не видно.",
        )


def _prices(shop: Shop, settings: Settings) -> Iterator[Finding]:
    known = ", ".join(f"{kind} {name}" for kind, name in shop.price_types.items())
    for key, kind in settings.prices.items():
        ok = kind in shop.price_types
        yield Finding(
            ok=ok,
            code="bitrix.price_type",
            en=f"prices.{key} goes to «{shop.price_types[kind]}»."
            if ok
            else f"prices.{key}: the shop has no price type {kind}; known: {known}.",
            ru=f"prices.{key} идёт в «{shop.price_types[kind]}»."
            if ok
            else f"prices.{key}: в магазине нет типа цены {kind}; есть: {known}.",
        )
    if len(shop.price_types) == 1:
        yield Finding(
            ok=True,
            code="bitrix.edition",
            en="One price type: as in the edition «Малый бизнес», which has one price and one store.",
            ru="Один тип цены: так в редакции «Малый бизнес», где одна цена и один склад.",
        )


def _stock(shop: Shop, settings: Settings) -> Iterator[Finding]:
    for key, named in settings.stores.items():
        store = shop.stores.get(key)
        ok = store is not None and bool(store.xml_id)
        yield Finding(
            ok=ok,
            code="bitrix.store",
            en=f"stock.{key} goes to store {named}."
            if ok
            else f"stock.{key}: the shop has no store {named} with an external code; give it one.",
            ru=f"stock.{key} идёт на склад {named}."
            if ok
            else f"stock.{key}: в магазине нет склада {named} с внешним кодом; задайте его.",
        )
    if shop.inventory and not settings.uses_door:
        yield Finding(
            ok=False,
            code="bitrix.inventory",
            en="Inventory control is on: REST may not write stock. Set exchange_login, or switch the control off.",
            ru="Включён складской учёт: REST остатки не пишет. Задайте exchange_login или выключите учёт.",
        )
    elif settings.stores and not settings.uses_door:
        yield Finding(
            ok=False,
            code="bitrix.stores",
            en="Stock by store goes only by the exchange door: set exchange_login and exchange_password.",
            ru="Остатки по складам идут только через обмен: задайте exchange_login и exchange_password.",
        )
    else:
        yield Finding(
            ok=True,
            code="bitrix.stock",
            en="Stock is written by the exchange door."
            if settings.uses_door
            else "Stock is written by REST.",
            ru="Остатки пишутся через обмен." if settings.uses_door else "Остатки пишутся по REST.",
        )


async def _door(door: DoorClient) -> Finding:
    try:
        await door.checkauth()
    except ObmenError as exc:
        return _failed("bitrix.door", exc)
    return Finding(
        ok=True, code="bitrix.door", en="The exchange door lets us in.", ru="Обмен с 1С нас пускает."
    )


def _failed(code: str, error: ObmenError) -> Finding:
    return Finding(ok=False, code=code, en=error.en, ru=error.ru)


def _listed(reply: Reply) -> list[object]:
    found = reply.result
    return list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
