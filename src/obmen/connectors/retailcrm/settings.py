"""What a connection to a RetailCRM account is set up with."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from obmen.connectors.network import AnswerTimeout, CaFile, ConnectTimeout, Positive, Proxy
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.feed.settings import SHORTEST_SECRET, FeedSettings
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.errors import ConfigError
from obmen.setting import said


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one account."""

    url: Annotated[
        str,
        said(
            "Address of the account, like https://name.retailcrm.ru.",
            "Адрес аккаунта, например https://name.retailcrm.ru.",
        ),
    ]
    api_key: Annotated[
        str,
        Meta(min_length=1),
        said(
            "API key: one for the whole exchange, else its parts would see each other as strangers.",
            "Ключ API: один на весь обмен, иначе его части примут друг друга за чужих.",
            secret=True,
        ),
    ]
    site: Annotated[
        str,
        said(
            "Code of the shop in RetailCRM for whatever `sites` does not name.",
            "Код магазина в RetailCRM для всего, что не названо в `sites`.",
        ),
    ] = "main"
    sites: Annotated[
        dict[str, str],
        said(
            "Site of an order → code of the shop in RetailCRM: s1 = «main». Orders of other shops are left alone.",
            "Сайт заказа → код магазина в RetailCRM: s1 = «main». Заказы других магазинов не трогаем.",
        ),
    ] = {}
    offers_by: Annotated[
        Literal["externalId", "xmlId"],
        said(
            "Which code of an offer tells it: externalId (id in the shop) or xmlId (id in 1C).",
            "По какому коду узнавать товар: externalId (ID в магазине) или xmlId (ID в 1С).",
        ),
    ] = "externalId"
    prices: Annotated[
        dict[str, str],
        said(
            "Our price type → price type of RetailCRM; what is not named stays as the feed says.",
            "Наш тип цены → тип цены в RetailCRM; что не названо, остаётся как в выгрузке каталога.",
        ),
    ] = {}
    stores: Annotated[
        dict[str, str],
        said(
            "Our warehouse → store of RetailCRM; then the feed must not bring stock.",
            "Наш склад → склад в RetailCRM; тогда остатков в выгрузке каталога быть не должно.",
        ),
    ] = {}
    available_store: Annotated[
        str,
        said(
            "Store of RetailCRM for what may be sold, where stock by warehouse is not wanted.",
            "Склад в RetailCRM, куда писать «сколько можно продать», если остатки по складам не нужны.",
        ),
    ] = ""
    currency: Annotated[str, said("Currency of prices.", "Валюта цен.")] = "RUB"
    orders: Annotated[
        OrderSettings | None,
        said("Orders of this account, below.", "Заказы этого аккаунта, см. ниже."),
    ] = None
    customers: Annotated[
        CustomerSettings | None,
        said(
            "Customers as cards of their own, below; empty: only with the orders they bring.",
            "Клиенты как отдельные карточки, см. ниже; пусто — только вместе с заказами.",
        ),
    ] = None
    feed: Annotated[
        FeedSettings | None,
        said(
            "The catalogue feed, below; empty: another program makes it.",
            "Каталог для загрузки, см. ниже; пусто — его делает другая программа.",
        ),
    ] = None
    hook: Annotated[
        str,
        said(
            "Secret path triggers call, like /hooks/retailcrm/<16 characters or more>; empty: none does.",
            "Секретный путь для триггеров, вида /hooks/retailcrm/<16 знаков или больше>; пусто — триггеров нет.",
            secret=True,
        ),
    ] = ""
    allow_from: Annotated[
        tuple[str, ...],
        said(
            "Addresses and networks triggers may call from; empty: any.",
            "Адреса и подсети, с которых вызывают триггеры; пусто — с любых.",
        ),
    ] = ()

    proxy: Proxy = ""
    ca_file: CaFile = ""
    connect_timeout_s: ConnectTimeout = 10.0
    timeout_s: AnswerTimeout = 60.0
    visible_after_s: Annotated[
        Positive,
        said(
            "Seconds in which an unanswered write may still land.",
            "Сколько секунд запись без ответа ещё может дойти.",
        ),
    ] = 60.0
    rate_per_s: Annotated[
        Positive,
        said(
            "Requests per second; the vendor allows ten for each key.",
            "Запросов в секунду; вендор разрешает десять на ключ.",
        ),
    ] = 8.0
    parallel: Annotated[
        int,
        Meta(ge=1),
        said(
            "Requests that may leave one right after another before `rate_per_s` spaces them; how many are under way at once "
            "follows from `packs`.",
            "Сколько запросов можно послать подряд, прежде чем `rate_per_s` их разредит; сколько их идёт одновременно, "
            "зависит от `packs`.",
        ),
    ] = 2
    packs: Annotated[
        int,
        Meta(ge=1, le=64),
        said(
            "Packs of records (50 orders each) written side by side; `rate_per_s` holds for all of them together.",
            "Сколько пакетов (по 50 заказов) пишется одновременно; `rate_per_s` — на все вместе.",
        ),
    ] = 16

    def __post_init__(self) -> None:
        """Refuse a path of triggers that can be guessed, and addresses that are none."""
        for network in self.allow_from:
            try:
                ip_network(network.strip(), strict=False)
            except ValueError:
                raise ConfigError(
                    "retailcrm.settings.allow_from",
                    f"allow_from: «{network}» is neither an address nor a network; write it like 10.0.0.0/8.",
                    f"allow_from: «{network}» не адрес и не подсеть; пишите как 10.0.0.0/8.",
                ) from None
        if self.hook and (
            not self.hook.startswith("/") or len(self.hook.rpartition("/")[2]) < SHORTEST_SECRET
        ):
            raise ConfigError(
                "retailcrm.settings.hook",
                f"hook must be a path that ends in a secret of {SHORTEST_SECRET} characters or more: calls of triggers are "
                "not signed.",
                f"hook — путь, который кончается секретом не короче {SHORTEST_SECRET} знаков: вызовы триггеров ничем не "
                "подписаны.",
            )

    @property
    def counts_stock(self) -> bool:
        """Whether stock is written."""
        return bool(self.stores or self.available_store)

    def shops(self) -> frozenset[str]:
        """Return the codes of the shops this connection speaks of."""
        return frozenset({self.site, *self.sites.values()})
