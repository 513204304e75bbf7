"""Offers, prices and stock of a CommerceML package into the shop, with its deletions and its arithmetic."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.commerceml import Node, checksum, is_deleted, number, only_changes, text
from obmen.connectors.bitrix.sandbox.elements import (
    add_element,
    save_element,
    save_product_row,
    set_parent,
    slug,
)
from obmen.connectors.bitrix.sandbox.exchange_goods import drop_elements, element_properties, unit_and_vat
from obmen.connectors.bitrix.sandbox.exchange_metadata import (
    catalog_iblock,
    currency_of,
    import_price_types,
    import_properties,
    import_stores,
    offers_iblock,
)
from obmen.connectors.bitrix.sandbox.prices import put_price
from obmen.connectors.bitrix.sandbox.rows import FREE_OFFER, ZERO, Element, Iblock, PriceType
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.stock import put_amount

PACKAGES = ("ПакетПредложений", "ИзмененияПакетаПредложений")


class OffersFile:
    """One package of offers on its way in; prices and rests files are packages too."""

    def __init__(self, state: ShopState, root: Node, package: Node) -> None:
        self._state = state
        self._package = package
        self._classifier = root.find("Классификатор")
        self._products: Iblock | None = None
        self._offers: Iblock | None = None
        self._price_types: dict[str, tuple[PriceType, str]] = {}
        self._seen: set[int] = set()

    def metadata(self) -> None:
        """Find the infoblocks and upsert price types, stores and properties."""
        state = self._state
        catalog_id = text(self._package, "ИдКаталога")
        self._products = next(
            (
                iblock
                for iblock in state.iblocks
                if iblock.xml_id == catalog_id and iblock.product_iblock_id is None
            ),
            None,
        ) or catalog_iblock(state, None)
        if state.setup.use_offers:
            self._offers = offers_iblock(state, self._package, self._products)
        if self._classifier is not None:
            import_properties(state, self._classifier, self._offers or self._products)
        self._price_types = import_price_types(state, self._package)
        import_stores(state, self._package)

    def sections(self) -> None:
        """Do nothing: a package has no sections."""

    def absent_sections(self) -> None:
        """Do nothing: a package has no sections."""

    def elements(self) -> Iterator[tuple[int, int]]:
        """Import the offers; say after each how many of how many are done."""
        nodes = self._package.findall("Предложения/Предложение")
        for done, node in enumerate(nodes, 1):
            self._import(node)
            yield done, len(nodes)

    def absent_elements(self) -> None:
        """Act on offers a full package does not name."""
        if self._offers is not None and not only_changes(self._package):
            drop_elements(self._state, self._offers, self._seen)

    @property
    def iblock(self) -> Iblock:
        """The infoblock written to; known after the metadata step."""
        if self._products is None:
            raise RuntimeError("The metadata step comes first.")
        return self._offers or self._products

    def _import(self, node: Node) -> None:
        xml_id = text(node, "Ид")
        product_id, sharp, _ = xml_id.partition("#")
        if self._offers is None or not (sharp or self._state.setup.force_offers):
            self._trade(node, self._find(self._products, xml_id))
            return
        offer = self._find(self._offers, xml_id)
        if offer is not None:
            self._seen.add(offer.id)
        if [child.tag for child in node] in (["Ид", "Остатки"], ["Ид", "Цены"]):
            self._trade(node, offer)
        else:
            self._save(node, offer, self._offers, self._find(self._products, product_id))

    def _find(self, iblock: Iblock | None, xml_id: str) -> Element | None:
        return self._state.elements.first(xml_id=xml_id, iblock_id=iblock.id) if iblock else None

    def _save(self, node: Node, offer: Element | None, iblock: Iblock, parent: Element | None) -> None:
        """Save a full offer; equal to the last one it is skipped together with its prices and pieces."""
        state, name, version = self._state, text(node, "Наименование"), checksum(node)
        if offer is not None and state.setup.use_crc and offer.tmp_id == version:
            offer.timestamp_x = state.now()
            return
        if is_deleted(node):
            if offer is not None:
                save_element(state, offer, active="N", tmp_id=version)
            return
        if not name:
            return
        fields: dict[str, Any] = {"name": name, "active": "Y", "tmp_id": version} | unit_and_vat(state, node)
        held = offer.properties if offer else {}
        fields["properties"] = held | element_properties(state, node, iblock.id)
        if offer is None or state.setup.translit_on_update:
            fields["code"] = slug(name)
        if offer is None:
            offer = Element(iblock_id=iblock.id, xml_id=text(node, "Ид"), type=FREE_OFFER, **fields)
            add_element(state, offer)
        else:
            save_element(state, offer, **fields)
        self._seen.add(offer.id)
        if parent is not None and offer.parent_id != parent.id:
            set_parent(state, offer, parent)
        self._trade(node, offer)

    # Prices and pieces.

    def _trade(self, node: Node, element: Element | None) -> None:
        if element is None:
            return
        if node.find("Цены") is not None:
            self._put_prices(node, element)
        self._put_stock(node, element)

    def _put_prices(self, node: Node, element: Element) -> None:
        """Save the prices of a node; every other price of the product goes, whatever its type."""
        state = self._state
        kept: set[int] = set()
        for given in node.iterfind("Цены/Цена"):
            kind, currency = self._price_types.get(text(given, "ИдТипаЦены"), (None, ""))
            value = number(text(given, "ЦенаЗаЕдиницу"))
            if kind is None or value is None:
                continue  # an unknown type is ignored
            named = text(given, "Валюта")
            currency = currency_of(named) if named else currency
            held = state.prices.first(product_id=element.id, catalog_group_id=kind.id)
            row = put_price(
                state, held, product_id=element.id, catalog_group_id=kind.id, price=value, currency=currency
            )
            kept.add(row.id)
        for price in state.prices.where(product_id=element.id):
            if price.id not in kept:
                state.prices.remove(price)

    def _put_stock(self, node: Node, element: Element) -> None:
        """Upsert the named stores and set the quantity from them.

        The sum runs over the named active stores; reserves are taken off, but not where the node has prices.
        """
        state = self._state
        named = self._named_stores(node)
        if named:
            for store_id, amount in named.items():
                put_amount(state, element.id, store_id, amount)
            active = {store.id for store in state.stores if store.active == "Y"}
            quantity = sum((amount for store_id, amount in named.items() if store_id in active), ZERO)
            reserved = ZERO if node.find("Цены") is not None else element.quantity_reserved
            save_product_row(state, element, quantity=quantity - reserved)
            return
        total = number(text(node, "Количество") or text(node, "Остатки/Остаток/Количество"))
        if total is not None:
            save_product_row(state, element, quantity=total - element.quantity_reserved)

    def _named_stores(self, node: Node) -> dict[int, Decimal]:
        """Read both shapes of per-store stock; stores the shop does not know are left out."""
        given = [
            (each.get("ИдСклада", ""), each.get("КоличествоНаСкладе")) for each in node.iterfind("Склад")
        ]
        given += [
            (text(each, "Ид"), text(each, "Количество")) for each in node.iterfind("Остатки/Остаток/Склад")
        ]
        known = {store.xml_id: store.id for store in self._state.stores}
        return {known[xml_id]: number(amount) or ZERO for xml_id, amount in given if xml_id in known}
