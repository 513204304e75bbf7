"""Reading an offer: the part of a file that comes a hundred thousand times, so the code is kept flat."""

from typing import Any
from xml.etree.ElementTree import Element

from msgspec import UNSET

from obmen.formats.commerceml.errors import MalformedFile
from obmen.formats.commerceml.fields import MAX_DEPTH, Fields, deleted_by, pictures, rate, status_says_deleted
from obmen.formats.commerceml.items import Offer, Price, Stock, Text
from obmen.formats.commerceml.values import key


class OfferReader:
    """Turns `Предложение` elements into offers."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def read(self, element: Element) -> Offer:
        """Read one offer."""
        fields = self._fields
        names, quantities = fields.names, fields.quantities
        deleted = status_says_deleted(element) if element.attrib else UNSET
        barcodes: list[str] | None = None
        stocks: list[Stock] | None = None
        paths: list[str] | None = None
        extra: dict[str, str] | None = None
        # Any: each value goes to the field of its name, and Offer declares their types.
        parts: dict[str, Any] = {"id": ""}
        for child in element:
            name = names[child.tag]
            if name == "Склад":
                if stocks is None:
                    stocks = []
                stocks.append(self._warehouse(child))
            elif name == "Ид":
                parts["id"], parts["product_id"], parts["characteristic_id"] = offer_ids(child.text or "")
            elif name == "Цены":
                parts["prices"] = self._prices(child)
            elif name == "Количество":
                parts["quantity"] = quantities[child.text or ""]
            elif name == "Наименование":
                parts["name"] = (child.text or "").strip()
            elif name == "Артикул":
                parts["sku"] = (child.text or "").strip()
            elif name in ("Штрихкод", "ШтрихКод"):
                barcodes = barcodes or []
                if barcode := (child.text or "").strip():
                    barcodes.append(barcode)
            elif name == "БазоваяЕдиница":
                parts["unit"] = fields.unit(child)
            elif name == "ХарактеристикиТовара":
                parts["characteristics"] = tuple(fields.characteristics(child))
            elif name == "Остатки":
                stocks = stocks or []
                self._balance(child, stocks)
            elif name == "НомерВерсии":
                parts["version"] = (child.text or "").strip()
            elif name == "ЗначенияСвойств":
                parts["properties"] = fields.properties(child)
            elif name == "ПометкаУдаления":
                deleted = deleted_by(deleted, child.text or "")
            elif name == "ЗначенияРеквизитов":
                parts["requisites"] = fields.requisites(child)
                for mark in parts["requisites"].get("ПометкаУдаления", ()):
                    deleted = deleted_by(deleted, mark)
            elif name == "Картинка":
                paths = paths or []
                paths.append((child.text or "").strip().replace("\\", "/"))
            elif name == "СтавкиНалогов":
                parts["vat"] = fields.vat(child)
            elif name == "СтавкаНДС":
                parts["vat"] = rate(child.text or "")
            elif name == "Вес":
                parts["weight"] = quantities[child.text or ""]
            elif not len(child):
                extra = extra or {}
                extra[name] = (child.text or "").strip()
        if stocks is not None:
            parts["stocks"] = tuple(stocks)
        if barcodes is not None:
            parts["barcodes"] = tuple(barcodes)
        if paths is not None:
            parts["pictures"] = pictures(paths, parts.get("requisites", UNSET))
        if extra is not None:
            parts["extra"] = extra
        if not parts["id"]:
            fields.findings.add("no_id", f"Предложение: {parts.get('name', '')}")
        return Offer(deleted=deleted, **parts)

    def _prices(self, element: Element) -> tuple[Price, ...]:
        fields = self._fields
        names, keys, amounts, quantities = fields.names, fields.keys, fields.amounts, fields.quantities
        prices = []
        for row in element:
            type_id: Text = UNSET
            amount: Text = UNSET
            currency: Text = UNSET
            unit: Text = UNSET
            coefficient: Text = UNSET
            min_quantity: Text = UNSET
            for child in row:
                name = names[child.tag]
                if name == "ИдТипаЦены":
                    type_id = keys[child.text or ""]
                elif name == "ЦенаЗаЕдиницу":
                    amount = amounts[child.text or ""]
                elif name == "Валюта":
                    currency = keys[child.text or ""]
                elif name == "Единица":
                    unit = keys[child.text or ""]
                elif name == "Коэффициент":
                    coefficient = quantities[child.text or ""]
                elif name == "МинКоличество":
                    min_quantity = quantities[child.text or ""]
            prices.append(Price(type_id, amount, currency, unit, coefficient, min_quantity))
        return tuple(prices)

    def _warehouse(self, element: Element) -> Stock:
        """Read a `Склад` of either shape: attributes, or Ид and Количество inside."""
        fields = self._fields
        names, keys, quantities = fields.names, fields.keys, fields.quantities
        warehouse_id: Text = UNSET
        quantity: Text = UNSET
        for tag, value in element.items():
            name = names[tag]
            if name == "ИдСклада":
                warehouse_id = keys[value]
            elif name in ("КоличествоНаСкладе", "Количество"):
                quantity = quantities[value]
        for child in element:
            name = names[child.tag]
            if name in ("Ид", "ИдСклада"):
                warehouse_id = keys[child.text or ""]
            elif name in ("Количество", "КоличествоНаСкладе"):
                quantity = quantities[child.text or ""]
        return Stock(warehouse_id, quantity)

    def _balance(self, element: Element, stocks: list[Stock], depth: int = 0) -> None:
        """Read `Остатки`: each `Остаток` holds warehouses, or a quantity of the only one, or is a bare number."""
        if depth > MAX_DEPTH:
            raise MalformedFile("too_deep", limit=MAX_DEPTH)
        names, quantities = self._fields.names, self._fields.quantities
        for row in element:
            name = names[row.tag]
            if name == "Склад":
                stocks.append(self._warehouse(row))
            elif name == "Количество" or not len(row):
                quantity = quantities[row.text or ""]
                stocks.append(Stock(UNSET, quantity))
            else:
                self._balance(row, stocks, depth + 1)


def offer_ids(text: str) -> tuple[str, str, Text]:
    """Split the id of an offer at `#`: the whole, the product, the characteristic."""
    offer_id = key(text)
    product_id, mark, characteristic_id = offer_id.partition("#")
    return offer_id, product_id, characteristic_id if mark else UNSET
