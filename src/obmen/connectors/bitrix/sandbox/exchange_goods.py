"""Goods of a CommerceML catalogue into the shop: what `Товар` nodes do, and what absence does."""

from collections.abc import Iterator, Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.commerceml import (
    Node,
    checksum,
    is_deleted,
    number,
    only_changes,
    requisites,
    text,
    texts,
)
from obmen.connectors.bitrix.sandbox.elements import add_element, delete_element, save_element, slug
from obmen.connectors.bitrix.sandbox.exchange_metadata import (
    catalog_iblock,
    drop_sections,
    import_price_types,
    import_properties,
    import_sections,
    import_stores,
    put_enum,
    standard_property,
)
from obmen.connectors.bitrix.sandbox.rows import Element, File, Iblock, Property, Value
from obmen.connectors.bitrix.sandbox.state import ShopState


class GoodsFile:
    """One catalogue document on its way in."""

    def __init__(self, state: ShopState, root: Node, uploads: Mapping[str, bytearray]) -> None:
        self._state = state
        self._uploads = uploads
        self._classifier = root.find("Классификатор")
        self._catalog = root.find("Каталог")
        self._iblock: Iblock | None = None
        self._sections: set[int] = set()
        self._seen: set[int] = set()
        full = self._catalog is not None and not only_changes(self._catalog)
        self._full = full and not (self._classifier is not None and only_changes(self._classifier))

    def metadata(self) -> None:
        """Find the infoblock and upsert its properties."""
        self._iblock = catalog_iblock(self._state, self._catalog)
        if self._classifier is not None:
            import_properties(self._state, self._classifier, self._iblock)
            import_price_types(self._state, self._classifier)  # schema 3.x keeps them here
            import_stores(self._state, self._classifier)

    def sections(self) -> None:
        """Upsert the sections."""
        if self._classifier is not None:
            self._sections = import_sections(self._state, self._classifier, self.iblock)

    def absent_sections(self) -> None:
        """Act on sections a full file does not name."""
        if self._full and self._classifier is not None and self._classifier.find("Группы") is not None:
            drop_sections(self._state, self.iblock, self._sections)

    def elements(self) -> Iterator[tuple[int, int]]:
        """Import the goods; say after each how many of how many are done."""
        nodes = [] if self._catalog is None else self._catalog.findall("Товары/Товар")
        for done, node in enumerate(nodes, 1):
            self._import(node)
            yield done, len(nodes)

    def absent_elements(self) -> None:
        """Act on goods a full file does not name."""
        if self._full:
            drop_elements(self._state, self.iblock, self._seen)

    @property
    def iblock(self) -> Iblock:
        """The infoblock of the catalogue; known after the metadata step."""
        if self._iblock is None:
            raise RuntimeError("The metadata step comes first.")
        return self._iblock

    def _import(self, node: Node) -> None:
        """Import one `Товар`. A node without id or name changes nothing; the import goes on."""
        state, xml_id = self._state, text(node, "Ид")
        element = state.elements.first(xml_id=xml_id, iblock_id=self.iblock.id)
        if element is not None:
            self._seen.add(element.id)
        if not xml_id or (element is None and is_deleted(node)):
            return
        version = checksum(node)
        if element is not None and state.setup.use_crc and element.tmp_id == version:
            element.timestamp_x = state.now()  # moves even though nothing is written
            return
        if element is not None and is_deleted(node):
            save_element(state, element, active="N", tmp_id=version)
            return
        name = text(node, "Наименование")
        if not name:
            return
        fields = self._fields(node, element) | {"name": name, "active": "Y", "tmp_id": version}
        if element is None or state.setup.translit_on_update:
            fields["code"] = slug(name)
        if element is None:
            element = add_element(state, Element(iblock_id=self.iblock.id, xml_id=xml_id, **fields))
        else:
            save_element(state, element, **fields)
        self._seen.add(element.id)

    def _fields(self, node: Node, element: Element | None) -> dict[str, Any]:
        state = self._state
        traits = dict(requisites(node))
        fields: dict[str, Any] = {}
        if node.find("Описание") is not None:
            description = traits.get("ОписаниеВФорматеHTML") or text(node, "Описание")
            fields |= {
                "detail_text": description,
                "detail_text_type": "html" if "<" in description else "text",
            }
        full_name = text(node, "ПолноеНаименование") or traits.get("Полное наименование", "")
        if full_name:
            fields["preview_text"] = full_name
        if node.find("Группы") is not None:
            fields |= self._groups(node)
        weight = number(traits.get("Вес") or text(node, "Вес"))
        if weight is not None:
            fields["weight"] = weight * 1000  # 1C keeps kilograms, the shop grams
        fields |= unit_and_vat(state, node)
        properties = dict(element.properties) if element else {}
        properties |= element_properties(state, node, self.iblock.id)
        fields["properties"] = properties
        if node.find("Картинка") is not None:
            fields |= self._pictures(node, element, properties)
        return fields

    def _groups(self, node: Node) -> dict[str, Any]:
        found = [
            self._state.sections.first(xml_id=xml_id, iblock_id=self.iblock.id)
            for xml_id in texts(node, "Группы/Ид")
        ]
        ids = [section.id for section in found if section is not None]
        return {"iblock_section": ids, "iblock_section_id": ids[0] if ids else None}

    def _pictures(
        self, node: Node, element: Element | None, properties: dict[int, list[Value]]
    ) -> dict[str, Any]:
        """Take the first picture for the card and the rest for the gallery; a path without a file removes."""
        first, *rest = texts(node, "Картинка")
        gallery = standard_property(self._state, self.iblock.id, "MORE_PHOTO", multiple=True, kind="F")
        files = [self._file(path, element) for path in rest if path]
        properties[gallery.id] = [
            Value(value_id=self._state.next_value_id(), value=file_id)
            for file_id in files
            if file_id is not None
        ]
        return {"detail_picture": self._file(first, element) if first else None}

    def _file(self, path: str, element: Element | None) -> int | None:
        """Register an uploaded picture, or keep the one that came under the same path before."""
        held = [] if element is None else [element.detail_picture, *_file_ids(element)]
        known = next(
            (file for file_id in held if (file := self._state.files.get(file_id)) and file.path == path), None
        )
        content = self._uploads.get(path)
        if content is None or (known is not None and known.content == content):
            return known.id if known else None
        name = path.rsplit("/", 1)[-1]
        return self._state.files.insert(
            File(name=name, content=bytes(content), path=path, created_at=self._state.now())
        ).id


