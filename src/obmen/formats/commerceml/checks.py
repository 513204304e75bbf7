"""Looks for contradictions between the items of one file, or of several files that belong together."""

from msgspec import UNSET

from obmen.formats.commerceml.errors import Findings
from obmen.formats.commerceml.items import Group, Item, Offer, PriceType, Product, Property, Text, Warehouse


class Checks:
    """Sees items one by one and reports at the end: what refers to what is known only then.

    A reference to a kind of thing that the files do not define at all is no finding: such a thing was sent in
    another session.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._properties: dict[str, str] = {}  # name -> id
        self._price_types: dict[str, str] = {}
        self._without_currency: set[Text] = set()  # price types
        self._bare_prices: dict[Text, tuple[int, str]] = {}  # by price type: those that name no currency
        self._defined: dict[str, set[Text]] = {}
        self._used: dict[str, dict[Text, tuple[int, str]]] = {}

    def see(self, item: Item) -> None:
        """Take one more item into account."""
        match item:
            case Offer():
                self._see_offer(item)
            case Product():
                self._define("orphan_offer", item.id)
                for group_id in item.group_ids or ():
                    self._use("undefined_group", group_id, item.id)
                for property_id in item.properties or ():
                    self._use("undefined_property", property_id, item.id)
            case Group():
                self._define("undefined_group", item.id)
            case Property():
                self._define("undefined_property", item.id)
                self._see_name("duplicate_property_name", self._properties, item.name, item.id)
            case PriceType():
                self._define("undefined_price_type", item.id)
                self._see_name("duplicate_price_type_name", self._price_types, item.name, item.id)
                if not item.currency:
                    self._without_currency.add(item.id)
            case Warehouse():
                self._define("undefined_warehouse", item.id)
            case _:
                pass

    def close(self) -> None:
        """Report references to what has not been defined."""
        for code, used in self._used.items():
            defined = self._defined.get(code)
            if not defined:
                continue
            for reference, (count, example) in used.items():
                if reference not in defined:
                    self._findings.add(code, f"{example}: {reference or ''}", count)
        for type_id, (count, example) in self._bare_prices.items():
            if type_id in self._without_currency:
                self._findings.add("no_currency", f"{example}: {type_id or ''}", count)

    def _see_offer(self, offer: Offer) -> None:
        find = self._findings.add
        for price in offer.prices or ():
            if price.type_id:
                self._use("undefined_price_type", price.type_id, offer.id)
            else:
                find("no_price_type", str(offer.id))
            if price.amount and price.amount[0] == "-":
                find("negative_price", f"{offer.id}: {price.amount}")
            if not price.currency:
                _note(self._bare_prices, price.type_id, offer.id)
            if price.coefficient and (price.coefficient[0] == "-" or price.coefficient == "0"):
                find("bad_coefficient", f"{offer.id}: {price.coefficient}")
        for stock in offer.stocks or ():
            if stock.warehouse_id:
                self._use("undefined_warehouse", stock.warehouse_id, offer.id)
            if stock.quantity and stock.quantity[0] == "-":
                find("negative_stock", f"{offer.id}: {stock.quantity}")
        if offer.stocks is UNSET and offer.quantity and offer.quantity[0] == "-":
            find("negative_stock", f"{offer.id}: {offer.quantity}")
        for property_id in offer.properties or ():
            self._use("undefined_property", property_id, offer.id)
        if "orphan_offer" in self._defined and offer.id in self._defined["orphan_offer"]:
            return  # 2.04 sends characteristics as goods: the product has the whole id
        self._use("orphan_offer", offer.product_id, offer.id)

    def _see_name(self, code: str, known: dict[str, str], name: Text, item_id: Text) -> None:
        if name and known.setdefault(name.casefold(), str(item_id)) != item_id:
            self._findings.add(code, f"{name}: {known[name.casefold()]}, {item_id}")

    def _define(self, kind: str, item_id: Text) -> None:
        self._defined.setdefault(kind, set()).add(item_id)

    def _use(self, kind: str, reference: Text, user: Text) -> None:
        _note(self._used.setdefault(kind, {}), reference, user)


def _note(uses: dict[Text, tuple[int, str]], reference: Text, user: Text) -> None:
    count, example = uses.get(reference, (0, str(user)))
    uses[reference] = (count + 1, example)
