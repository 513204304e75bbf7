"""What a connection to a 1C-Bitrix shop is set up with."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.network import AnswerTimeout, CaFile, ConnectTimeout, Positive, Proxy
from obmen.errors import ConfigError
from obmen.setting import said

PURCHASE = re.compile(r"закуп|себестоим|purchas|(?<![a-z])cost(?![a-z])", re.IGNORECASE)
"""Price types a public shop must not get by accident."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one shop. Everything that can be asked of the shop itself is optional."""

    url: Annotated[
        str,
        said(
            "Address of the site, like https://shop.example.", "Адрес сайта, например https://shop.example."
        ),
    ]
    user: Annotated[
        int,
        Meta(gt=0),
        said(
            "Id of the user who owns the inbound webhook.",
            "ID пользователя, от имени которого создан входящий вебхук.",
        ),
    ]
    secret: Annotated[
        str,
        Meta(min_length=1),
        said("Secret of the inbound webhook.", "Секретный ключ входящего вебхука.", secret=True),
    ]
    host: Annotated[
        str,
        said(
            "Host the shop must have; with another one nothing is written: a guard for copies.",
            "Домен, который обязан быть у магазина; с другим записи нет — защита от копий сайта.",
        ),
    ] = ""

    catalog_iblock: Annotated[
        int | None,
        said(
            "Id of the infoblock of products; asked of the shop when absent.",
            "ID инфоблока товаров; если не указан, спросим у магазина.",
        ),
    ] = None
    offers_iblock: Annotated[
        int | None,
        said(
            "Id of the infoblock of offers; asked of the shop when absent.",
            "ID инфоблока торговых предложений; если не указан, спросим у магазина.",
        ),
    ] = None

    prices: Annotated[
        dict[str, int],
        said(
            "Canonical price key → id of the price type. Only these are ever touched.",
            "Наш ключ цены → ID типа цены в магазине. Остальные типы цен не трогаем.",
        ),
    ] = {}
    allow_purchase: Annotated[
        bool,
        said(
            "Let purchase prices into the shop. They may become public.",
            "Пускать в магазин закупочные цены. Их могут увидеть покупатели.",
        ),
    ] = False
    stores: Annotated[
        dict[str, str],
        said(
            "Canonical warehouse → id or external code of the store.",
            "Наш ключ склада → ID или внешний код склада в магазине.",
        ),
    ] = {}
    inventory_control: Annotated[
        Literal["auto", "on", "off"],
        said(
            "Whether the shop keeps inventory control; `auto` asks it.",
            "Включён ли в магазине складской учёт; auto — спросим у него.",
        ),
    ] = "auto"

    sku_property: Annotated[
        str, said("Code or id of the property of the article.", "Код или ID свойства с артикулом.")
    ] = "CML2_ARTICLE"
    barcode_property: Annotated[
        str, said("Code or id of the property of the barcode.", "Код или ID свойства со штрихкодом.")
    ] = "CML2_BAR_CODE"
    brand_property: Annotated[
        str, said("Code or id of the property of the brand.", "Код или ID свойства с брендом.")
    ] = ""
    manufacturer_property: Annotated[
        str,
        said("Code or id of the property of the manufacturer.", "Код или ID свойства с производителем."),
    ] = "CML2_MANUFACTURER"
    country_property: Annotated[
        str,
        said(
            "Code or id of the property of the country of origin.",
            "Код или ID свойства со страной происхождения.",
        ),
    ] = ""
    properties: Annotated[
        dict[str, str],
        said(
            "Canonical property → code or id of the property of products.",
            "Наш код свойства → код или ID свойства товаров.",
        ),
    ] = {}
    attributes_property: Annotated[
        str,
        said(
            "Multiple text property of offers that shows all characteristics.",
            "Множественное строковое свойство предложений, где видны все характеристики.",
        ),
    ] = "CML2_ATTRIBUTES"
    characteristics: Annotated[
        dict[str, str],
        said(
            "Name of a characteristic → code or id of a property of offers it fills as well.",
            "Название характеристики → код или ID свойства предложений, которое она тоже заполняет.",
        ),
    ] = {}
    create_choices: Annotated[
        bool,
        said(
            "Add a missing choice to a list property instead of waiting for a person.",
            "Самим добавлять недостающий вариант в свойство-список, а не ждать человека.",
        ),
    ] = False

    first_picture: Annotated[
        tuple[Literal["detail", "preview"], ...],
        said(
            "Fields of the element that repeat the first picture.",
            "Поля элемента, где повторяется первая картинка: детальная, для анонса.",
        ),
    ] = ("detail", "preview")
    new_products: Annotated[
        Literal["as_given", "hidden"],
        said(
            "`hidden` creates products inactive, for an editor to publish.",
            "hidden — создавать товары неактивными, публикует контент-менеджер; as_given — как пришло.",
        ),
    ] = "as_given"

    orders: Annotated[
        OrderSettings | None,
        said("Orders of this shop, below.", "Заказы этого магазина, см. ниже."),
    ] = None

    exchange_login: Annotated[
        str,
        said(
            "Login of the exchange door, for stock by warehouse.",
            "Логин для обмена с 1С на сайте: через него идут остатки по складам.",
        ),
    ] = ""
    exchange_password: Annotated[
        str, said("Password of the exchange door.", "Пароль для обмена с 1С на сайте.", secret=True)
    ] = ""
    catalog_xml_id: Annotated[
        str,
        said(
            "External code of the infoblock of products; the exchange door needs it.",
            "Внешний код инфоблока товаров; нужен для обмена с 1С на сайте.",
        ),
    ] = ""
    offers_xml_id: Annotated[
        str,
        said(
            "External code of the infoblock of offers; the exchange door needs it.",
            "Внешний код инфоблока торговых предложений; нужен для обмена с 1С на сайте.",
        ),
    ] = ""

    proxy: Proxy = ""
    ca_file: CaFile = ""
    connect_timeout_s: ConnectTimeout = 10.0
    timeout_s: AnswerTimeout = 60.0
    exchange_timeout_s: Annotated[
        Positive,
        said(
            "Longest wait for one step of the exchange door, seconds.",
            "Сколько секунд ждать один шаг обмена с 1С на сайте.",
        ),
    ] = 150.0
    exchange_patience_s: Annotated[
        Positive,
        said(
            "Give the exchange door up after so many seconds without progress.",
            "Через сколько секунд без движения бросить обмен с 1С на сайте.",
        ),
    ] = 600.0
    visible_after_s: Annotated[
        Positive,
        said(
            "Seconds in which an unanswered write may still land: PHP's longest run.",
            "Сколько секунд запись без ответа ещё может дойти: предел работы PHP.",
        ),
    ] = 90.0
    overlap_s: Annotated[
        float,
        Meta(ge=0),
        said(
            "How many seconds behind the last reading a new one starts.",
            "На сколько секунд раньше прошлого чтения начинать новое.",
        ),
    ] = 300.0
    batch: Annotated[
        int,
        Meta(ge=1, le=50),
        said(
            "Writes in one request; fewer for a slow server.", "Записей в запросе; медленному серверу меньше."
        ),
    ] = 50
    rate_per_s: Annotated[
        Positive,
        said(
            "Requests per second; the box has no limit.", "Запросов в секунду; у самой «коробки» лимита нет."
        ),
    ] = 5.0
    parallel: Annotated[
        int,
        Meta(ge=1),
        said(
            "Requests that may leave one right after another before `rate_per_s` spaces them.",
            "Сколько запросов можно послать подряд, прежде чем `rate_per_s` их разредит.",
        ),
    ] = 2

    def __post_init__(self) -> None:
        """Refuse what would show purchase prices or let the shop make a second infoblock."""
        for key in self.prices:
            if PURCHASE.search(key) and not self.allow_purchase:
                raise ConfigError(
                    "bitrix.settings.purchase",
                    f"prices.{key} looks like a purchase price; a shop shows what it has. "
                    "Remove it, or set allow_purchase = true.",
                    f"prices.{key} похоже на закупочную цену, а магазин показывает всё, что получил. "
                    "Уберите её или задайте allow_purchase = true.",
                )
        if bool(self.exchange_login) != bool(self.exchange_password):
            raise ConfigError(
                "bitrix.settings.exchange_pair",
                "exchange_login and exchange_password belong together: give both or neither.",
                "exchange_login и exchange_password задаются вместе: укажите оба или ни одного.",
            )
        if self.exchange_login and not self.catalog_xml_id:
            raise ConfigError(
                "bitrix.settings.catalog_xml_id",
                "The exchange door needs catalog_xml_id (and offers_xml_id where offers have an infoblock): "
                "the external codes in the settings of the infoblocks. Without them the shop makes a new infoblock.",
                "Для обмена с 1С на сайте нужен catalog_xml_id (и offers_xml_id, если у предложений свой инфоблок): "
                "внешние коды из настроек инфоблоков. Без них магазин создаст новый инфоблок.",
            )

    @property
    def uses_door(self) -> bool:
        """Whether stock goes by the exchange door."""
        return bool(self.exchange_login)
