"""Reading a product of a catalogue."""

from typing import Any
from xml.etree.ElementTree import Element

from msgspec import UNSET

from obmen.formats.commerceml.fields import Fields, deleted_by, pictures, rate, status_says_deleted
from obmen.formats.commerceml.items import Product
from obmen.formats.commerceml.values import key

_TEXTS = {
    "Артикул": "sku",
    "Наименование": "name",
    "ПолноеНаименование": "full_name",
    "Описание": "description",
    "НомерВерсии": "version",
    "ТорговаяМарка": "brand",
}
_MEASURES = {"Вес": "weight", "Длина": "length", "Ширина": "width", "Высота": "height"}


class ProductReader:
    """Turns `Товар` elements into products."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def read(self, element: Element) -> Product:
        """Read one product."""
        fields = self._fields
        deleted = status_says_deleted(element)
        barcodes: list[str] = []
        paths: list[str] = []
        extra: dict[str, str] = {}
        # Any: each value goes to the field of its name, and Product declares their types.
        parts: dict[str, Any] = {"id": ""}
        for child in element:
            name = fields.names[child.tag]
            text = (child.text or "").strip()
            if field := _TEXTS.get(name):
                parts[field] = (
                    text if text or not len(child) else fields.children(child).get("Наименование", "")
                )
            elif name == "Ид":
                parts["id"] = key(text)
            elif name in ("Штрихкод", "ШтрихКод"):
                parts["barcodes"] = barcodes
                barcodes += [text] if text else []
            elif name == "Картинка":
                parts["pictures"] = paths
                paths.append(text.replace("\\", "/"))
            elif name == "Группы":
                parts["group_ids"] = tuple(key(row.text or "") for row in element_rows(fields, child))
            elif name == "БазоваяЕдиница":
                parts["unit"] = fields.unit(child)
            elif name == "ЗначенияСвойств":
                parts["properties"] = fields.properties(child)
            elif name == "ЗначенияРеквизитов":
                parts["requisites"] = fields.requisites(child)
            elif name == "ХарактеристикиТовара":
                parts["characteristics"] = tuple(fields.characteristics(child))
            elif name == "СтавкиНалогов":
                parts["vat"] = fields.vat(child)
            elif name == "СтавкаНДС":
                parts["vat"] = rate(text)
            elif name == "ПометкаУдаления":
                deleted = deleted_by(deleted, text)
            elif name == "Изготовитель":
                parts["manufacturer"] = fields.party(child)
            elif name == "Страна":
                parts["country"] = text or fields.children(child).get("Наименование", "")
            elif field := _MEASURES.get(name):
                parts[field] = fields.quantities[text]
            elif not len(child):
                extra[name] = text
        requisites = parts.get("requisites", {})
        for mark in requisites.get("ПометкаУдаления", ()):
            deleted = deleted_by(deleted, mark)
        if "weight" not in parts and requisites.get("Вес"):
            parts["weight"] = fields.quantities[requisites["Вес"][0]]
        if paths:
            parts["pictures"] = pictures(paths, requisites)
        if barcodes or "barcodes" in parts:
            parts["barcodes"] = tuple(barcodes)
        if not parts["id"]:
            fields.findings.add("no_id", f"Товар: {parts.get('name', '')}")
        return Product(deleted=deleted, extra=extra or UNSET, **parts)


def element_rows(fields: Fields, element: Element) -> list[Element]:
    """List the `Ид` of groups, whether they stand alone or inside `Группа`."""
    return [row for row in element.iter() if fields.names[row.tag] == "Ид"]
