"""What a new account of a Russian shop holds: the vendor's own dictionaries, spelt as the vendor spells them."""

from collections.abc import Callable
from typing import Any

Entry = dict[str, Any]
Book = dict[str, Entry]

# Group: name, ordering, whether orders in it are being worked on, and its statuses with their names.
_STATUSES: dict[str, tuple[str, int, bool, dict[str, str]]] = {
    "new": ("Новый", 10, False, {"new": "Новый"}),
    "approval": (
        "Согласование",
        20,
        True,
        {
            "availability-confirmed": "Наличие подтверждено",
            "offer-analog": "Предложить замену",
            "client-confirmed": "Согласовано с клиентом",
            "prepayed": "Предоплата поступила",
        },
    ),
    "assembling": (
        "Комплектация",
        30,
        True,
        {
            "send-to-assembling": "Передано в комплектацию",
            "assembling": "Комплектуется",
            "assembling-complete": "Укомплектован",
        },
    ),
    "delivery": (
        "Доставка",
        40,
        True,
        {
            "send-to-delivery": "Передан в доставку",
            "delivering": "Доставляется",
            "redirect": "Доставка перенесена",
        },
    ),
    "complete": ("Выполнен", 50, False, {"complete": "Выполнен"}),
    "cancel": (
        "Отменен",
        60,
        False,
        {
            "no-call": "Недозвон",
            "no-product": "Нет в наличии",
            "already-buyed": "Купил в другом месте",
            "delyvery-did-not-suit": "Не устроила доставка",
            "prices-did-not-suit": "Не устроила цена",
            "cancel-other": "Отменен",
        },
    ),
}
# Code: name, whether it cancels the line.
_PRODUCT_STATUSES = {
    "new": ("Новый", False),
    "confirming": ("Подтверждение наличия", False),
    "in-reserve": ("В резерве", False),
    "ready-for-assembly": ("Готов к комплектации", False),
    "assembly-delivery": ("В пути на склад", False),
    "completed": ("Укомплектован", False),
    "saled": ("Продан", False),
    "out-of-stock": ("Нет в наличии", True),
    "failure": ("Отказ", True),
    "product-is-damaged": ("Брак", True),
    "lost": ("Потерян", True),
    "assembly-not-delivery": ("Не доставлен на склад", True),
}
# Code: name, whether it means that the money has come.
_PAYMENT_STATUSES = {
    "not-paid": ("Не оплачен", False),
    "invoice": ("Выставлен счёт", False),
    "payment-start": ("Платёж проведён", False),
    "paid": ("Оплачен", True),
    "credit-check": ("Проверка документов", False),
    "credit-approved": ("Кредит одобрен", True),
    "fail": ("Ошибка", False),
}
_PAYMENT_TYPES = {
    "cash": "Наличные",
    "bank-card": "Банковская карта",
    "bank-transfer": "Банковский перевод",
    "credit": "Кредит",
    "e-money": "Электронные деньги",
}
# Code: name, cost.
_DELIVERIES = {
    "self-delivery": ("Самовывоз", 0),
    "courier": ("Доставка курьером", 350),
    "russian-post": ("Почта России", 312),
}
# Okei code: name, symbol.
_UNITS = {
    "796": ("Штука", "шт"),
    "006": ("Метр", "м"),
    "055": ("Квадратный метр", "м²"),
    "112": ("Литр", "л"),
    "166": ("Килограмм", "кг"),
    "715": ("Пара", "пар"),
    "778": ("Упаковка", "упак"),
    "839": ("Комплект", "компл"),
}
_WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


