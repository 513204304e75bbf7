"""REST methods of products, parents of offers and offers: `catalog.product.*`, `.sku.*`, `.offer.*`."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from obmen.connectors.bitrix.sandbox.calls import (
    Answer,
    Download,
    Method,
    as_row_names,
    fields_of,
    flag,
    id_of,
    integer,
    moment,
    number,
    text,
    text_type,
    three_way,
)
from obmen.connectors.bitrix.sandbox.elements import (
    add_element,
    delete_element,
    link_property,
    save_element,
    set_parent,
)
from obmen.connectors.bitrix.sandbox.errors import RestError, missing_parameter, required_fields
from obmen.connectors.bitrix.sandbox.listing import Ask, Getter, as_row, choose, only
from obmen.connectors.bitrix.sandbox.rows import (
    EMPTY_PARENT,
    FREE_OFFER,
    OFFER,
    PARENT,
    PARENTS,
    SERVICE,
    SET,
    SIMPLE,
    Element,
    Property,
    Value,
)
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.values import (
    add_values,
    show_file,
    show_property,
    store_file,
    trimmed,
    update_values,
)


class Family(NamedTuple):
    """One family of methods over elements."""

    prefix: str
    types: frozenset[int]
    born: int  # the type an added element gets
    added: str  # the key of add, update
    got: str  # the key of get
    listed: str  # the key of list


ALL = frozenset({SIMPLE, SET, PARENT, OFFER, FREE_OFFER, EMPTY_PARENT, SERVICE})
FAMILIES = (
    Family("catalog.product", ALL, SIMPLE, "element", "product", "products"),
    Family("catalog.product.sku", PARENTS, EMPTY_PARENT, "sku", "sku", "units"),
    Family("catalog.product.offer", frozenset({OFFER, FREE_OFFER}), FREE_OFFER, "offer", "offer", "offers"),
    Family("catalog.product.service", frozenset({SERVICE}), SERVICE, "service", "service", "services"),
)

_READERS: dict[str, Callable[[Any], Any]] = {
    "name": text, "xmlId": lambda raw: text(raw) or "", "code": text, "active": flag, "sort": integer,
    "previewText": text, "previewTextType": text_type, "detailText": text, "detailTextType": text_type,
    "createdBy": integer, "modifiedBy": integer,
    "weight": number, "length": number, "width": number, "height": number,
    "measure": integer, "vatId": integer, "vatIncluded": flag, "subscribe": three_way, "barcodeMulti": flag,
    "quantity": number, "quantityReserved": number, "quantityTrace": three_way, "canBuyZero": three_way,
    "purchasingPrice": number, "purchasingCurrency": text,
}  # fmt: skip
_DATES = ("dateActiveFrom", "dateActiveTo", "dateCreate")
_PICTURES = ("previewPicture", "detailPicture")
# Dropped without a word while inventory control is on.
_OF_INVENTORY = ("quantity", "quantityReserved", "quantityTrace", "purchasingPrice", "purchasingCurrency")
# A parent of offers has none of its own, unless the shop shows the trade tab for it.
_OF_OFFERS = (*_OF_INVENTORY, "weight", "length", "width", "height", "measure", "canBuyZero")
_HIDDEN = ("properties", "tmpId", "parentId")
_TRIMMED = ("name", "previewText", "detailText")


def _add(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "iblockId", "name")
    iblock = state.iblocks.get(integer(fields["iblockId"]))
    if iblock is None or (family.born == FREE_OFFER) != (iblock.product_iblock_id is not None):
        raise RestError(200040300000, "Iblock Not Exists")
    parent = _parent(state, iblock.id, fields)
    element = Element(iblock_id=iblock.id, name="", type=family.born)
    changes = _scalars(state, element, fields)
    _check_code(state, element, changes)
    given = _given_properties(state, iblock.id, fields)
    changes["properties"] = {prop.id: kept for prop, raw in given if (kept := add_values(state, prop, raw))}
    _check_required(state, iblock.id, changes["properties"])
    element = add_element(state, msgspec.structs.replace(element, **changes))
    if family.born == FREE_OFFER and parent is not None:
        set_parent(state, element, parent)
    return Answer({family.added: show(state, element)})


def _update(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    element = _element(family, state, params)
    fields = fields_of(params)
    changes = _scalars(state, element, fields)
    _check_code(state, element, changes)
    given = _given_properties(state, element.iblock_id, fields)
    if given:
        properties = dict(element.properties)
        for prop, raw in given:
            properties[prop.id] = update_values(state, prop, raw, properties.get(prop.id, []))
        changes["properties"] = {prop_id: kept for prop_id, kept in properties.items() if kept}
        _check_required(state, element.iblock_id, changes["properties"])
    parent = _parent(state, element.iblock_id, fields)
    save_element(state, element, **changes)
    if parent is not None:
        set_parent(state, element, parent)
    return Answer({family.added: show(state, element)})


def _get(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    element = _element(family, state, params)
    shown = show(state, element)
    if element.purchasing_price is not None:
        shown["purchasingPrice"] = f"{element.purchasing_price:.6f}"  # a text here, a number in lists
    return Answer({family.got: shown})


def _delete(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    delete_element(state, _element(family, state, params))
    return Answer(True)


def _list(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    ask = Ask.of(params)
    if not {"id", "iblockId"} <= {*ask.select}:
        raise required_fields([name for name in ("id", "iblockId") if name not in ask.select])
    iblock_id = ask.filter.get("iblockId", ask.filter.get("=iblockId"))
    if iblock_id in (None, ""):
        raise required_fields(["iblockId"])
    getters = {f"property{prop.id}": _values_of(prop) for prop in state.properties}
    getters["parentId"] = lambda element: element.parent_id
    if family.types != ALL:
        ask = ask._replace(filter={**ask.filter, "@type": list(family.types)})
    page = choose(state.elements, ask, getters=getters)
    wanted = (*ask.select, *(getters if "property*" in ask.select else ()))
    return Answer(
        {family.listed: [only(show(state, row), wanted) for row in page.rows]}, page.total, page.next
    )


def _download(family: Family, state: ShopState, params: Mapping[str, Any]) -> Download:
    fields = fields_of(params, "fieldName", "fileId", "productId")
    element = _element(family, state, {"id": fields["productId"]})
    file = state.files.get(id_of(fields, "fileId"))
    attached = {element.preview_picture, element.detail_picture, *_file_ids(state, element)}
    if file is None or file.id not in attached:
        raise RestError(0, "File does not exist")
    return Download(file.name, file.content)


def _describe(family: Family, state: ShopState, params: Mapping[str, Any]) -> Answer:
    ask = params.get("filter")
    if not isinstance(ask, dict):
        raise missing_parameter("filter")
    props = state.properties.where(iblock_id=integer(ask.get("iblockId")))
    names = [name for name in as_row_names(Element) if name not in _HIDDEN]
    return Answer({family.got: {name: {} for name in (*names, *(f"property{prop.id}" for prop in props))}})


METHODS: dict[str, Method] = {
    f"{family.prefix}.{verb}": partial(method, family)
    for family in FAMILIES
    for verb, method in (
        ("add", _add),
        ("update", _update),
        ("get", _get),
        ("delete", _delete),
        ("list", _list),
        ("download", _download),
        ("getFieldsByFilter", _describe),
    )
}


def show(state: ShopState, element: Element) -> dict[str, Any]:
    """Show an element as REST does: its fields and all its properties, no prices and no stores."""
    shown = {name: value for name, value in as_row(element).items() if name not in _HIDDEN}
    for name in _PICTURES:
        if shown[name] is not None:
            shown[name] = show_file(shown[name], element_id=element.id, field=name)
    link = link_property(state, element.iblock_id)
    for prop in state.properties.where(iblock_id=element.iblock_id):
        shown["parentId" if prop.id == link else f"property{prop.id}"] = show_property(state, prop, element)
    if element.type in PARENTS:
        shown |= dict.fromkeys(_OF_OFFERS)
    return shown


def _element(family: Family, state: ShopState, params: Mapping[str, Any]) -> Element:
    element = state.elements.get(id_of(params))
    if element is None or element.type not in family.types:
        raise RestError(0, "Product does not exist")
    return element


def _scalars(state: ShopState, element: Element, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Read every field but properties, leaving out what this element may not have."""
    dropped: set[str] = set(_OF_INVENTORY) if state.setup.inventory_control else set()
    if element.type in PARENTS:
        dropped |= {*_OF_OFFERS}
    names = dict(zip(as_row_names(Element), Element.__struct_fields__, strict=True))
    changes: dict[str, Any] = {
        names[name]: read(fields[name])
        for name, read in _READERS.items()
        if name in fields and name not in dropped
    }
    changes |= {names[name]: moment(state, fields[name]) for name in _DATES if name in fields}
    for name in _TRIMMED:
        if isinstance(changes.get(names[name]), str):
            changes[names[name]] = trimmed(state, changes[names[name]])
    for name in _PICTURES:
        if name in fields:
            changes |= _picture(state, names[name], fields[name])
    changes |= _sections(state, element, fields)
    if changes.get("vat_id") is not None and state.vats.get(changes["vat_id"]) is None:
        raise RestError(0, "VAT rate does not exist")
    if "name" in changes and not changes["name"]:
        raise RestError(0, "Element name is not filled.<br>")
    pieces = ("quantity", "quantity_reserved")
    return {name: value for name, value in changes.items() if value is not None or name not in pieces}


