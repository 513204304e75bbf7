"""Saving and deleting elements and sections: the rules every door of the shop shares."""

import re
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import (
    EMPTY_PARENT,
    FREE_OFFER,
    OFFER,
    PARENT,
    PARENTS,
    ZERO,
    Element,
    Section,
    Value,
)
from obmen.connectors.bitrix.sandbox.state import ShopState

NAME_LIMIT = 255  # characters; b_iblock_element.NAME is a varchar

_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "ye",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "_",
            "y",
            "_",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)


def slug(name: str) -> str:
    """Write a name in Latin letters, as the shop makes the CODE of an element."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in name.lower())
    return re.sub(r"[^a-z0-9]+", "_", latin.replace("_", "")).strip("_")[:100]


def add_element(state: ShopState, element: Element) -> Element:
    """Save a new element; without an external code it gets its own id for one."""
    element.name = element.name[:NAME_LIMIT]
    element.timestamp_x = state.now()
    element.date_create = element.date_create or element.timestamp_x
    element.available = availability(state, element)
    element.xml_id = element.xml_id or str(state.elements.next_id)
    return state.elements.insert(element)


def save_element(state: ShopState, element: Element, /, **changes: Any) -> Element:
    """Save an element: the time of change moves even where nothing else does."""
    if "name" in changes:
        changes["name"] = str(changes["name"])[:NAME_LIMIT]
    state.elements.change(element, **changes, timestamp_x=state.now())
    refresh_availability(state, element)
    return element


def save_product_row(state: ShopState, element: Element, /, **changes: Any) -> Element:
    """Save the trade-catalogue side only: the element's time of change stays."""
    state.elements.change(element, **changes)
    refresh_availability(state, element)
    return element


def delete_element(state: ShopState, element: Element) -> None:
    """Delete an element with its prices, stock and offers."""
    for offer in offers_of(state, element):
        delete_element(state, offer)
    for price in state.prices.where(product_id=element.id):
        state.prices.remove(price)
    for stock in state.store_products.where(product_id=element.id):
        state.store_products.remove(stock)
    parent = parent_of(state, element)
    state.elements.remove(element)
    if parent is not None:
        refresh_parent(state, parent)


def delete_section(state: ShopState, section: Section) -> None:
    """Delete a section with its subsections and the elements that are in no other."""
    for inner in state.sections.where(iblock_id=section.iblock_id, iblock_section_id=section.id):
        delete_section(state, inner)
    for element in state.elements.where(iblock_id=section.iblock_id):
        if section.id not in element.iblock_section:
            continue
        others = [other for other in element.iblock_section if other != section.id]
        if others:
            state.elements.change(element, iblock_section=others, iblock_section_id=others[0])
        else:
            delete_element(state, element)
    state.sections.remove(section)


# Offers and their parents.


def link_property(state: ShopState, offers_iblock_id: int) -> int:
    """Return the id of the property by which offers name their parent."""
    iblock = state.iblocks.get(offers_iblock_id)
    return (iblock.sku_property_id or 0) if iblock else 0


def parent_of(state: ShopState, element: Element) -> Element | None:
    """Return the parent of an offer, or None."""
    return state.elements.get(element.parent_id)


def offers_of(state: ShopState, element: Element) -> list[Element]:
    """Return the offers of a parent."""
    return state.elements.where(parent_id=element.id)


def set_parent(state: ShopState, offer: Element, parent: Element | None) -> None:
    """Hang an offer on a parent, which becomes a parent of offers by that; without one it is free."""
    former = parent_of(state, offer)
    link = link_property(state, offer.iblock_id)
    properties = {prop_id: values for prop_id, values in offer.properties.items() if prop_id != link}
    if parent is None:
        state.elements.change(offer, properties=properties, parent_id=None, type=FREE_OFFER)
    elif former is not parent:
        properties[link] = [Value(value_id=state.next_value_id(), value=parent.id)]
        state.elements.change(offer, properties=properties, parent_id=parent.id, type=OFFER)
    for touched in (former, parent):
        if touched is not None:
            refresh_parent(state, touched)


def refresh_parent(state: ShopState, parent: Element) -> None:
    """Recalculate the type and the availability of a parent after its offers changed."""
    offers = offers_of(state, parent)
    if not offers and parent.type not in PARENTS:
        return
    kind = PARENT if offers else EMPTY_PARENT
    if kind != parent.type:
        state.elements.change(parent, type=kind)
    parent.available = "Y" if any(offer.available == "Y" for offer in offers) else "N"


# Availability.


def availability(state: ShopState, element: Element) -> str:
    """Tell whether the element can be bought."""
    traced = state.setup.default_trace if element.quantity_trace == "D" else element.quantity_trace
    on_order = state.setup.default_buy_zero if element.can_buy_zero == "D" else element.can_buy_zero
    return "Y" if element.quantity > ZERO or traced == "N" or on_order == "Y" else "N"


def refresh_availability(state: ShopState, element: Element) -> None:
    """Recalculate what follows from quantities; a derived value is no write of its own."""
    if element.type in PARENTS:
        refresh_parent(state, element)
        return
    element.available = availability(state, element)
    parent = parent_of(state, element)
    if parent is not None:
        refresh_parent(state, parent)
