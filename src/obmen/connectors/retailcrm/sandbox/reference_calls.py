"""Dictionaries: read as maps or lists, as the vendor has each, and edited or added to one entry at a time."""

from typing import Any, NamedTuple

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, php
from obmen.connectors.retailcrm.sandbox.errors import ENTITY, ApiError, Problems, not_found
from obmen.connectors.retailcrm.sandbox.state import CrmState


class BookSpec(NamedTuple):
    """How one dictionary is asked and shown."""

    path: str
    key: str
    one: str = ""  # the field an edit comes in; "" where the API does not write
    is_map: bool = True
    numbered: bool = False  # entries have ids, and a method `create`


BOOKS = (
    BookSpec("statuses", "statuses", "status"),
    BookSpec("status-groups", "statusGroups"),
    BookSpec("product-statuses", "productStatuses", "productStatus"),
    BookSpec("delivery-types", "deliveryTypes", "deliveryType"),
    BookSpec("delivery-services", "deliveryServices", "deliveryService"),
    BookSpec("payment-types", "paymentTypes", "paymentType"),
    BookSpec("payment-statuses", "paymentStatuses", "paymentStatus"),
    BookSpec("order-types", "orderTypes", "orderType"),
    BookSpec("order-methods", "orderMethods", "orderMethod"),
    BookSpec("sites", "sites", "site"),
    BookSpec("units", "units", "unit"),
    BookSpec("stores", "stores", "store", is_map=False),
    BookSpec("price-types", "priceTypes", "priceType", is_map=False),
    BookSpec("legal-entities", "legalEntities", "legalEntity", is_map=False),
    BookSpec("cost-items", "costItems", "costItem", is_map=False),
    BookSpec("couriers", "couriers", "courier", is_map=False, numbered=True),
    BookSpec("currencies", "currencies", "currency", is_map=False, numbered=True),
    BookSpec("mg-channels", "mgChannels", is_map=False),
)
_BY_PATH = {book.path: book for book in BOOKS}
# Fields that name entries of another dictionary.
_NAMES = {
    "group": "status-groups",
    "deliveryType": "delivery-types",
    "paymentTypes": "payment-types",
    "deliveryTypes": "delivery-types",
    "paymentStatuses": "payment-statuses",
    "deliveryServices": "delivery-services",
    "sites": "sites",
}


def read(ask: Ask) -> Answer:
    """Show a whole dictionary, entries that are switched off included."""
    book = _book(ask)
    entries = ask.state.books[book.path]
    if book.path == "status-groups":
        statuses = ask.state.books["statuses"]
        entries = {
            code: {**entry, "statuses": [each for each, held in statuses.items() if held["group"] == code]}
            for code, entry in entries.items()
        }
    if book.path == "sites":
        entries = {code: entry for code, entry in entries.items() if code in ask.state.site_codes(ask.key)}
    return Answer({book.key: php(entries) if book.is_map else list(entries.values())})


def countries(_: Ask) -> Answer:
    """List the countries."""
    return Answer({"countriesIso": ["RU", "UA", "BY", "KZ", "AM", "KG"]})


def edit(ask: Ask) -> Answer:
    """Change an entry, or make it where the code is new."""
    book, code = _book(ask), ask.path["code"]
    if not book.one:
        raise ApiError(405, "Method Not Allowed")
    given = ask.part(book.one)
    if book.numbered and code not in ask.state.books[book.path]:
        raise not_found()
    save(ask.state, book, code, given)
    return Answer()


def create(ask: Ask) -> Answer:
    """Make an entry of a dictionary whose entries have ids."""
    book = _book(ask)
    if not book.numbered:
        raise ApiError(404, "API method not found")
    number = max((int(each) for each in ask.state.books[book.path]), default=0) + 1
    save(ask.state, book, str(number), {**ask.part(book.one), "id": number})
    return Answer({"id": number}, status=201)


def save(state: CrmState, book: BookSpec, code: str, given: dict[str, Any]) -> None:
    """Check an entry and keep it."""
    entries = state.books[book.path]
    problems, held = Problems(), entries.get(code)
    if held is None and not book.numbered:
        if not given.get("name") and not given.get("legalName"):
            problems.say("name", "This value should not be blank.")
        if book.path == "statuses" and not given.get("group"):
            problems.say("group", "This value should not be blank.")
    for field, of in _NAMES.items():
        named = given.get(field) or []
        for each in named if isinstance(named, list) else [named]:
            if isinstance(each, str) and each not in state.books[of]:
                problems.say(field, f'"{each}" does not exist.')
    problems.stop_if_any(ENTITY)
    identity = {} if book.numbered else {"code": code}
    entries[code] = {"active": True, "ordering": 990, **_blank(state, book, code, held), **given, **identity}
    action = "update" if held else "add"
    state.ledger.record_effect(by=state.actor.door, entity=book.one, id=code, action=action, after=given)


def _blank(state: CrmState, book: BookSpec, code: str, held: dict[str, Any] | None) -> dict[str, Any]:
    """Return what an entry starts from: itself, or what every entry of the dictionary has."""
    if held is not None:
        return held
    if book.path == "sites":
        first = next(iter(state.books["sites"].values()))
        number = len(state.books["sites"]) + 1
        return {**first, "id": number, "defaultForCrm": False, "catalogId": code}
    if book.path == "payment-statuses":
        return {"paymentComplete": False, "paymentTypes": []}
    if book.path == "price-types":
        return {"id": len(state.books["price-types"]) + 1, "default": False, "geo": [], "groups": []}
    return {}


def book_of(path: str) -> BookSpec:
    """Find how a dictionary is kept, by the name of its method."""
    book = _BY_PATH.get(path)
    if book is None:
        raise ApiError(404, "API method not found")
    return book


def _book(ask: Ask) -> BookSpec:
    return book_of(ask.path["book"])


METHODS = (
    Method("GET", "reference/countries", "reference_read", countries),
    Method("GET", "reference/{book}", "reference_read", read),
    Method("POST", "reference/{book}/create", "reference_write", create),
    Method("POST", "reference/{book}/{code}/edit", "reference_write", edit),
)
