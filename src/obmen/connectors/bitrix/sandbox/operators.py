"""What people do in the shop's own screens, and what the shop counts for a verdict."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from obmen.connectors.bitrix.sandbox.calls import flag, number
from obmen.connectors.bitrix.sandbox.elements import (
    add_element,
    delete_element,
    save_element,
    save_product_row,
    set_parent,
)
from obmen.connectors.bitrix.sandbox.pictures import pictures_of
from obmen.connectors.bitrix.sandbox.prices import put_price
from obmen.connectors.bitrix.sandbox.rows import ZERO, Element, PriceType
from obmen.connectors.bitrix.sandbox.state import Setup, ShopState
from obmen.connectors.bitrix.sandbox.stock import put_amount
from obmen.connectors.bitrix.sandbox.values import copied

DOOR = "operator"


class Operator:
    """A manager at the administrative screens. Every act is an effect of the door `operator`."""

    def __init__(self, state: ShopState) -> None:
        self._state = state

    def actions(self) -> dict[str, Callable[..., object]]:
        """List the acts by name."""
        acts: tuple[Callable[..., object], ...] = (
            self.find,
            self.set_price,
            self.rename,
            self.describe,
            self.set_active,
            self.delete,
            self.copy,
            self.sell,
            self.set_stock,
            self.edit_section,
            self.configure,
        )
        return {act.__name__: act for act in acts}

    def find(self, *, xml_id: str) -> list[int]:
        """Return the ids of all elements with an external code."""
        return [element.id for element in self._state.elements.where(xml_id=xml_id)]

    def set_price(self, *, element: int, price: str, kind: str = "") -> int:
        """Set a price by hand; without a type, the base one."""
        state = self._state
        price_type = _price_type(state, kind)
        held = state.prices.first(product_id=_element(state, element).id, catalog_group_id=price_type.id)
        with state.acting(DOOR):
            fields: dict[str, Any] = {
                "price": number(price) or ZERO,
                "currency": held.currency if held else "RUB",
            }
            return put_price(state, held, product_id=element, catalog_group_id=price_type.id, **fields).id

    def rename(self, *, element: int, name: str) -> int:
        """Give an element another name."""
        return self._save(element, name=name)

    def describe(self, *, element: int, text: str, kind: str = "text") -> int:
        """Write another detailed description."""
        return self._save(element, detail_text=text, detail_text_type=kind)

    def set_active(self, *, element: int, active: bool) -> int:
        """Switch an element on or off."""
        return self._save(element, active=flag(active))

    def delete(self, *, element: int) -> int:
        """Delete an element with its prices, stock and offers."""
        with self._state.acting(DOOR):
            delete_element(self._state, _element(self._state, element))
        return element

    def copy(self, *, element: int) -> int:
        """Copy an element; the external code is copied too, so two elements bear it. Prices are not."""
        state = self._state
        original = _element(state, element)
        with state.acting(DOOR):
            twin = msgspec.structs.replace(
                original,
                id=0,
                parent_id=None,
                tmp_id="",
                date_create=None,
                properties=copied(state, original.properties),
            )
            add_element(state, twin)
            parent = state.elements.get(original.parent_id)
            if parent is not None:
                set_parent(state, twin, parent)
        return twin.id

    def sell(self, *, element: int, quantity: str = "1", store: int = 0) -> str:
        """Sell pieces: the quantity falls, and the amount in a store where one is named. Returns what is left."""
        state = self._state
        sold, pieces = _element(state, element), number(quantity) or ZERO
        with state.acting(DOOR):
            held = state.store_products.first(product_id=element, store_id=store) if store else None
            if held is not None:
                state.store_products.change(held, amount=held.amount - pieces)
            save_product_row(state, sold, quantity=sold.quantity - pieces)
        return str(sold.quantity)

    def set_stock(self, *, element: int, store: int, amount: str) -> int:
        """Set the pieces of an element in one store by hand."""
        state = self._state
        stocked = _element(state, element)
        if state.stores.get(store) is None:
            raise ValueError(f"The shop has no store {store}.")
        with state.acting(DOOR):
            held = state.store_products.first(product_id=element, store_id=store)
            pieces = number(amount) or ZERO
            put_amount(state, element, store, pieces)
            save_product_row(
                state, stocked, quantity=stocked.quantity + pieces - (held.amount if held else ZERO)
            )
        return element

    def edit_section(self, *, section: int, name: str = "", active: bool | None = None) -> int:
        """Rename a section or switch it on or off."""
        edited = self._state.sections.get(section)
        if edited is None:
            raise ValueError(f"The shop has no section {section}.")
        changes: dict[str, Any] = {"name": name} if name else {}
        if active is not None:
            changes["active"] = flag(active)
        with self._state.acting(DOOR):
            self._state.sections.change(edited, **changes, timestamp_x=self._state.now())
        return section

    def configure(self, **options: Any) -> list[str]:
        """Change options of the shop while it runs, by the names of `Setup`; return the names changed."""
        held = msgspec.structs.asdict(self._state.setup)
        self._state.setup = msgspec.convert(held | options, Setup)
        return sorted(name for name, value in options.items() if held[name] != value)

    def _save(self, element: int, **changes: Any) -> int:
        with self._state.acting(DOOR):
            return save_element(self._state, _element(self._state, element), **changes).id


def count(state: ShopState) -> dict[str, Any]:
    """Count what the shop holds and who wrote it: the shop's side of a verdict."""
    live = Counter(state.entity_of(element) for element in state.elements if element.active == "Y")
    names = {kind.id: kind.name for kind in state.price_types}
    return {
        "products": sum(not state.is_offers(element.iblock_id) for element in state.elements),
        "products_live": live["product"],
        "offers": sum(state.is_offers(element.iblock_id) for element in state.elements),
        "offers_live": live["offer"],
        "sections": len(state.sections),
        "sections_live": sum(section.active == "Y" for section in state.sections),
        "prices": len(state.prices),
        "prices_by_type": dict(Counter(names[price.catalog_group_id] for price in state.prices)),
        "pictures": sum(len([*pictures_of(state, element)]) for element in state.elements),
        "duplicates": duplicates(state),
        "writes": {door: state.ledger.writes(by=door) for door in ("rest", "exchange", DOOR)},
    }


def duplicates(state: ShopState) -> dict[str, list[int]]:
    """Return external codes borne by more than one element of an infoblock, or by more than one section."""
    bearers: dict[tuple[str, int, str], list[int]] = {}
    for element in state.elements:
        bearers.setdefault(("element", element.iblock_id, element.xml_id), []).append(element.id)
    for section in state.sections:
        if section.xml_id:
            bearers.setdefault(("section", section.iblock_id, section.xml_id), []).append(section.id)
    return {xml_id: ids for (_, _, xml_id), ids in bearers.items() if len(ids) > 1}


def _element(state: ShopState, element_id: int) -> Element:
    element = state.elements.get(element_id)
    if element is None:
        raise ValueError(f"The shop has no element {element_id}.")
    return element


def _price_type(state: ShopState, name: str) -> PriceType:
    found = next(
        (
            kind
            for kind in state.price_types
            if name in (kind.name, kind.xml_id) or (not name and kind.base == "Y")
        ),
        None,
    )
    if found is None:
        known = ", ".join(kind.name for kind in state.price_types)
        raise ValueError(f"The shop has no price type {name!r}; known: {known}.")
    return found
