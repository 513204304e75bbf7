"""What items of a file assert, atom by atom, in 1C's own machine form: ids, plain decimal text, codes.

Absent elements assert nothing, empty ones assert emptiness. Names and currencies are read later, by the codec, with
the tables of that day; only *which* atom a price type or a property is has to be known here.

The wire forms that are not plain text:

* `prices.*`: `<amount> <currency>`, and ` /<coefficient>` where the price is for several units; either may lack;
* `pictures`: the SHA-256 of a picture that was uploaded, else its path;
* `characteristics`: pairs of name or property id and value or value id;
* `properties.*`: the value or value id, a list of them where there are several.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET, UnsetType

from obmen.connectors.onec.tables import Tables
from obmen.formats.commerceml import Characteristic, Group, Offer, Party, Price, Product, Unit
from obmen.sync.shadow import Look, Wire

Text = str | UnsetType

_PRICES = ("prices",)
_NUMERIC = frozenset({"Число", "Время"})


class Looks:
    """Turns the items of one file into looks."""

    def __init__(self, tables: Tables, *, order: str, picture: Callable[[str], str | None]) -> None:
        self._tables = tables
        self._order = order
        self._picture = picture
        self.context = tables.context
        self._prices = tables.prices
        self._stock = tables.stock

    def group(self, item: Group) -> Look:
        """Show a group of goods."""
        fields: dict[str, Wire] = {}
        if item.name is not UNSET:
            fields["name"] = item.name or None
        if item.name or item.parent_id:
            fields["parent"] = item.parent_id
        if item.description is not UNSET:
            fields["description"] = item.description or None
        fields["active"] = item.deleted is not True
        ref = str(item.id)
        return Look(ref=ref, fields=fields, order=self._order, keys={"xml_id": ref}, title=item.name or "")

    def product(self, item: Product) -> Look:
        """Show a product."""
        fields = self._card(item)
        if item.barcodes is not UNSET:
            fields["barcodes"] = list(item.barcodes)
        fields["active"] = item.deleted is not True
        return self._product_look(str(item.id), item, fields)

    def parent(self, item: Product, *, active: bool | None) -> Look:
        """Show the product behind goods that are really variants of it (`product#characteristic`, schema 2.04).

        Barcodes and what stands in brackets behind the name belong to the variant.
        """
        fields = self._card(item)
        name = fields.get("name")
        if isinstance(name, str) and name.endswith(")"):
            fields["name"] = name.rpartition(" (")[0] or name
        if active is not None:
            fields["active"] = active
        return self._product_look(str(item.id).partition("#")[0], item, fields)

    def variant(self, item: Product) -> Look:
        """Show such a variant as the offer it is."""
        ref = str(item.id)
        fields: dict[str, Wire] = {
            "product": ref.partition("#")[0],
            "active": item.deleted is not True,
        }
        if item.name is not UNSET:
            fields["name"] = item.name or None
        if item.sku is not UNSET:
            fields["sku"] = item.sku or None
        if item.barcodes is not UNSET:
            fields["barcodes"] = list(item.barcodes)
        if item.characteristics is not UNSET:
            fields["characteristics"] = self._characteristics(item.characteristics, {})
        return Look(ref=ref, fields=fields, order=self._order, keys={"xml_id": ref}, title=item.name or "")

    def offer(self, item: Offer) -> Look:
        """Show an offer; this runs a hundred thousand times per file."""
        ref = item.id or ""
        fields: dict[str, Wire] = {"product": item.product_id or ref}
        name = item.name
        if name is not UNSET:
            fields["name"] = name or None
            fields["active"] = item.deleted is not True
        elif item.deleted is not UNSET:
            fields["active"] = not item.deleted
        if (sku := item.sku) is not UNSET:
            fields["sku"] = sku or None
        if (barcodes := item.barcodes) is not UNSET:
            fields["barcodes"] = [*barcodes]
        if (unit := item.unit) is not UNSET:
            fields["unit"] = unit.code or unit.name or None
        if item.characteristics or item.properties:
            fields["characteristics"] = self._characteristics(
                item.characteristics or (), item.properties or {}
            )
        elif item.characteristics is not UNSET or (name is not UNSET and item.characteristic_id is UNSET):
            fields["characteristics"] = []
        prices = item.prices
        whole = _PRICES if prices is not UNSET and self._put_prices(prices, fields) else ()
        if stocks := item.stocks:
            atoms = self._stock
            for row in stocks:
                warehouse = row.warehouse_id or ""
                if atom := atoms[warehouse]:
                    fields[atom] = row.quantity or None
                else:  # left out: what was read before it was, under its id, is not sold any more
                    fields[f"stock.{warehouse}"] = None
        elif item.quantity is not UNSET:
            fields[self._stock[""]] = item.quantity or None
        return Look(
            ref=ref,
            fields=fields,
            whole=whole,
            order=self._order,
            keys={"xml_id": ref},
            title=name or "",
            digest=item.digest,
        )

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _card(self, item: Product) -> dict[str, Wire]:
        fields: dict[str, Wire] = {}
        requisites = item.requisites or {}
        for atom, text in (
            ("name", item.name),
            ("full_name", _given(item.full_name, _first(requisites, "Полное наименование"))),
            ("sku", item.sku),
            ("description", _given(_first(requisites, "ОписаниеВФорматеHTML"), item.description)),
            ("vat", item.vat),
            ("weight", item.weight),
            ("length", item.length),
            ("width", item.width),
            ("height", item.height),
            ("brand", item.brand),
            ("country", item.country),
            ("kind", _first(requisites, "ТипНоменклатуры")),
        ):
            if text is not UNSET:
                fields[atom] = text or None
        if item.group_ids is not UNSET:
            fields["categories"] = list(item.group_ids)
        if item.unit is not UNSET:
            fields["unit"] = _unit(item.unit)
        if item.manufacturer is not UNSET:
            fields["manufacturer"] = _party(item.manufacturer)
        if item.pictures is not UNSET:
            fields["pictures"] = [
                self._picture(picture.path) or picture.path for picture in item.pictures if picture.path
            ]
        if item.properties is not UNSET:
            self._put_properties(item.properties, fields)
        return fields

    def _product_look(self, ref: str, item: Product, fields: dict[str, Wire]) -> Look:
        keys = {"xml_id": ref, "sku": item.sku} if item.sku else {"xml_id": ref}
        return Look(ref=ref, fields=fields, order=self._order, keys=keys, title=item.name or "")

    def _put_properties(self, properties: dict[str, tuple[str, ...]], fields: dict[str, Wire]) -> None:
        for key, values in properties.items():
            atom = self._tables.properties[key]
            given = [value for value in values if value]
            if given:
                fields[atom] = given[0] if len(given) == 1 else list(given)
            else:
                fields.setdefault(atom, None)

    def _put_prices(self, prices: tuple[Price, ...], fields: dict[str, Wire]) -> bool:
        """Add the prices; tell whether all of them were understood, so that those not listed are gone."""
        atoms = self._prices
        whole = True
        for row in prices:
            key = row.type_id
            if key is UNSET:
                whole = False  # whose price it is nobody knows, so nobody's is taken away either
                continue
            atom = atoms[key]
            if not atom or atom in fields:
                continue  # left out; further rows of a type are for larger lots or packs
            amount = row.amount
            wire = f"{'?' if amount is UNSET else amount} {row.currency or ''}"
            coefficient = row.coefficient
            if coefficient is not UNSET and coefficient != "1" and coefficient:
                wire = f"{wire} /{coefficient}"
            fields[atom] = None if amount == "" else wire
        return whole

    def _characteristics(
        self, rows: tuple[Characteristic, ...], properties: dict[str, tuple[str, ...]]
    ) -> list[Wire]:
        """Pair names with values. Numbers come twice, and the machine's form of them stands among the properties."""
        known = self._tables.references.properties
        machine: dict[str, str] = {}
        shown = {row.name for row in rows}
        pairs: list[Wire] = []
        for key, values in properties.items():
            described = known.get(key)
            if described is not None and described.name in shown:
                if described.kind in _NUMERIC:
                    machine[described.name] = values[0] if values else ""
            elif any(values) and key not in {row.id for row in rows}:
                pairs += [[key, value] for value in values if value]
        told = [[row.name, machine.get(row.name, row.value)] for row in rows]
        named: list[Wire] = [[name, value] for name, value in told if value]
        return named + pairs


def _first(requisites: dict[str, tuple[str, ...]], name: str) -> Text:
    values = requisites.get(name)
    return values[0] if values else UNSET


def _given(first: Text, second: Text) -> Text:
    """Return the text that says something; empty where one is empty and the other absent."""
    return first or (first if second is UNSET else second)


def _unit(unit: Unit) -> str | None:
    return unit.code or unit.name or None


def _party(party: Party) -> str | None:
    return party.name or party.official_name or None
