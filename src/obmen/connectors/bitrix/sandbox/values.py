"""Property values: how REST reads and writes them, with the vendor's traps left in.

On update a bare scalar for a single property is dropped, and because the whole set of values is then rewritten
without it, the old value is gone as well. Files are appended, never replaced; after one is removed the ids of
the values that remain change.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.rows import Element, File, Property, Value
from obmen.connectors.bitrix.sandbox.state import ShopState


def store_file(state: ShopState, data: object, *, path: str = "") -> File:
    """Register an upload given as `[name, base64]`."""
    if not (isinstance(data, list) and len(data) == 2 and all(isinstance(part, str) for part in data)):
        raise RestError(0, "Wrong file date")  # the vendor's own spelling
    try:
        content = base64.b64decode(data[1], validate=True)
    except binascii.Error as exc:
        raise RestError(0, "Wrong file date") from exc
    return state.files.insert(File(name=data[0], content=content, created_at=state.now(), path=path))


def show_file(file_id: int, *, element_id: int, field: str) -> dict[str, str]:
    """Show a file field: the address needs the webhook's authority."""
    ask = f"fields[fieldName]={field}&fields[fileId]={file_id}&fields[productId]={element_id}"
    url = "/rest/catalog.product.download?" + quote(ask, safe="=&")
    return {"id": str(file_id), "url": url, "urlMachine": url}


def show_property(state: ShopState, prop: Property, element: Element) -> object:
    """Show the values of one property as `{value, valueId}`, or a list of those."""
    shown = [_show_value(state, prop, element, value) for value in element.properties.get(prop.id, [])]
    if prop.multiple == "Y":
        return shown or None
    return shown[0] if shown else None


def _show_value(state: ShopState, prop: Property, element: Element, value: Value) -> dict[str, object]:
    shown: dict[str, object] = {"value": value.value, "valueId": str(value.value_id)}
    if prop.property_type == "F":
        shown["value"] = show_file(value.value, element_id=element.id, field=f"property{prop.id}")
    elif prop.property_type == "L":
        enum = state.enums.get(value.value)
        shown |= {"value": str(value.value), "valueEnum": enum.value if enum else None}
    elif not isinstance(value.value, dict):
        shown["value"] = str(value.value)
    return shown


def add_values(state: ShopState, prop: Property, given: object) -> list[Value]:
    """Read the values of a new element: scalars and `{value}` alike."""
    kept: list[Value] = []
    for item in _items(prop, given):
        kept += _accept(state, prop, item.get("value") if isinstance(item, dict) else item)
    return kept


def update_values(state: ShopState, prop: Property, given: object, held: list[Value]) -> list[Value]:
    """Read the values of an update: objects only, where the property is single."""
    if prop.property_type == "F":
        return _update_files(state, prop, given, held)
    kept: list[Value] = []
    for item in _items(prop, given):
        if isinstance(item, dict) and "value" in item:
            fresh = _accept(state, prop, item["value"])
            for value in fresh:
                value.value_id = _kept_id(item, held) or value.value_id
            kept += fresh
        elif prop.multiple == "Y" and not isinstance(item, dict):
            kept += _accept(state, prop, item)
    return kept


def _update_files(state: ShopState, prop: Property, given: object, held: list[Value]) -> list[Value]:
    removed: set[int] = set()
    added: list[Value] = []
    for item in _items(prop, given):
        inner = item.get("value") if isinstance(item, dict) else item
        if isinstance(inner, dict) and inner.get("remove") == "Y" and isinstance(item, dict):
            removed.add(_kept_id(item, held))
        else:
            added += _accept(state, prop, inner)
    kept = [value for value in held if value.value_id not in removed]
    if len(kept) < len(held):
        kept = [Value(value_id=state.next_value_id(), value=value.value) for value in kept]
    if prop.multiple != "Y" and added:
        return added[-1:]
    return [*kept, *added]


def _accept(state: ShopState, prop: Property, raw: Any) -> list[Value]:
    """Return the value as stored, or nothing where the vendor keeps nothing."""
    if raw is None or raw in ("", False, []):
        return []
    if prop.property_type == "F":
        data = raw.get("fileData") if isinstance(raw, dict) else None
        return [Value(value_id=state.next_value_id(), value=store_file(state, data).id)]
    if prop.property_type == "L":
        enum = state.enums.get(int(raw)) if str(raw).isdecimal() else None
        if enum is None or enum.property_id != prop.id:
            return []  # neither the text nor the xmlId of a choice is understood
        raw = enum.id
    elif prop.property_type in ("E", "G"):
        raw = int(raw) if str(raw).isdecimal() else 0
    elif isinstance(raw, str):
        raw = trimmed(state, raw)
    return [Value(value_id=state.next_value_id(), value=raw)]


def trimmed(state: ShopState, text: str) -> str:
    """Cut a text as the dial `trim` says."""
    return text[: state.faults.dials.trim] if state.faults.dials.trim else text


def _items(prop: Property, given: object) -> Iterable[object]:
    """Walk what was given; a property that holds one value takes the last."""
    if isinstance(given, list):
        return given if prop.multiple == "Y" else given[-1:]
    if isinstance(given, dict) and given and all(str(key).isdecimal() for key in given):
        return list(given.values())
    return [given]


def _kept_id(item: dict[str, Any], held: list[Value]) -> int:
    wanted = str(item.get("valueId", ""))
    return next((value.value_id for value in held if str(value.value_id) == wanted), 0)


def copied(state: ShopState, properties: dict[int, list[Value]]) -> dict[int, list[Value]]:
    """Copy values for another element, under ids of their own."""
    return {
        prop_id: [msgspec.structs.replace(value, value_id=state.next_value_id()) for value in values]
        for prop_id, values in properties.items()
    }
