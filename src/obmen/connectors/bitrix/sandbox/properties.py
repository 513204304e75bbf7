"""REST methods of properties and their choices: `catalog.productProperty.*`, `catalog.productPropertyEnum.*`."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import (
    Answer,
    Method,
    describes,
    fields_of,
    flag,
    gets,
    integer,
    lists,
    one,
    text,
)
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.listing import as_row
from obmen.connectors.bitrix.sandbox.rows import Enum, Property
from obmen.connectors.bitrix.sandbox.state import ShopState

TYPES = ("S", "N", "L", "F", "E", "G")

_TEXTS = {
    "name": "name", "code": "code", "xmlId": "xml_id", "userType": "user_type", "fileType": "file_type",
    "hint": "hint", "listType": "list_type", "withDescription": "with_description",
}  # fmt: skip
_FLAGS = {"multiple": "multiple", "isRequired": "is_required", "active": "active"}


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "iblockId", "name")
    iblock = state.iblocks.get(integer(fields["iblockId"]))
    if iblock is None:
        raise RestError("0", "The specified iblock is not a product catalog")
    changes = _read(fields)
    if changes.get("code") and state.property_of(iblock.id, changes["code"]):
        raise RestError("0", f"A property with the code {changes['code']} already exists")
    prop = Property(iblock_id=iblock.id, timestamp_x=state.now(), **changes)
    return Answer({"productProperty": as_row(state.properties.insert(prop))})


def _update(state: ShopState, params: Mapping[str, Any]) -> Answer:
    prop = one(state.properties, params, "productProperty")
    changes = _read(fields_of(params))
    retyped = changes.get("property_type", prop.property_type) != prop.property_type
    if retyped or (prop.multiple == "Y" and changes.get("multiple") == "N"):
        _lose_values(state, prop, keep=0 if retyped else 1)
    return Answer(
        {"productProperty": as_row(state.properties.change(prop, **changes, timestamp_x=state.now()))}
    )


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    prop = one(state.properties, params, "productProperty")
    _lose_values(state, prop, keep=0)
    for enum in state.enums.where(property_id=prop.id):
        state.enums.remove(enum)
    state.properties.remove(prop)
    return Answer(True)


def _add_enum(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "propertyId", "value", "xmlId")
    prop = state.properties.get(integer(fields["propertyId"]))
    if prop is None:
        raise RestError("0", "productPropertyEnum does not exist.")
    if prop.property_type != "L":
        raise RestError("0", "Only list properties are supported")
    enum = Enum(
        property_id=prop.id,
        value=str(fields["value"]),
        xml_id=_free_xml_id(state, prop.id, fields["xmlId"]),
        sort=integer(fields.get("sort")) or 500,
        def_=flag(fields.get("def")),
    )
    return Answer({"productPropertyEnum": as_row(state.enums.insert(enum))})


def _update_enum(state: ShopState, params: Mapping[str, Any]) -> Answer:
    enum = one(state.enums, params, "productPropertyEnum")
    fields = fields_of(params)
    changes: dict[str, Any] = {}
    if "value" in fields:
        changes["value"] = str(fields["value"])
    if "xmlId" in fields and fields["xmlId"] != enum.xml_id:
        changes["xml_id"] = _free_xml_id(state, enum.property_id, fields["xmlId"])
    if "sort" in fields:
        changes["sort"] = integer(fields["sort"]) or 500
    if "def" in fields:
        changes["def_"] = flag(fields["def"])
    return Answer({"productPropertyEnum": as_row(state.enums.change(enum, **changes))})


def _delete_enum(state: ShopState, params: Mapping[str, Any]) -> Answer:
    enum = one(state.enums, params, "productPropertyEnum")
    for element in state.elements:
        held = element.properties.get(enum.property_id, [])
        kept = [value for value in held if value.value != enum.id]
        if len(kept) < len(held):
            state.elements.change(element, properties={**element.properties, enum.property_id: kept})
    state.enums.remove(enum)
    return Answer(True)


METHODS: dict[str, Method] = {
    "catalog.productProperty.add": _add,
    "catalog.productProperty.update": _update,
    "catalog.productProperty.delete": _delete,
    "catalog.productProperty.get": gets(lambda state: state.properties, "productProperty", "productProperty"),
    "catalog.productProperty.list": lists(lambda state: state.properties, "productProperties"),
    "catalog.productProperty.getFields": describes(Property, "productProperty"),
    "catalog.productPropertyEnum.add": _add_enum,
    "catalog.productPropertyEnum.update": _update_enum,
    "catalog.productPropertyEnum.delete": _delete_enum,
    "catalog.productPropertyEnum.get": gets(
        lambda state: state.enums, "productPropertyEnum", "productPropertyEnum"
    ),
    "catalog.productPropertyEnum.list": lists(lambda state: state.enums, "productPropertyEnums"),
    "catalog.productPropertyEnum.getFields": describes(Enum, "productPropertyEnum"),
}


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {name: text(fields[shown]) for shown, name in _TEXTS.items() if shown in fields}
    changes |= {name: flag(fields[shown]) for shown, name in _FLAGS.items() if shown in fields}
    if "propertyType" in fields:
        if fields["propertyType"] not in TYPES:
            raise RestError("0", "Invalid property type specified")
        changes["property_type"] = fields["propertyType"]
    if "sort" in fields:
        changes["sort"] = integer(fields["sort"]) or 500
    if "linkIblockId" in fields:
        changes["link_iblock_id"] = integer(fields["linkIblockId"])
    for shown, name in (("defaultValue", "default_value"), ("userTypeSettings", "user_type_settings")):
        if shown in fields:
            changes[name] = fields[shown]
    return changes


def _free_xml_id(state: ShopState, property_id: int, raw: Any) -> str:
    if any(enum.xml_id == str(raw) for enum in state.enums.where(property_id=property_id)):
        raise RestError("0", f"A value with xmlId '{raw}' already exists.")
    return str(raw)


def _lose_values(state: ShopState, prop: Property, *, keep: int) -> None:
    """Cut the values of live elements down: what a changed type or a lost "multiple" does."""
    for element in state.elements.where(iblock_id=prop.iblock_id):
        held = element.properties.get(prop.id, [])
        if len(held) > keep:
            state.elements.change(element, properties={**element.properties, prop.id: held[:keep]})
