"""The catalogue feed, ICML: read strictly, then put in the place of what the catalogue held."""

from decimal import Decimal
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from obmen.connectors.retailcrm.sandbox.errors import Unfit
from obmen.connectors.retailcrm.sandbox.rows import Group, Offer, Product
from obmen.connectors.retailcrm.sandbox.state import Actor, CrmState
from obmen.connectors.retailcrm.sandbox.values import decimal, trimmed, vat_rate

FEED = Actor("feed", "code")
GRAMS = Decimal(1000)

Node = ET.Element


class Unreadable(ValueError):
    """The feed cannot be loaded; nothing of it was."""


class Loaded(NamedTuple):
    """What came of one load."""

    offers: int
    products: int
    groups: int
    switched_off: int
    skipped: list[str]  # offers left out, each with its reason


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        raise Unreadable(f"A document with DOCTYPE {name} is not taken.")


def load_feed(state: CrmState, site: str, content: bytes) -> Loaded:
    """Load a feed into the catalogue of a shop."""
    shop = _parse(content).find("shop")
    if shop is None or shop.find("offers") is None:
        raise Unreadable("The feed has no shop with offers.")
    catalog, skipped = state.catalog_of(site), list[str]()
    with state.acting(FEED):
        groups = _load_groups(state, catalog, shop)
        seen: dict[str, list[str]] = {}
        for node in shop.iterfind("offers/offer"):
            problem = _load_offer(state, catalog, node, groups, seen)
            if problem:
                skipped.append(f"{node.get('id', '?')}: {problem}")
        off = _switch_off(state, catalog, seen) if state.setup.feed_deactivates else 0
    count = sum(len(offers) for offers in seen.values())
    return Loaded(count, len(seen), len(groups), off, skipped)


def _parse(content: bytes) -> Node:
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 (expat expands no entities here: a DOCTYPE is refused)
    try:
        parser.feed(content)
        root: Node = parser.close()
    except (ET.ParseError, LookupError) as exc:
        raise Unreadable(f"The feed is not XML: {exc}") from exc
    if root.tag != "yml_catalog":
        raise Unreadable(f"The feed begins with {root.tag}, not yml_catalog.")
    return root


def _load_groups(state: CrmState, catalog: str, shop: Node) -> dict[str, int]:
    groups: dict[str, int] = {}
    parents: dict[str, str] = {}
    for node in shop.iterfind("categories/category"):
        code = node.get("id")
        name = (node.findtext("name") or node.text or "").strip()
        if not code or not name:
            raise Unreadable("A category needs an id and a name.")
        held = state.groups.first(external_id=code, catalog=catalog)
        row = held or state.groups.insert(Group(catalog=catalog, external_id=code, name=name))
        state.groups.change(row, name=name)
        groups[code] = row.id
        parents[code] = node.get("parentId") or ""
    for code, parent in parents.items():
        row = state.groups.get(groups[code]) or Group(catalog=catalog, external_id=code, name="")
        state.groups.change(row, parent_id=groups.get(parent))
    return groups


def _load_offer(
    state: CrmState, catalog: str, node: Node, groups: dict[str, int], seen: dict[str, list[str]]
) -> str:
    """Load one offer with its product; return why it was left out, or an empty text."""
    offer_id = node.get("id") or ""
    product_id = node.get("productId") or ""
    name = _text(node, "name")
    if not offer_id or not product_id or not name:
        return "id, productId and name are needed"
    try:
        columns = _offer_columns(state, node, name)
    except Unfit as exc:
        return str(exc)
    product = state.products.first(external_id=product_id, catalog=catalog)
    if product is None or product_id not in seen:  # the first offer of a product describes it
        product = _load_product(state, catalog, node, groups, product_id, name)
    held = state.offers.first(external_id=offer_id, catalog=catalog)
    if held is None:
        held = state.offers.insert(Offer(catalog=catalog, product_id=product.id, external_id=offer_id))
    price = columns.pop("price")
    state.offers.change(held, product_id=product.id, prices={**held.prices, "base": price}, **columns)
    seen.setdefault(product_id, []).append(offer_id)
    return ""


def _offer_columns(state: CrmState, node: Node, name: str) -> dict[str, Any]:
    properties = {
        param.get("code") or param.get("name") or "": (param.text or "").strip()
        for param in node.iterfind("param")
    }
    weight = _number(node, "weight")
    unit = node.find("unit")
    code = unit.get("code", "796") if unit is not None else "796"
    if unit is not None and code not in state.books["units"]:
        state.books["units"][code] = {
            "code": code,
            "name": unit.get("name", code),
            "sym": unit.get("sym", code),
            "default": False,
            "active": True,
        }
    return {
        "name": name,
        "xml_id": _text(node, "xmlId"),
        "article": properties.get("article", ""),
        "barcode": _text(node, "barcode"),
        "properties": properties,
        "unit": code,
        "vat_rate": vat_rate(state, _text(node, "vatRate") or "none"),
        "weight": None if weight is None else trimmed(weight * GRAMS),  # kilograms in the feed
        "active": _text(node, "activity") != "N" and _text(node, "productActivity") != "N",
        "purchase_price": _number(node, "purchasePrice"),
        "feed_quantity": decimal(node.get("quantity") or "0"),
        "price": _obligatory_price(node),
    }


def _load_product(
    state: CrmState, catalog: str, node: Node, groups: dict[str, int], product_id: str, name: str
) -> Product:
    held = state.products.first(external_id=product_id, catalog=catalog)
    if held is None:
        held = state.products.insert(Product(catalog=catalog, external_id=product_id))
    where = [
        groups[code] for each in node.iterfind("categoryId") if (code := (each.text or "").strip()) in groups
    ]
    columns: dict[str, Any] = {
        "name": _text(node, "productName") or name,
        "kind": node.get("type") or "product",
        "url": _text(node, "url"),
        "pictures": [(each.text or "").strip() for each in node.iterfind("picture")],
        "description": _text(node, "description"),
        "manufacturer": _text(node, "vendor"),
        "groups": where,
        "active": _text(node, "productActivity") != "N",
        "markable": _text(node, "markable") == "Y",
    }
    if any(getattr(held, column) != value for column, value in columns.items()):
        columns["updated_at"] = state.now()
    return state.products.change(held, **columns)


def _switch_off(state: CrmState, catalog: str, seen: dict[str, list[str]]) -> int:
    """Switch off the offers and products a feed does not name; return how many offers."""
    named = {offer for offers in seen.values() for offer in offers}
    gone = [
        offer
        for offer in state.offers
        if offer.catalog == catalog and offer.active and offer.external_id not in named
    ]
    for offer in gone:
        state.offers.change(offer, active=False)
    for product in state.products:
        if product.catalog == catalog and product.active and product.external_id not in seen:
            state.products.change(product, active=False)
    return len(gone)


def _text(node: Node, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _number(node: Node, path: str) -> Decimal | None:
    raw = _text(node, path)
    return trimmed(decimal(raw)) if raw else None


def _obligatory_price(node: Node) -> Decimal:
    price = _number(node, "price")
    if price is None or price < 0:
        raise Unfit("a price is needed")
    return price