def drop_elements(state: ShopState, iblock: Iblock, seen: set[int]) -> None:
    """Do to the elements a full file did not name what `1C_ELEMENT_ACTION` says."""
    for element in state.elements.where(iblock_id=iblock.id):
        if element.id in seen or state.elements.get(element.id) is None:
            continue
        if state.setup.element_action == "D":
            delete_element(state, element)
        elif state.setup.element_action == "A" and element.active == "Y":
            save_element(state, element, active="N")


def unit_and_vat(state: ShopState, node: Node) -> dict[str, Any]:
    """Match the base unit by its OKEI code and the VAT by its rate."""
    fields: dict[str, Any] = {}
    unit = node.find("БазоваяЕдиница")
    if unit is not None:
        code = number(unit.get("Код") or unit.text)
        measure = next((measure for measure in state.measures if measure.code == code), None)
        if measure is not None:
            fields["measure"] = measure.id
    rate = text(node, "СтавкиНалогов/СтавкаНалога/Ставка")
    if rate:
        vat = next((vat for vat in state.vats if vat.rate == number(rate)), None)
        if vat is not None:
            fields["vat_id"] = vat.id
    return fields


def element_properties(state: ShopState, node: Node, iblock_id: int) -> dict[int, list[Value]]:
    """Read the values a node carries; properties it does not mention are not in the answer."""
    read: dict[int, list[Value]] = {}
    for tag, code in (("Артикул", "CML2_ARTICLE"), ("Штрихкод", "CML2_BAR_CODE")):
        if node.find(tag) is not None:
            read |= _filled(state, standard_property(state, iblock_id, code), [text(node, tag)])
    for tag, code, pairs in (
        ("ЗначенияРеквизитов", "CML2_TRAITS", requisites(node)),
        ("ХарактеристикиТовара", "CML2_ATTRIBUTES", _characteristics(node)),
        ("СтавкиНалогов", "CML2_TAXES", _taxes(node)),
    ):
        if node.find(tag) is not None:
            prop = standard_property(state, iblock_id, code, multiple=True)
            read[prop.id] = [
                Value(value_id=state.next_value_id(), value=value, description=name)
                for name, value in pairs
                if value
            ]
    maker = node.find("Изготовитель")
    if maker is not None and text(maker, "Ид"):
        prop = standard_property(state, iblock_id, "CML2_MANUFACTURER", kind="L")
        read |= _filled(
            state, prop, [put_enum(state, prop, text(maker, "Ид"), text(maker, "Наименование")).id]
        )
    known = {prop.xml_id: prop for prop in state.properties.where(iblock_id=iblock_id)}
    for given in node.iterfind("ЗначенияСвойств/ЗначенияСвойства"):
        found = known.get(text(given, "Ид"))
        if found is not None:
            read |= _filled(state, found, _decoded(state, found, texts(given, "Значение")))
    return read


def _decoded(state: ShopState, prop: Property, raw: list[str]) -> list[Any]:
    if prop.property_type != "L":
        return list(raw)
    by_xml_id = {enum.xml_id: enum.id for enum in state.enums.where(property_id=prop.id)}
    return [by_xml_id.get(value, "") for value in raw]


def _filled(state: ShopState, prop: Property, raw: list[Any]) -> dict[int, list[Value]]:
    kept = [Value(value_id=state.next_value_id(), value=value) for value in raw if value != ""]
    return {prop.id: kept if prop.multiple == "Y" else kept[-1:]}


def _characteristics(node: Node) -> list[tuple[str, str]]:
    return [
        (text(each, "Наименование"), text(each, "Значение"))
        for each in node.iterfind("ХарактеристикиТовара/ХарактеристикаТовара")
    ]


def _taxes(node: Node) -> list[tuple[str, str]]:
    return [
        (text(each, "Наименование"), text(each, "Ставка"))
        for each in node.iterfind("СтавкиНалогов/СтавкаНалога")
    ]


def _file_ids(element: Element) -> list[int]:
    return [
        value.value
        for values in element.properties.values()
        for value in values
        if isinstance(value.value, int)
    ]
