"""Lines of an order as a client sends them: each is matched to a line that is there, or is a new one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from obmen.connectors.retailcrm.sandbox.errors import Problems, Unfit
from obmen.connectors.retailcrm.sandbox.fields import VAT, Field, read_fields
from obmen.connectors.retailcrm.sandbox.rows import ZERO, Item, Offer, Order
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import (
    NOT_VALID,
    code_of,
    moment,
    money,
    percent,
    positive,
    text,
    whole,
)

# The name of the API, the name of the column, how it is read.
_FIELDS = {
    "quantity": ("quantity", positive),
    "initialPrice": ("initial_price", money),
    "purchasePrice": ("purchase_price", money),
    "discountManualAmount": ("discount_amount", money),
    "discountManualPercent": ("discount_percent", percent),
    "vatRate": ("vat_rate", VAT.read),
    "productName": ("product_name", text(1000)),
    "status": ("status", code_of("product-statuses", "OrderProductStatus")),
    "comment": ("comment", text(2000)),
    "createdAt": ("created_at", moment),
}
_READING = tuple(Field(name, "", read) for name, (_, read) in _FIELDS.items())
_CLEARED = {
    "discount_amount": ZERO,
    "discount_percent": ZERO,
    "purchase_price": ZERO,
    "comment": "",
    "vat_rate": "none",
}
_OFFER_KEYS = {"id": "id", "externalId": "external_id", "xmlId": "xml_id"}


class Line(NamedTuple):
    """What one line is to become; `held` is the line it is now, if any."""

    held: Item | None
    columns: dict[str, Any]


def read_lines(
    state: CrmState, site: str, given: Any, problems: Problems, held: Sequence[Item] = ()
) -> list[Line]:
    """Read all lines of an order; lines without an identity of their own collapse by offer, the last one stays."""
    if not isinstance(given, list):
        problems.say("items", NOT_VALID)
        return []
    lines: dict[Any, Line] = {}
    for place, raw in enumerate(given):
        at = f"items[{place}]"
        if not isinstance(raw, Mapping):
            problems.say(at, NOT_VALID)
            continue
        line = _read(state, site, raw, problems, at, held)
        lines[_identity(line, place)] = line
    return list(lines.values())


def put_lines(state: CrmState, order: Order, lines: Sequence[Line]) -> None:
    """Make the lines of an order be exactly these."""
    kept = {line.held.id for line in lines if line.held is not None}
    for item in state.items_of(order):
        if item.id not in kept:
            state.items.remove(item)
    for line in lines:
        if line.held is not None:
            state.items.change(line.held, **line.columns)
        else:
            state.items.insert(Item(order_id=order.id, **{"created_at": state.now(), **line.columns}))


def _read(
    state: CrmState, site: str, raw: Mapping[str, Any], problems: Problems, at: str, held: Sequence[Item]
) -> Line:
    read = read_fields(state, _READING, raw, problems, at=f"{at}.")
    columns = {_FIELDS[name][0]: value for name, value in read.items()}
    columns = {name: _CLEARED.get(name) if value is None else value for name, value in columns.items()}
    columns = {name: value for name, value in columns.items() if value is not None}
    offer = _offer(state, site, raw.get("offer"), problems, at)
    if "externalIds" in raw:
        columns["external_ids"] = _external_ids(raw["externalIds"], problems, at)
    item = _match(raw, columns.get("external_ids", []), offer, held, problems, at)
    price_type = raw.get("priceType")
    if price_type:
        columns["price_type"] = _price_type(state, price_type, problems, at)
    if "properties" in raw:
        columns["properties"] = _properties(raw["properties"])
    if "markingCodes" in raw:
        columns["marking_codes"] = [str(code) for code in raw["markingCodes"] or []]
    if offer is not None:
        columns["offer_id"] = offer.id
    if item is None:
        columns = {**_defaults(offer, str(columns.get("price_type", "base"))), **columns}
        if offer is None and not columns.get("product_name") and not raw.get("offer"):
            problems.say(f"{at}.productName", "This value should not be blank.")
    if columns.get("quantity", 1) == 0:
        problems.say(f"{at}.quantity", "This value should be greater than 0.")
    return Line(item, columns)


def _offer(state: CrmState, site: str, given: Any, problems: Problems, at: str) -> Offer | None:
    if not given:
        return None
    named = [name for name in _OFFER_KEYS if isinstance(given, Mapping) and given.get(name)]
    if not named:
        problems.say(f"{at}.offer", NOT_VALID)
        return None
    name = named[0]
    try:
        value = whole(state, given[name]) if name == "id" else str(given[name])
    except Unfit as exc:
        problems.say(f"{at}.offer.{name}", str(exc))
        return None
    offer = state.find_offer(site, **{_OFFER_KEYS[name]: value})
    if offer is None:
        problems.say(f"{at}.offer.{name}", f"Offer with {name} {value} not found.")
    return offer


def _external_ids(raw: Any, problems: Problems, at: str) -> list[dict[str, str]]:
    if not isinstance(raw, list) or not all(isinstance(each, Mapping) and each.get("code") for each in raw):
        problems.say(f"{at}.externalIds", NOT_VALID)
        return []
    return [{"code": str(each["code"]), "value": str(each.get("value", ""))} for each in raw]


def _match(
    raw: Mapping[str, Any],
    external_ids: list[dict[str, str]],
    offer: Offer | None,
    held: Sequence[Item],
    problems: Problems,
    at: str,
) -> Item | None:
    """Find the line meant: by id, else by an external id, else, where it has none, by its offer."""
    if raw.get("id"):
        found = next((item for item in held if str(item.id) == str(raw["id"])), None)
        if found is None:
            problems.say(f"{at}.id", f"Order product with id {raw['id']} not found.")
        return found
    if external_ids:
        return next((item for item in held if any(each in item.external_ids for each in external_ids)), None)
    if offer is None:
        return None
    return next((item for item in held if item.offer_id == offer.id and not item.external_ids), None)


def _identity(line: Line, place: int) -> Any:
    if line.held is not None:
        return "held", line.held.id
    external_ids = line.columns.get("external_ids")
    if external_ids:
        return "external", tuple(sorted((each["code"], each["value"]) for each in external_ids))
    offer_id = line.columns.get("offer_id")
    return ("offer", offer_id) if offer_id else ("place", place)


def _price_type(state: CrmState, given: Any, problems: Problems, at: str) -> str:
    try:
        return str(code_of("price-types", "PriceType")(state, given))
    except Unfit as exc:
        problems.say(f"{at}.priceType", str(exc))
        return "base"


def _properties(given: Any) -> dict[str, dict[str, str]]:
    """Read properties of a line; sent as a list or as a map, kept as a map."""
    rows = list(given.values()) if isinstance(given, Mapping) else list(given or [])
    found = {}
    for row in rows:
        if isinstance(row, Mapping):
            code = str(row.get("code") or row.get("name"))
            found[code] = {
                "code": code,
                "name": str(row.get("name", code)),
                "value": str(row.get("value", "")),
            }
    return found


def _defaults(offer: Offer | None, price_type: str) -> dict[str, Any]:
    """Return what a new line takes from its offer."""
    if offer is None:
        return {}
    return {
        "initial_price": offer.prices.get(price_type, offer.prices.get("base", ZERO)),
        "purchase_price": offer.purchase_price or ZERO,
        "vat_rate": offer.vat_rate,
        "product_name": offer.name,
    }
