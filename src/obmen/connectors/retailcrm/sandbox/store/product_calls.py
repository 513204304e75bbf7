"""Methods about products, offers and sections; a catalogue can be kept by these alone, without a feed."""

from collections.abc import Iterator, Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import (
    STORE_LIMITS,
    Answer,
    Ask,
    Method,
    numeric_id,
    paged,
    strings,
)
from obmen.connectors.retailcrm.sandbox.errors import ENTITY, Problems, Unfit, not_found
from obmen.connectors.retailcrm.sandbox.rows import Group, Offer, Product
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.store.shown import shown_group, shown_offer, shown_product
from obmen.connectors.retailcrm.sandbox.store.stock_calls import offers_chosen
from obmen.connectors.retailcrm.sandbox.values import money, number, vat_rate

_PRODUCT = {
    "name": "name",
    "article": "article",
    "url": "url",
    "description": "description",
    "manufacturer": "manufacturer",
}
_OFFER = {"name": "name", "article": "article", "xmlId": "xml_id", "barcode": "barcode"}


def products(ask: Ask) -> Answer:
    """List products with their offers."""
    return paged(
        ask, "products", _products_chosen(ask), lambda row: shown_product(ask.state, row), limits=STORE_LIMITS
    )


def offers(ask: Ask) -> Answer:
    """List offers, each with its product."""
    state = ask.state

    def show(pair: tuple[Offer, str]) -> dict[str, Any]:
        product = state.products.get(pair[0].product_id)
        within = {"product": shown_product(state, product, with_offers=False)} if product else {}
        return {**shown_offer(state, pair[0]), **within}

    return paged(ask, "offers", offers_chosen(ask), show, limits=STORE_LIMITS)


def groups(ask: Ask) -> Answer:
    """List sections; the vendor names the list in the singular."""
    seller = {ask.state.catalog_of(site): site for site in reversed(ask.state.site_codes(ask.key))}
    found = [group for group in ask.state.groups if group.catalog in seller]
    return paged(
        ask, "productGroup", found, lambda row: shown_group(row, seller[row.catalog]), limits=STORE_LIMITS
    )


def properties(ask: Ask) -> Answer:
    """List the properties offers have."""
    codes = dict.fromkeys(code for offer, _ in offers_chosen(ask) for code in offer.properties)
    return paged(
        ask,
        "properties",
        codes,
        lambda code: {
            "sites": list(ask.state.site_codes(ask.key)),
            "groups": [],
            "code": code,
            "name": code,
            "isNumeric": False,
            "visible": True,
            "variative": True,
        },
        limits=STORE_LIMITS,
    )


def create_group(ask: Ask) -> Answer:
    """Make a section."""
    given = ask.part("productGroup")
    catalog, problems = ask.state.catalog_of(ask.site(given.get("site"))), Problems()
    if not given.get("name"):
        problems.say("name", "This value should not be blank.")
    problems.stop_if_any(ENTITY)
    row = Group(catalog=catalog, external_id=str(given.get("externalId") or ""), name=str(given["name"]))
    row.parent_id = given.get("parentId")
    return Answer({"id": ask.state.groups.insert(row).id}, status=201)


def edit_group(ask: Ask) -> Answer:
    """Change a section."""
    given, raw = ask.part("productGroup"), ask.path["id"]
    held = (
        ask.state.groups.get(numeric_id(raw)) if ask.by() == "id" else ask.state.groups.first(external_id=raw)
    )
    if held is None:
        raise not_found()
    columns = {"name": "name", "parentId": "parent_id", "active": "active", "externalId": "external_id"}
    ask.state.groups.change(held, **{columns[name]: given[name] for name in columns if name in given})
    return Answer({"id": held.id})


def create_batch(ask: Ask) -> Answer:
    """Make products, each with one offer or several."""
    state, problems = ask.state, Problems()
    rows = ask.rows("products", state.setup.batch)
    sites = [ask.site(row.get("site")) for row in rows]
    for place, row in enumerate(rows):
        if not row.get("name"):
            problems.say(f"products[{place}].name", "This value should not be blank.")
        _read_offers(state, row, problems, f"products[{place}]")
    problems.stop_if_any(ENTITY)
    added = []
    for row, site in zip(rows, sites, strict=True):
        catalog = state.catalog_of(site)
        product = state.products.insert(
            Product(catalog=catalog, external_id=str(row.get("externalId") or ""))
        )
        _put(state, product, row)
        added.append(product.id)
    return Answer({"processedProductsCount": len(added), "addedProducts": added}, status=201)


