"""What a stock shop's wizard leaves behind: statuses, payer types, order properties, deliveries, pay systems."""

from decimal import Decimal

from obmen.connectors.bitrix.sandbox.sale.book import OrderBook
from obmen.connectors.bitrix.sandbox.sale.rows import (
    DeliveryService,
    OrderProperty,
    PaySystem,
    PersonType,
    PropertyGroup,
    Status,
)

STATUSES = (
    Status(id="N", name="Принят, ожидается оплата", sort=100, xml_id="N"),
    Status(id="P", name="Оплачен, формируется к отправке", sort=150, xml_id="P"),
    Status(id="F", name="Выполнен", sort=200, xml_id="F"),
    Status(id="DN", name="Ожидает обработки", type="D", sort=300, xml_id="DN"),
    Status(id="DF", name="Отгружен", type="D", sort=400, xml_id="DF"),
)
PERSON_TYPES = (
    PersonType(id=1, name="Физическое лицо", sort=100, xml_id="individual"),
    PersonType(id=2, name="Юридическое лицо", sort=150, xml_id="legal"),
)
GROUPS = (
    PropertyGroup(id=1, person_type_id=1, name="Личные данные"),
    PropertyGroup(id=2, person_type_id=1, name="Данные для доставки", sort=200),
    PropertyGroup(id=3, person_type_id=2, name="Данные компании"),
    PropertyGroup(id=4, person_type_id=2, name="Контактная информация", sort=200),
)
# Id, payer type, group, code, name, type, required, flags.
_PropertyRow = tuple[int, int, int, str, str, str, str, tuple[str, ...]]
_PROPERTIES: tuple[_PropertyRow, ...] = (
    (1, 1, 1, "FIO", "Ф.И.О.", "STRING", "Y", ("is_payer", "is_profile_name")),
    (2, 1, 1, "EMAIL", "E-Mail", "STRING", "Y", ("is_email",)),
    (3, 1, 1, "PHONE", "Телефон", "STRING", "Y", ("is_phone",)),
    (4, 1, 2, "ZIP", "Индекс", "STRING", "N", ("is_zip",)),
    (5, 1, 2, "CITY", "Город", "STRING", "N", ()),
    (6, 1, 2, "LOCATION", "Местоположение", "LOCATION", "Y", ("is_location",)),
    (7, 1, 2, "ADDRESS", "Адрес доставки", "STRING", "Y", ("is_address",)),
    (20, 1, 2, "PVZ", "Пункт выдачи", "STRING", "N", ()),
    (8, 2, 3, "COMPANY", "Название компании", "STRING", "Y", ("is_payer", "is_profile_name")),
    (9, 2, 3, "COMPANY_ADR", "Юридический адрес", "STRING", "N", ()),
    (10, 2, 3, "INN", "ИНН", "STRING", "N", ()),
    (11, 2, 3, "KPP", "КПП", "STRING", "N", ()),
    (12, 2, 4, "CONTACT_PERSON", "Контактное лицо", "STRING", "Y", ()),
    (13, 2, 4, "EMAIL", "E-Mail", "STRING", "Y", ("is_email",)),
    (14, 2, 4, "PHONE", "Телефон", "STRING", "N", ("is_phone",)),
    (16, 2, 4, "ZIP", "Индекс", "STRING", "N", ("is_zip",)),
    (17, 2, 4, "CITY", "Город", "STRING", "N", ()),
    (18, 2, 4, "LOCATION", "Местоположение", "LOCATION", "Y", ("is_location",)),
    (19, 2, 4, "ADDRESS", "Адрес доставки", "STRING", "Y", ("is_address",)),
    (21, 2, 4, "PVZ", "Пункт выдачи", "STRING", "N", ()),
)
DELIVERIES = (
    DeliveryService(id=1, name="Без доставки", code="none", sort=50, active="N"),
    DeliveryService(id=2, name="Курьер по Тюмени", price=Decimal(350), code="courier", sort=100),
    DeliveryService(id=3, name="Самовывоз: Магазин на Ленина", code="pickup", sort=200),
    DeliveryService(id=4, name="СДЭК", code="cdek", sort=300),
    DeliveryService(
        id=5, parent_id=4, name="СДЭК: до пункта выдачи", price=Decimal("289.50"), code="cdek:pvz"
    ),
    DeliveryService(
        id=6, parent_id=4, name="СДЭК: курьером до двери", price=Decimal("459.90"), code="cdek:door"
    ),
    DeliveryService(id=7, name="Почта России", price=Decimal("312.17"), code="russianpost", sort=400),
)
CASH, CARD, BILL, INNER = 1, 2, 3, 4
PAY_SYSTEMS = (
    PaySystem(id=CASH, name="Наличными при получении", action_file="cash", is_cash="Y", can_print_check="Y"),
    PaySystem(
        id=CARD,
        name="Картой на сайте",
        action_file="yandexcheckout",
        is_cash="A",
        can_print_check="Y",
        sort=200,
    ),
    PaySystem(id=BILL, name="Счёт для организаций", action_file="bill", person_type_id=2, sort=300),
    PaySystem(id=INNER, name="Внутренний счёт", action_file="inner", sort=400),
)


def furnish_sales(sale: OrderBook) -> None:
    """Fill the dictionaries of an empty shop."""
    sale.statuses = {status.id: status for status in STATUSES}
    sale.person_types, sale.property_groups = PERSON_TYPES, GROUPS
    sale.properties = tuple(_property(row) for row in _PROPERTIES)
    sale.deliveries, sale.pay_systems = DELIVERIES, PAY_SYSTEMS


def _property(row: _PropertyRow) -> OrderProperty:
    number, person_type, group, code, name, kind, required, marks = row
    return OrderProperty(
        id=number,
        person_type_id=person_type,
        props_group_id=group,
        code=code,
        name=name,
        type=kind,
        required=required,
        sort=number * 10,
        **dict.fromkeys(marks, "Y"),
    )