def books() -> dict[str, Book]:
    """Make the dictionaries of a new account, by the names of their methods."""
    return {
        "statuses": _statuses(),
        "status-groups": {
            code: {"name": name, "code": code, "active": True, "ordering": place, "process": working}
            for code, (name, place, working, _) in _STATUSES.items()
        },
        "product-statuses": _ordered(
            _coded(
                {code: name for code, (name, _) in _PRODUCT_STATUSES.items()},
                lambda code: {"cancelStatus": _PRODUCT_STATUSES[code][1], "createdAt": "2024-01-10 09:00:00"},
            )
        ),
        "payment-statuses": _ordered(
            _coded(
                {code: name for code, (name, _) in _PAYMENT_STATUSES.items()},
                lambda code: {
                    **_defaults(code == "not-paid"),
                    "paymentComplete": _PAYMENT_STATUSES[code][1],
                    "paymentTypes": list(_PAYMENT_TYPES),
                },
            )
        ),
        "payment-types": _coded(
            _PAYMENT_TYPES,
            lambda code: {
                **_defaults(code == "cash"),
                "deliveryTypes": list(_DELIVERIES),
                "paymentStatuses": list(_PAYMENT_STATUSES),
                "sites": [],
            },
        ),
        "delivery-types": _coded(
            {code: name for code, (name, _) in _DELIVERIES.items()},
            lambda code: {
                "defaultCost": _DELIVERIES[code][1],
                "defaultNetCost": 0,
                "currency": "RUB",
                "paymentTypes": list(_PAYMENT_TYPES),
                "deliveryPaymentTypes": [{"code": each, "cod": each == "cash"} for each in _PAYMENT_TYPES],
                "deliveryServices": [],
                "defaultForCrm": code == "courier",
                "isDynamicCostCalculation": False,
                "sites": [],
            },
        ),
        "delivery-services": {},
        "order-types": _ordered(
            _coded(
                {"eshop-individual": "Физическое лицо", "eshop-legal": "Юридическое лицо"},
                lambda code: _defaults(code == "eshop-individual"),
            )
        ),
        "order-methods": _coded(
            {"shopping-cart": "Через корзину", "phone": "По телефону", "one-click": "В один клик"},
            lambda code: {**_defaults(code == "phone"), "isFromPos": False},
        ),
        "sites": {
            "main": _site(1, "main", "Инструмент и дом", "RUB", "RU"),
            "kz": _site(2, "kz", "Инструмент и дом — Казахстан", "KZT", "KZ"),
        },
        "stores": {
            "main": _store("main", "Основной склад", "Тюмень"),
            "shop": _store("shop", "Магазин на Ленина", "Тюмень"),
        },
        "price-types": {
            "base": _price_type(1, "base", "Розничная", default=True),
            "wholesale": _price_type(2, "wholesale", "Оптовая", default=False),
        },
        "legal-entities": {
            "instrument": {
                "code": "instrument",
                "contragentType": "legal-entity",
                "legalName": "ООО «Инструмент и дом»",
                "INN": "7203123456",
                "KPP": "720301001",
                "countryIso": "RU",
                "vatRate": "22.00",
            }
        },
        "units": {
            code: {"code": code, "name": name, "sym": symbol, "default": code == "796", "active": True}
            for code, (name, symbol) in _UNITS.items()
        },
        "couriers": {
            "1": {
                "id": 1,
                "firstName": "Пётр",
                "lastName": "Быстров",
                "active": True,
                "phone": {"number": "89044900001"},
            }
        },
        "currencies": {
            "1": {"id": 1, "code": "RUB", "isBase": True, "isAutoConvert": False},
            "2": {"id": 2, "code": "KZT", "isBase": False, "isAutoConvert": False},
        },
        "cost-items": {
            "products-purchase-price": {
                "code": "products-purchase-price",
                "name": "Закупочная стоимость товаров",
                "group": "product-cost",
                "ordering": 990,
                "active": True,
                "appliesToOrders": True,
                "type": "var",
                "appliesToUsers": False,
            }
        },
        "mg-channels": {},
    }


def _statuses() -> Book:
    return {
        code: {"name": name, "code": code, "active": True, "ordering": place * 10 + order, "group": group}
        for group, (_, place, _, statuses) in _STATUSES.items()
        for order, (code, name) in enumerate(statuses.items())
    }


def _coded(names: dict[str, str], more: Callable[[str], Entry]) -> Book:
    return {code: {"name": name, "code": code, "active": True, **more(code)} for code, name in names.items()}


def _ordered(book: Book) -> Book:
    return {code: {**entry, "ordering": place * 10} for place, (code, entry) in enumerate(book.items(), 1)}


def _defaults(is_default: bool) -> Entry:  # noqa: FBT001 (one fact, twice)
    return {"defaultForCrm": is_default, "defaultForApi": is_default}


def _site(number: int, code: str, name: str, currency: str, country: str) -> Entry:
    return {
        "id": number,
        "name": name,
        "url": f"https://{code}.shop.example",
        "code": code,
        "defaultForCrm": number == 1,
        "ymlUrl": "",
        "loadFromYml": False,
        "countryIso": country,
        "currency": currency,
        "catalogId": code,
        "isCatalogMainSite": True,
        "ordering": 990,
        "isDemo": False,
        "contragent": {"contragentType": "legal-entity", "code": "instrument", "countryIso": country},
    }


def _store(code: str, name: str, city: str) -> Entry:
    return {
        "type": "store-type-warehouse",
        "inventoryType": "integer",
        "address": {"countryIso": "RU", "city": city, "text": city},
        "active": True,
        "phone": [],
        "code": code,
        "workTime": {day: [] for day in _WEEK},
        "name": name,
    }


def _price_type(number: int, code: str, name: str, *, default: bool) -> Entry:
    return {
        "id": number,
        "code": code,
        "name": name,
        "active": True,
        "default": default,
        "geo": [],
        "groups": [],
        "ordering": number * 10,
    }
