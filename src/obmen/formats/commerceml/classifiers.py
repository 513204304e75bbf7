"""Reading what a classifier or a package defines: groups, properties, price types, warehouses, units."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from msgspec import UNSET

from obmen.formats.commerceml.errors import MalformedFile
from obmen.formats.commerceml.fields import MAX_DEPTH, Fields, deleted_by, status_says_deleted
from obmen.formats.commerceml.items import Flag, Group, PriceType, Property, Text, Unit, Warehouse
from obmen.formats.commerceml.values import is_true, key


class DefinitionReader:
    """Turns the elements of a classifier into items."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def groups(self, element: Element, parent_id: str | None = None, depth: int = 0) -> Iterator[Group]:
        """Read a group and all groups inside it, parents first."""
        if depth > MAX_DEPTH:
            raise MalformedFile("too_deep", limit=MAX_DEPTH)
        names = self._fields.names
        said = self._fields.children(element)
        group = Group(
            id=key(said.get("Ид", "")),
            name=said.get("Наименование", UNSET),
            parent_id=parent_id,
            depth=depth,
            description=said.get("Описание", UNSET),
            version=said.get("НомерВерсии", UNSET),
            deleted=self._deleted(element, said),
        )
        self._want_id(group.id, "Группа", group.name)
        yield group
        for child in element:
            if names[child.tag] == "Группы":
                for inner in child:
                    if names[inner.tag] == "Группа":
                        yield from self.groups(inner, str(group.id), depth + 1)

    def property(self, element: Element) -> Property:
        """Read a property with its dictionary, in the new shape or the old one."""
        said = self._fields.children(element)
        kind: Text = said.get("ТипЗначений", UNSET)
        values: dict[str, str] | None = None
        for child in element.iter():
            name = self._fields.names[child.tag]
            if name in ("ВариантыЗначений", "ТипыЗначений"):
                values = values or {}
                values.update(self._variants(child))
            elif name in ("ТипЗначений", "Тип") and not kind:
                kind = self._fields.text(child) or kind
        found = Property(
            id=key(said.get("Ид", "")),
            name=said.get("Наименование", UNSET),
            kind=kind,
            multiple=_flag(said, "Множественное"),
            required=_flag(said, "Обязательное"),
            external=_flag(said, "Внешний"),
            version=said.get("НомерВерсии", UNSET),
            deleted=self._deleted(element, said),
            values=UNSET if values is None else values,
        )
        self._want_id(found.id, "Свойство", found.name)
        return found

    def _variants(self, element: Element) -> Iterator[tuple[str, str]]:
        """Read the variants; one without an id (the old shape) is its own id."""
        for row in element:
            if len(row):
                said = self._fields.children(row)
                value = said.get("Значение", said.get("Наименование", ""))
                value_id = said.get("ИдЗначения", said.get("Ид", value))
                if value or value_id:
                    yield key(value_id), value
            elif self._fields.names[row.tag] in ("Значение", "ВариантЗначения") and (
                value := self._fields.text(row)
            ):
                yield value, value

    def price_type(self, element: Element) -> PriceType:
        """Read a price type."""
        said = self._fields.children(element)
        tax_included: Flag = _flag(said, "УчтеноВСумме")
        for child in element:
            if self._fields.names[child.tag] == "Налог":
                tax_included = _flag(self._fields.children(child), "УчтеноВСумме")
        found = PriceType(
            id=key(said.get("Ид", "")),
            name=said.get("Наименование", UNSET),
            currency=said.get("Валюта", UNSET),
            tax_included=tax_included,
            version=said.get("НомерВерсии", UNSET),
            deleted=self._deleted(element, said),
        )
        self._want_id(found.id, "ТипЦены", found.name)
        return found

    def warehouse(self, element: Element) -> Warehouse:
        """Read a warehouse."""
        said = self._fields.children(element)
        address: Text = UNSET
        for child in element:
            if self._fields.names[child.tag] == "Адрес":
                address = self._fields.children(child).get("Представление", self._fields.text(child))
        found = Warehouse(
            id=key(said.get("Ид", "")),
            name=said.get("Наименование", UNSET),
            address=address,
            version=said.get("НомерВерсии", UNSET),
            deleted=self._deleted(element, said),
        )
        self._want_id(found.id, "Склад", found.name)
        return found

    def unit(self, element: Element) -> Unit:
        """Read a unit of measure."""
        said = self._fields.children(element) | self._fields.attributes(element)
        return Unit(
            id=key(said["Ид"]) if "Ид" in said else UNSET,
            code=said["Код"].strip() if "Код" in said else UNSET,
            name=said.get("НаименованиеКраткое", said.get("Наименование", UNSET)),
            full_name=said.get("НаименованиеПолное", UNSET),
            international=said.get("МеждународноеСокращение", UNSET),
        )

    def _deleted(self, element: Element, said: dict[str, str]) -> Flag:
        mark = status_says_deleted(element)
        return deleted_by(mark, said["ПометкаУдаления"]) if "ПометкаУдаления" in said else mark

    def _want_id(self, item_id: Text, element: str, name: Text) -> None:
        if not item_id:
            self._fields.findings.add("no_id", f"{element}: {name or ''}")


def _flag(said: dict[str, str], name: str) -> Flag:
    return is_true(said[name]) if name in said else UNSET
