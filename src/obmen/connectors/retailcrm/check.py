"""Everything a connection rests on, looked at one by one, with what to do where it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from obmen.connectors.contract import Finding
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account, Wanted, ask
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.neighbours import beside
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.settings import Settings
from obmen.errors import ObmenError

SCOPES = ("order_read", "order_write", "customer_read", "customer_write", "store_read", "reference_read")
_BOOKS = {
    "sites": "sites",
    "statuses": "statuses",
    "delivery-types": "deliveryTypes",
    "payment-types": "paymentTypes",
    "payment-statuses": "paymentStatuses",
    "order-types": "orderTypes",
    "order-methods": "orderMethods",
    "price-types": "priceTypes",
    "stores": "stores",
}

Books = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Named(NamedTuple):
    """Codes of one dictionary that the settings name."""

    setting: str
    book: str
    codes: Sequence[str]
    en: str
    ru: str


async def check_account(
    api: Api, settings: Settings, *, name: str, now: Callable[[], float]
) -> Sequence[Finding]:
    """Look at the address, the rights of the key, the time zone, every code the settings name, and who else writes."""
    findings = [_address(settings)]
    try:
        rights = await api.get("credentials", root="/api/")
    except ObmenError as exc:
        return [*findings, _failed("retailcrm.key", exc)]
    findings += _rights(rights, settings)
    if not findings[-1].ok or not all(one.ok for one in findings[1:]):
        return findings
    orders = settings.orders or OrderSettings()
    try:
        account = await ask(api, Wanted(staff=orders.by_email))
        books = {
            book: {
                str(each.get("code")): each
                for each in wire.rows((await api.get(f"reference/{book}")).get(key))
            }
            for book, key in _BOOKS.items()
        }
    except ObmenError as exc:
        return [*findings, _failed("retailcrm.references", exc)]
    findings.append(
        Finding(
            ok=True,
            code="retailcrm.time_zone",
            en=f"Moments are in the account's time, {account.zone}.",
            ru=f"Время в аккаунте: {account.zone}.",
        )
    )
    for named in _named(settings, orders):
        findings += _codes(named, books[named.book])
    findings += _meanings(name, orders, books)
    findings += _managers(account, orders)
    findings += _modules(account.carriers, account.acquirers, orders)
    findings += [*_catalogues(settings, books["sites"])]
    findings.append(await _offers(api, settings))
    if orders.fields:
        findings += await _fields(api, "order", orders.fields, "Order", "заказа")
    if settings.customers is not None and settings.customers.fields:
        findings += await _fields(api, "customer", settings.customers.fields, "Customer", "клиента")
    findings += await beside(api, settings, orders, zone=account.zone, now=now())
    return findings


def _address(settings: Settings) -> Finding:
    secure = urlsplit(settings.url).scheme == "https"
    return Finding(
        ok=secure,
        warning=True,
        code="retailcrm.https",
        en="The address is https."
        if secure
        else "The address is http: fine for tests, RetailCRM refuses it.",
        ru="Адрес по https." if secure else "Адрес по http: годится для проб, RetailCRM его отвергает.",
    )


def _rights(rights: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    held = {str(scope) for scope in rights.get("scopes") or ()}
    needed = [*SCOPES]
    mapped = (settings.orders and settings.orders.fields) or (
        settings.customers and settings.customers.fields
    )
    needed += ["custom_fields_read"] if mapped else []
    needed += ["user_read"] if settings.orders and settings.orders.by_email else []
    needed += ["store_write"] if settings.prices or settings.counts_stock else []
    absent = ", ".join(scope for scope in needed if scope not in held)
    yield Finding(
        ok=not absent,
        code="retailcrm.scopes",
        en=f"The key lacks {absent}: tick them at the key, Settings → Integration → API access."
        if absent
        else "The key has all the rights it needs.",
        ru=f"Ключу не хватает прав {absent}: отметьте их у ключа, Настройки → Интеграция → Ключи доступа к API."
        if absent
        else "У ключа есть все нужные права.",
    )
    if rights.get("siteAccess") == "access_selective":
        seen = {str(site) for site in rights.get("sitesAvailable") or ()}
        hidden = ", ".join(sorted(settings.shops() - seen))
        yield Finding(
            ok=not hidden,
            code="retailcrm.sites",
            en=f"The key does not see the shops {hidden}: give it access to them."
            if hidden
            else "The key sees all the shops named.",
            ru=f"Ключ не видит магазины {hidden}: откройте ему доступ к ним."
            if hidden
            else "Ключ видит все названные магазины.",
        )


def _named(settings: Settings, orders: OrderSettings) -> tuple[Named, ...]:
    return (
        Named("site, sites", "sites", sorted(settings.shops()), "shop", "магазина"),
        Named("prices", "price-types", tuple(settings.prices.values()), "price type", "типа цены"),
        Named("stores, available_store", "stores", _stores(settings), "store", "склада"),
        Named("orders.statuses", "statuses", tuple(orders.statuses), "status", "статуса"),
        Named("orders.cancels", "statuses", tuple(orders.cancels), "status", "статуса"),
        Named("orders.payments", "payment-types", tuple(orders.payments), "payment type", "типа оплаты"),
        Named(
            "orders.paid, orders.unpaid",
            "payment-statuses",
            (*orders.paid, orders.unpaid),
            "payment status",
            "статуса оплаты",
        ),
        Named(
            "orders.deliveries", "delivery-types", tuple(orders.deliveries), "delivery type", "типа доставки"
        ),
        Named(
            "orders.person_type, orders.company_type",
            "order-types",
            (orders.person_type, orders.company_type),
            "order type",
            "типа заказа",
        ),
        Named(
            "orders.order_method",
            "order-methods",
            (orders.order_method,),
            "order method",
            "способа оформления",
        ),
    )


def _stores(settings: Settings) -> tuple[str, ...]:
    return (*settings.stores.values(), *filter(None, [settings.available_store]))


def _codes(named: Named, book: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    absent = [code for code in named.codes if code not in book]
    off = [code for code in named.codes if code in book and book[code].get("active") is False]
    known = ", ".join(code for code, entry in book.items() if entry.get("active") is not False)
    for code in absent:
        yield Finding(
            ok=False,
            code="retailcrm.code",
            en=f"{named.setting}: RetailCRM has no {named.en} «{code}»; there are: {known}.",
            ru=f"{named.setting}: в RetailCRM нет {named.ru} «{code}»; есть: {known}.",
        )
    for code in off:
        yield Finding(
            ok=False,
            warning=True,
            code="retailcrm.code_off",
            en=f"{named.setting}: «{code}» is switched off in RetailCRM; it still reads old orders.",
            ru=f"{named.setting}: «{code}» в RetailCRM выключен; старые заказы с ним читаются.",
        )
    if named.codes and not absent:
        yield Finding(
            ok=True,
            code="retailcrm.codes",
            en=f"{named.setting}: every code is there ({len(named.codes)}).",
            ru=f"{named.setting}: все коды на месте ({len(named.codes)}).",
        )


def _meanings(connection: str, orders: OrderSettings, books: Books) -> Iterator[Finding]:
    """Compare what the tables say with what the account itself says of its codes."""
    statuses = books["statuses"]
    for code, entry in statuses.items():
        cancels = entry.get("group") == "cancel"
        named = code in orders.statuses or code in orders.cancels
        if entry.get("active") is not False and not named:
            yield Finding(
                ok=False,
                warning=True,
                code="retailcrm.unmapped_status",
                en=f"The status «{code}» ({entry.get('name')}) means nothing yet, orders that get it will wait: "
                f"obmen mapping set {connection} order_status {code} VALUE",
                ru=f"Статусу «{code}» ({entry.get('name')}) не задано значение, заказы с ним будут ждать: "
                f"obmen mapping set {connection} order_status {code} ЗНАЧЕНИЕ",
            )
        elif named and cancels != (code in orders.cancels):
            yield Finding(
                ok=False,
                code="retailcrm.cancel_group",
                en=f"The status «{code}» is in the group of cancellation there and not here, or the other way round; "
                f"say what it means: obmen mapping set {connection} order_status {code} VALUE",
                ru=f"Статус «{code}» в RetailCRM относится к отмене, а у нас нет, или наоборот; задайте, что он значит: "
                f"obmen mapping set {connection} order_status {code} ЗНАЧЕНИЕ",
            )
    for code, entry in books["payment-statuses"].items():
        if entry.get("active") is not False and bool(entry.get("paymentComplete")) != (code in orders.paid):
            yield Finding(
                ok=False,
                warning=True,
                code="retailcrm.paid",
                en=f"The payment status «{code}»: RetailCRM and orders.paid differ on whether the money has come.",
                ru=f"Статус оплаты «{code}»: RetailCRM и orders.paid расходятся в том, пришли ли деньги.",
            )


def _managers(account: Account, orders: OrderSettings) -> Iterator[Finding]:
    """Look whether managers named by e-mail are there, and still work there."""
    ids = {email: ref for ref, email in account.emails.items()}
    for name in orders.managers:
        ref = ids.get(name.lower())
        if "@" in name and ref not in account.present:
            yield Finding(
                ok=False,
                warning=True,
                code="retailcrm.manager",
                en=f"orders.managers: «{name}» {'has left' if ref else 'is nobody there'}: such orders are left to RetailCRM to "
                "give out.",
                ru=f"orders.managers: «{name}» {'отключён' if ref else 'в RetailCRM нет'}: такие заказы распределит сама "
                "RetailCRM.",
            )


def _modules(carriers: frozenset[str], acquirers: frozenset[str], orders: OrderSettings) -> Iterator[Finding]:
    carried = ", ".join(sorted(carriers & orders.deliveries.keys()))
    if carried:
        yield Finding(
            ok=True,
            code="retailcrm.carriers",
            en=f"{carried}: a module of RetailCRM hands these orders to the carrier; then address and price stay as they are.",
            ru=f"{carried}: такие заказы передаёт в службу модуль RetailCRM; после этого адрес и цену не меняем.",
        )
    acquired = ", ".join(sorted(acquirers & orders.payments.keys()))
    if acquired:
        yield Finding(
            ok=True,
            code="retailcrm.acquirers",
            en=f"{acquired}: a payment module of RetailCRM says what is paid; we never write that.",
            ru=f"{acquired}: об оплате говорит платёжный модуль RetailCRM; мы этого не пишем.",
        )


def _catalogues(settings: Settings, sites: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Look at what each shop loads its goods from and in which currency it sells."""
    for code in sorted(settings.shops() & sites.keys()):
        site = sites[code]
        currency, url = wire.text(site.get("currency")), wire.text(site.get("ymlUrl")) or ""
        if settings.prices and currency not in {None, settings.currency}:
            yield Finding(
                ok=False,
                code="retailcrm.currency",
                en=f"The shop «{code}» sells in {currency}, the prices are in {settings.currency}: mend `currency`, or give "
                "that shop a connection of its own.",
                ru=f"Магазин «{code}» торгует в {currency}, а цены в {settings.currency}: исправьте `currency` или заведите "
                "для него отдельное подключение.",
            )
        if settings.feed is not None and not url.endswith(settings.feed.path):
            yield Finding(
                ok=False,
                warning=True,
                code="retailcrm.feed_url",
                en=f"The shop «{code}» does not load the hub's feed: put its address into the shop's catalogue, «ICML».",
                ru=f"Магазин «{code}» загружает не тот каталог, что пишет обмен: впишите адрес в каталог магазина, «ICML».",
            )