def _picture(state: ShopState, name: str, raw: Any) -> dict[str, int | None]:
    if isinstance(raw, dict) and raw.get("remove") == "Y":
        return {name: None}
    if isinstance(raw, dict) and "fileData" in raw:
        return {name: store_file(state, raw["fileData"]).id}
    return {}


def _sections(state: ShopState, element: Element, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Read the main section and the list; the main one is always in the list."""
    raw = fields.get("iblockSection", fields.get("IblockSection"))
    if raw is None and "iblockSectionId" not in fields:
        return {}
    listed = [found for item in raw if (found := integer(item))] if isinstance(raw, list) else None
    main = integer(fields.get("iblockSectionId")) or 0
    if listed is None:
        listed = [main] if main else []
    elif main and main not in listed:
        listed = [main, *listed]
    for section_id in listed:
        section = state.sections.get(section_id)
        if section is None or section.iblock_id != element.iblock_id:
            raise RestError(0, "Section does not exist")
    main = main or (element.iblock_section_id or 0 if element.iblock_section_id in listed else 0)
    return {"iblock_section": listed, "iblock_section_id": main or (listed[0] if listed else None)}


def _given_properties(
    state: ShopState, iblock_id: int, fields: Mapping[str, Any]
) -> list[tuple[Property, Any]]:
    link = link_property(state, iblock_id)
    known = state.properties.where(iblock_id=iblock_id)
    return [
        (prop, fields[f"property{prop.id}"])
        for prop in known
        if prop.id != link and f"property{prop.id}" in fields
    ]


def _parent(state: ShopState, iblock_id: int, fields: Mapping[str, Any]) -> Element | None:
    """Read the parent of an offer: under its alias, or under the link property itself."""
    link = link_property(state, iblock_id)
    raw = fields.get("parentId", fields.get(f"property{link}"))
    if isinstance(raw, dict):
        raw = raw.get("value")
    if raw in (None, "") or not link:
        return None
    parent = state.elements.get(integer(raw))
    if parent is None:
        raise RestError(200040500010, "Parent product not found")
    iblock = state.iblocks.get(iblock_id)
    wrong_iblock = iblock is None or parent.iblock_id != iblock.product_iblock_id
    if wrong_iblock or parent.type not in {SIMPLE, *PARENTS}:
        raise RestError(200040500020, "Wrong parent product type or iblock")
    return parent


def _check_code(state: ShopState, element: Element, changes: Mapping[str, Any]) -> None:
    code = changes.get("code")
    if not code or not state.setup.unique_codes:
        return
    if any(
        other.code == code and other.id != element.id
        for other in state.elements.where(iblock_id=element.iblock_id)
    ):
        raise RestError(0, "Element with this symbolic code already exists.<br>")


def _check_required(state: ShopState, iblock_id: int, properties: Mapping[int, list[Value]]) -> None:
    for prop in state.properties.where(iblock_id=iblock_id):
        if prop.is_required == "Y" and not properties.get(prop.id):
            raise RestError(0, f"Obligatory property not filled: {prop.name}.<br>")


def _values_of(prop: Property) -> Getter[Element]:
    return lambda element: [value.value for value in element.properties.get(prop.id, [])]


def _file_ids(state: ShopState, element: Element) -> Iterator[int]:
    for prop in state.properties.where(iblock_id=element.iblock_id):
        if prop.property_type == "F":
            yield from (value.value for value in element.properties.get(prop.id, []))
