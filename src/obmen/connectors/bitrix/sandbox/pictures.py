"""REST methods of pictures: `catalog.productImage.*`. Adding the same picture again makes a second one."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, fields_of, id_of
from obmen.connectors.bitrix.sandbox.elements import save_element
from obmen.connectors.bitrix.sandbox.errors import RestError, missing_parameter
from obmen.connectors.bitrix.sandbox.listing import Ask, only
from obmen.connectors.bitrix.sandbox.rows import Element, Value
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.values import store_file

_FIELDS = {"DETAIL_PICTURE": "detail_picture", "PREVIEW_PICTURE": "preview_picture"}
_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".svg")


class Picture(NamedTuple):
    """Where a picture hangs: a field of the element, or one value of MORE_PHOTO."""

    file_id: int
    type: str


def pictures_of(state: ShopState, element: Element) -> Iterator[Picture]:
    """Walk all pictures of a product in the order the vendor shows them."""
    for kind, field in _FIELDS.items():
        file_id = getattr(element, field)
        if file_id is not None:
            yield Picture(file_id, kind)
    gallery = state.property_of(element.iblock_id, "MORE_PHOTO")
    if gallery is not None:
        for value in element.properties.get(gallery.id, []):
            yield Picture(value.value, "MORE_PHOTO")


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "productId")
    if "fileContent" not in params:  # a sibling of fields, not one of them
        raise missing_parameter("fileContent")
    element = _product(state, id_of(fields, "productId"))
    kind = fields.get("type", "MORE_PHOTO")
    gallery = state.property_of(element.iblock_id, "MORE_PHOTO")
    if kind not in {*_FIELDS, "MORE_PHOTO"}:
        raise RestError(0, f"Invalid type {kind}")
    if kind == "MORE_PHOTO" and gallery is None:
        raise RestError(0, "Image product property does not exists. Create MORE_PHOTO property")
    file = store_file(state, params["fileContent"])
    if not file.name.lower().endswith(_SUFFIXES):
        state.files.remove(file)
        raise RestError(0, "Invalid file type")
    if kind == "MORE_PHOTO" and gallery is not None:
        values = [
            *element.properties.get(gallery.id, []),
            Value(value_id=state.next_value_id(), value=file.id),
        ]
        save_element(state, element, properties={**element.properties, gallery.id: values})
    else:
        save_element(state, element, **{_FIELDS[kind]: file.id})
    return Answer({"productImage": _show(state, element, Picture(file.id, kind))})


def _list(state: ShopState, params: Mapping[str, Any]) -> Answer:
    element = _product(state, id_of(params, "productId"))
    select = Ask.of(params).select
    shown = [only(_show(state, element, picture), select) for picture in pictures_of(state, element)]
    return Answer({"productImages": shown}, total=len(shown))


def _get(state: ShopState, params: Mapping[str, Any]) -> Answer:
    element, picture = _picture(state, params)
    return Answer({"productImage": _show(state, element, picture)})


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    element, picture = _picture(state, params)
    gallery = state.property_of(element.iblock_id, "MORE_PHOTO")
    if picture.type == "MORE_PHOTO" and gallery is not None:
        values = [value for value in element.properties[gallery.id] if value.value != picture.file_id]
        save_element(state, element, properties={**element.properties, gallery.id: values})
    else:
        save_element(state, element, **{_FIELDS[picture.type]: None})
    return Answer(True)


METHODS: dict[str, Method] = {
    "catalog.productImage.add": _add,
    "catalog.productImage.list": _list,
    "catalog.productImage.get": _get,
    "catalog.productImage.delete": _delete,
}


def _product(state: ShopState, product_id: int) -> Element:
    element = state.elements.get(product_id)
    if element is None:
        raise RestError(0, "Product was not found")
    return element


def _picture(state: ShopState, params: Mapping[str, Any]) -> tuple[Element, Picture]:
    element = _product(state, id_of(params, "productId"))
    wanted = id_of(params)
    found = next((picture for picture in pictures_of(state, element) if picture.file_id == wanted), None)
    if found is None:
        raise RestError(0, "Image was not found")
    return element, found


def _show(state: ShopState, element: Element, picture: Picture) -> dict[str, Any]:
    file = state.files.get(picture.file_id)
    name = file.name if file else ""
    return {
        "id": picture.file_id,
        "productId": element.id,
        "name": name,
        "type": picture.type,
        "createTime": file.created_at if file else None,
        "detailUrl": f"/upload/iblock/{picture.file_id}/{name}",
        "downloadUrl": f"/rest/download.json?token=catalog%7C{picture.file_id}",
    }