async def _offers(api: Api, settings: Settings) -> Finding:
    """Look whether goods bear the code they are to be known by."""
    asked = {"filter": {"sites": sorted(settings.shops())}, "limit": 20, "page": 1}
    try:
        rows = wire.rows((await api.get("store/offers", asked)).get("offers"))
    except ObmenError as exc:
        return _failed("retailcrm.offers", exc)
    named = sum(wire.text(row.get(settings.offers_by)) is not None for row in rows)
    ok = bool(rows) and named == len(rows)
    if not rows:
        en = "There are no goods yet: orders wait until a feed has brought them."
        ru = "Товаров ещё нет: заказы будут ждать, пока их принесёт каталог."
    elif ok:
        en, ru = f"Goods bear their {settings.offers_by}.", f"У товаров есть {settings.offers_by}."
    else:
        en = f"{len(rows) - named} of {len(rows)} goods looked at have no {settings.offers_by}: they cannot be recognised."
        ru = f"Из {len(rows)} просмотренных товаров без {settings.offers_by} — {len(rows) - named}: их не узнать."
    return Finding(ok=ok, warning=True, code="retailcrm.offers", en=en, ru=ru)


async def _fields(api: Api, entity: str, places: Mapping[str, str], en: str, ru: str) -> list[Finding]:
    try:
        rows = await api.pages("custom-fields", "customFields", {"filter": {"entity": entity}})
    except ObmenError as exc:
        return [_failed("retailcrm.fields", exc)]
    book = {str(row.get("code")): row for row in rows}
    named = Named(f"{entity}s.fields", "", tuple(places), "custom field", "пользовательского поля")
    goes = ", ".join(
        f"{place} → {code} ({book[code].get('type')})" for code, place in places.items() if code in book
    )
    told = Finding(
        ok=True,
        code="retailcrm.field_types",
        en=f"{en} properties go by type: {goes}.",
        ru=f"Свойства {ru} идут по типу поля: {goes}.",
    )
    return [*_codes(named, book), *([told] if goes else [])]


def _failed(code: str, error: ObmenError) -> Finding:
    return Finding(ok=False, code=code, en=error.en, ru=error.ru)
