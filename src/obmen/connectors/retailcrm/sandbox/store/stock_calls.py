"""Methods about stock and prices between two loads of the catalogue."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import STORE_LIMITS, Answer, Ask, Method, paged, strings
from obmen.connectors.retailcrm.sandbox.errors import ENTITY, Problems, Unfit
from obmen.connectors.retailcrm.sandbox.rows import Offer
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.store.shown import shown_stock
from obmen.connectors.retailcrm.sandbox.values import decimal, is_empty, money, trimmed

MOST = Decimal(999_999)
_KEYS = {"id": "id", "externalId": "external_id", "xmlId": "xml_id"}


def inventories(ask: Ask) -> Answer:
    """List stock; `filter[details]` asks for it by store."""
    details = str(ask.filter().get("details") or "0") == "1"
    return paged(
        ask,
        "offers",
        offers_chosen(ask),
        lambda pair: shown_stock(pair[0], pair[1], details=details),
        limits=STORE_LIMITS,
    )


def upload_inventories(ask: Ask) -> Answer:
    """Set stock by store; offers nobody knows are named in the answer and are no error."""
    state, site = ask.state, ask.site()
    rows, problems = ask.rows("offers", state.setup.store_batch), Problems()
    wanted = [
        (row, _read_stores(state, row.get("stores"), problems, f"offers[{place}]"))
        for place, row in enumerate(rows)
    ]
    problems.stop_if_any(ENTITY)

    def put(offer: Offer, stores: dict[str, dict[str, Decimal]]) -> None:
        held = {store: {**offer.stores.get(store, {}), **given} for store, given in stores.items()}
        bought = [given["purchasePrice"] for given in stores.values() if "purchasePrice" in given]
        state.offers.change(
            offer,
            stores={**offer.stores, **held},
            purchase_price=bought[-1] if bought else offer.purchase_price,
        )

    return _put_all(state, [(row, site, stores) for row, stores in wanted], put)


def upload_prices(ask: Ask) -> Answer:
    """Set prices by type, or take them away with `remove`."""
    state = ask.state
    rows, problems = ask.rows("prices", state.setup.store_batch), Problems()
    wanted = [
        (row, ask.site(row.get("site")), _read_prices(state, row.get("prices"), problems, f"prices[{place}]"))
        for place, row in enumerate(rows)
    ]
    problems.stop_if_any(ENTITY)

    def put(offer: Offer, prices: dict[str, Decimal | None]) -> None:
        kept = {kind: price for kind, price in {**offer.prices, **prices}.items() if price is not None}
        state.offers.change(offer, prices=kept)

    return _put_all(state, wanted, put)


def offers_chosen(ask: Ask) -> Iterator[tuple[Offer, str]]:
    """Walk offers a filter lets through, each with the shop that sells it."""
    wanted, visible = ask.filter(), ask.state.site_codes(ask.key)
    asked = strings(wanted.get("sites"))
    seller = {ask.state.catalog_of(site): site for site in reversed(visible) if not asked or site in asked}
    tests: dict[str, Callable[[Offer], bool]] = {
        "ids": lambda offer: str(offer.id) in strings(wanted["ids"]),
        "externalIds": lambda offer: offer.external_id in strings(wanted["externalIds"]),
        "offerExternalId": lambda offer: offer.external_id in strings(wanted["offerExternalId"]),
        "offerXmlId": lambda offer: offer.xml_id in strings(wanted["offerXmlId"]),
        "xmlIds": lambda offer: offer.xml_id in strings(wanted["xmlIds"]),
        "active": lambda offer: offer.active == (str(wanted["active"]) == "1"),
        "offerActive": lambda offer: offer.active == (str(wanted["offerActive"]) == "1"),
        "name": lambda offer: str(wanted["name"]).lower() in offer.name.lower(),
    }
    used = [test for name, test in tests.items() if wanted.get(name) not in (None, "")]
    for offer in ask.state.offers:
        if offer.catalog in seller and all(test(offer) for test in used):
            yield offer, seller[offer.catalog]


def named_offer(state: CrmState, site: str, row: Mapping[str, Any]) -> Offer | None:
    """Find the offer a row names by one of three identifiers."""
    for name, column in _KEYS.items():
        raw = row.get(name)
        if is_empty(raw):
            continue
        if name == "id":
            return state.find_offer(site, id=int(str(raw))) if str(raw).isdecimal() else None
        return state.find_offer(site, **{column: str(raw)})
    return None


def _put_all(
    state: CrmState, rows: list[tuple[dict[str, Any], str, Any]], put: Callable[[Offer, Any], None]
) -> Answer:
    done, unknown = 0, list[dict[str, Any]]()
    for row, site, values in rows:
        offer = named_offer(state, site, row)
        if offer is None:
            unknown.append({name: row[name] for name in _KEYS if not is_empty(row.get(name))})
            continue
        put(offer, values)
        done += 1
    return Answer({"processedOffersCount": done, "notFoundOffers": unknown})


def _read_stores(state: CrmState, given: Any, problems: Problems, at: str) -> dict[str, dict[str, Decimal]]:
    stores: dict[str, dict[str, Decimal]] = {}
    for place, row in enumerate(given if isinstance(given, list) else []):
        code, where = str(row.get("code") or ""), f"{at}.stores[{place}]"
        if code not in state.books["stores"]:
            problems.say(f"{where}.code", f'"Store" with "code"="{code}" does not exist.')
            continue
        try:
            quantity = trimmed(decimal(row.get("available", 0)))
            if not 0 <= quantity <= MOST:
                problems.say(f"{where}.available", f"This value should be between 0 and {MOST}.")
            stores[code] = {"quantity": quantity}
            if not is_empty(row.get("purchasePrice")):
                stores[code]["purchasePrice"] = money(state, row["purchasePrice"])
        except Unfit as exc:
            problems.say(f"{where}.available", str(exc))
    if not stores:
        problems.say(f"{at}.stores", "This value should not be blank.")
    return stores


def _read_prices(state: CrmState, given: Any, problems: Problems, at: str) -> dict[str, Decimal | None]:
    prices: dict[str, Decimal | None] = {}
    for place, row in enumerate(given if isinstance(given, list) else []):
        code, where = str(row.get("code") or ""), f"{at}.prices[{place}]"
        if code not in state.books["price-types"]:
            problems.say(f"{where}.code", f'"PriceType" with "code"="{code}" does not exist.')
            continue
        try:
            prices[code] = None if row.get("remove") else money(state, row.get("price"))
        except Unfit as exc:
            problems.say(f"{where}.price", str(exc))
    if not prices:
        problems.say(f"{at}.prices", "This value should not be blank.")
    return prices


METHODS = (
    Method("GET", "store/inventories", "store_read", inventories),
    Method("POST", "store/inventories/upload", "store_write", upload_inventories),
    Method("POST", "store/prices/upload", "store_write", upload_prices),
)