def edit_batch(ask: Ask) -> Answer:
    """Change products; those nobody knows are named in the answer."""
    state, problems = ask.state, Problems()
    rows = ask.rows("products", state.setup.batch)
    for place, row in enumerate(rows):
        _read_offers(state, row, problems, f"products[{place}]")
    problems.stop_if_any(ENTITY)
    unknown: list[dict[str, Any]] = []
    for row in rows:
        held = _product(ask, row)
        if held is None:
            unknown.append({name: row[name] for name in ("id", "externalId") if name in row})
            continue
        _put(state, held, row)
    done = len(rows) - len(unknown)
    return Answer({"processedProductsCount": done, **({"notFoundProducts": unknown} if unknown else {})})


def _product(ask: Ask, row: Mapping[str, Any]) -> Product | None:
    if row.get("id"):
        return ask.state.products.get(int(row["id"])) if str(row["id"]).isdecimal() else None
    catalog = ask.state.catalog_of(ask.site(row.get("site")))
    return ask.state.products.first(external_id=str(row.get("externalId")), catalog=catalog)


def _put(state: CrmState, product: Product, row: Mapping[str, Any]) -> None:
    columns: dict[str, Any] = {column: str(row[name]) for name, column in _PRODUCT.items() if name in row}
    for flag in ("active", "markable"):
        if flag in row:
            columns[flag] = bool(row[flag])
    if "groups" in row:
        ids = (each.get("id") or _group_id(state, each.get("externalId")) for each in row["groups"])
        columns["groups"] = [each for each in ids if each]
    state.products.change(product, updated_at=state.now(), **columns)
    held = state.offers.where(product_id=product.id)
    for given in _read_offers(state, row, Problems(), ""):
        names = {name: given.pop(name) for name in ("id", "external_id") if name in given}
        offer = next(
            (each for each in held if names and all(getattr(each, k) == v for k, v in names.items())), None
        )
        if offer is None:
            offer = state.offers.insert(
                Offer(
                    catalog=product.catalog,
                    product_id=product.id,
                    external_id=str(names.get("external_id") or product.external_id),
                    name=product.name,
                )
            )
        state.offers.change(offer, **given)


def _read_offers(
    state: CrmState, row: Mapping[str, Any], problems: Problems, at: str
) -> list[dict[str, Any]]:
    read = []
    for place, given in enumerate(row.get("offers") or []):
        columns: dict[str, Any] = {
            column: str(given[name]) for name, column in _OFFER.items() if name in given
        }
        if given.get("id"):
            columns["id"] = given["id"]
        if given.get("externalId"):
            columns["external_id"] = str(given["externalId"])
        try:
            if "price" in given:
                columns["prices"] = {"base": money(state, given["price"])}
            if "prices" in given:
                columns["prices"] = {
                    str(each.get("priceType")): money(state, each.get("price")) for each in given["prices"]
                }
            if "purchasePrice" in given:
                columns["purchase_price"] = money(state, given["purchasePrice"])
            if "vatRate" in given:
                columns["vat_rate"] = vat_rate(state, given["vatRate"])
            if "weight" in given:
                columns["weight"] = number(state, given["weight"])
        except Unfit as exc:
            problems.say(f"{at}.offers[{place}]", str(exc))
        if "active" in given:
            columns["active"] = bool(given["active"])
        if "properties" in given:
            columns["properties"] = dict(given["properties"] or {})
        read.append(columns)
    return read


def _group_id(state: CrmState, external_id: Any) -> int | None:
    group = state.groups.first(external_id=str(external_id))
    return group.id if group else None


def _products_chosen(ask: Ask) -> Iterator[Product]:
    wanted = ask.filter()
    sites = [
        site for site in ask.state.site_codes(ask.key) if site in (strings(wanted.get("sites")) or [site])
    ]
    catalogs = {ask.state.catalog_of(site) for site in sites}
    for product in ask.state.products:
        if product.catalog not in catalogs:
            continue
        if wanted.get("ids") and str(product.id) not in strings(wanted["ids"]):
            continue
        if wanted.get("externalId") and product.external_id not in strings(wanted["externalId"]):
            continue
        if wanted.get("active") and product.active != (str(wanted["active"]) == "1"):
            continue
        if wanted.get("sinceUpdated") and product.updated_at < str(wanted["sinceUpdated"]):
            continue
        yield product


METHODS = (
    Method("GET", "store/products", "store_read", products),
    Method("GET", "store/products/properties", "store_read", properties),
    Method("GET", "store/offers", "store_read", offers),
    Method("GET", "store/product-groups", "store_read", groups),
    Method("POST", "store/product-groups/create", "store_write", create_group),
    Method("POST", "store/product-groups/{id}/edit", "store_write", edit_group),
    Method("POST", "store/products/batch/create", "store_write", create_batch),
    Method("POST", "store/products/batch/edit", "store_write", edit_batch),
)
