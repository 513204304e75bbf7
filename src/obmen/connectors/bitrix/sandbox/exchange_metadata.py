"""What a CommerceML file says besides goods: infoblocks, properties, sections, price types, stores, units."""

from obmen.connectors.bitrix.sandbox.commerceml import Node, groups, is_true, text
from obmen.connectors.bitrix.sandbox.elements import delete_section, slug
from obmen.connectors.bitrix.sandbox.rows import Enum, Iblock, PriceType, Property, Section, Store
from obmen.connectors.bitrix.sandbox.state import ShopState

FUTURE = "FUTURE-1C-CATALOG"  # an infoblock that waits for its first catalogue

_TYPES = {"Справочник": "L", "Число": "N", "ДатаВремя": "S", "Время": "S"}


class Refused(Exception):
    """The import stops with a `failure` and this text."""


def catalog_iblock(state: ShopState, catalog: Node | None) -> Iblock:
    """Find the infoblock of a catalogue by its id, take over the waiting one, or make a new one."""
    xml_id = text(catalog, "Ид")
    iblocks = [iblock for iblock in state.iblocks if iblock.product_iblock_id is None]
    found = next((iblock for iblock in iblocks if iblock.xml_id == xml_id or not xml_id), None)
    if found is not None:
        return found
    waiting = next((iblock for iblock in iblocks if iblock.xml_id == FUTURE), None)
    if waiting is not None:
        return state.iblocks.change(waiting, xml_id=xml_id)
    return state.iblocks.insert(Iblock(name=text(catalog, "Наименование") or xml_id, xml_id=xml_id))


def offers_iblock(state: ShopState, package: Node, products: Iblock) -> Iblock:
    """Find the infoblock of offers by the id of the package, take over the waiting one, or make a new one."""
    xml_id = text(package, "Ид")
    iblocks = [iblock for iblock in state.iblocks if iblock.product_iblock_id is not None]
    found = next((iblock for iblock in iblocks if iblock.xml_id == xml_id), None)
    if found is not None:
        return found
    waiting = next((iblock for iblock in iblocks if iblock.xml_id.strip("#") == FUTURE), None)
    if waiting is not None:
        return state.iblocks.change(waiting, xml_id=xml_id)
    made = state.iblocks.insert(
        Iblock(name=text(package, "Наименование") or xml_id, xml_id=xml_id, product_iblock_id=products.id)
    )
    link = Property(iblock_id=made.id, name="Элемент каталога", code="CML2_LINK", xml_id="CML2_LINK")
    link.property_type, link.user_type, link.link_iblock_id = "E", "SKU", products.id
    return state.iblocks.change(made, sku_property_id=state.properties.insert(link).id)


def standard_property(
    state: ShopState, iblock_id: int, code: str, *, multiple: bool = False, kind: str = "S"
) -> Property:
    """Return a property every import needs, made on first use."""
    found = state.property_of(iblock_id, code)
    if found is not None:
        return found
    prop = Property(
        iblock_id=iblock_id, name=code, code=code, xml_id=code, property_type=kind, timestamp_x=state.now()
    )
    prop.multiple = "Y" if multiple else "N"
    return state.properties.insert(prop)


def import_properties(state: ShopState, classifier: Node, iblock: Iblock) -> None:
    """Upsert the properties of a classifier and their choices, by their ids."""
    known = {prop.xml_id: prop for prop in state.properties.where(iblock_id=iblock.id)}
    for node in (
        *classifier.iterfind("Свойства/Свойство"),
        *classifier.iterfind("Свойства/СвойствоНоменклатуры"),
    ):
        xml_id, name = text(node, "Ид"), text(node, "Наименование")
        if not xml_id or not name or is_true(text(node, "ПометкаУдаления")):
            continue
        prop = known.get(xml_id)
        if prop is None:
            prop = Property(
                iblock_id=iblock.id,
                name=name,
                code=slug(name).upper(),
                xml_id=xml_id,
                timestamp_x=state.now(),
            )
            prop.property_type = _TYPES.get(text(node, "ТипЗначений"), "S")
            prop.multiple = "Y" if is_true(text(node, "Множественное")) else "N"
            known[xml_id] = state.properties.insert(prop)
        elif prop.name != name:
            state.properties.change(prop, name=name, timestamp_x=state.now())
        for choice in node.iterfind("ВариантыЗначений/Справочник"):
            put_enum(state, prop, text(choice, "ИдЗначения"), text(choice, "Значение"))


def put_enum(state: ShopState, prop: Property, xml_id: str, value: str) -> Enum:
    """Upsert a choice of a list property."""
    found = next((enum for enum in state.enums.where(property_id=prop.id) if enum.xml_id == xml_id), None)
    if found is None:
        return state.enums.insert(Enum(property_id=prop.id, value=value, xml_id=xml_id))
    return state.enums.change(found, value=value) if value and found.value != value else found


def import_sections(state: ShopState, classifier: Node, iblock: Iblock) -> set[int]:
    """Upsert the tree of groups and return the ids of its sections."""
    seen: dict[str, int] = {}
    for xml_id, name, parent in groups(classifier):
        found = state.sections.first(xml_id=xml_id, iblock_id=iblock.id)
        parent_id = seen.get(parent or "")
        if found is None:
            found = Section(
                iblock_id=iblock.id, name=name, xml_id=xml_id, code=slug(name), timestamp_x=state.now()
            )
            found.iblock_section_id = parent_id
            state.sections.insert(found)
        elif (found.name, found.iblock_section_id, found.active) != (name, parent_id, "Y"):
            changes = {"code": slug(name)} if state.setup.translit_on_update else {}
            state.sections.change(
                found, name=name, iblock_section_id=parent_id, active="Y", timestamp_x=state.now(), **changes
            )
        seen[xml_id] = found.id
    return {*seen.values()}


def drop_sections(state: ShopState, iblock: Iblock, seen: set[int]) -> None:
    """Do to the sections a full file did not name what `1C_SECTION_ACTION` says."""
    for section in state.sections.where(iblock_id=iblock.id):
        gone = section.id not in seen and state.sections.get(section.id) is not None
        if gone and state.setup.section_action == "D":
            delete_section(state, section)
        elif gone and state.setup.section_action == "A" and section.active == "Y":
            state.sections.change(section, active="N", timestamp_x=state.now())


def import_price_types(state: ShopState, package: Node) -> dict[str, tuple[PriceType, str]]:
    """Match price types by id, then by name, else make them; return each with its currency, by id."""
    for node in package.iterfind("ТипыЦен/ТипЦены"):
        xml_id, name = text(node, "Ид"), text(node, "Наименование")
        found = next((kind for kind in state.price_types if kind.xml_id == xml_id), None) or next(
            (kind for kind in state.price_types if kind.name == name), None
        )
        if found is None:
            if state.setup.edition == "small" and len(state.price_types):
                raise Refused("Ваша редакция продукта допускает только один тип цен.")
            state.price_types.insert(PriceType(name=name, xml_id=xml_id))
        elif found.xml_id != xml_id:
            state.price_types.change(found, xml_id=xml_id)
    currencies = {
        text(node, "Ид"): currency_of(text(node, "Валюта")) for node in package.iterfind("ТипыЦен/ТипЦены")
    }
    return {kind.xml_id: (kind, currencies.get(kind.xml_id, "RUB")) for kind in state.price_types}


def import_stores(state: ShopState, package: Node) -> None:
    """Upsert the stores a package names; one more than the edition allows is left out."""
    for node in package.iterfind("Склады/Склад"):
        xml_id, title = text(node, "Ид"), text(node, "Наименование")
        found = state.stores.first(xml_id=xml_id)
        if found is not None and found.title != title:
            state.stores.change(found, title=title, date_modify=state.now())
        elif found is None and xml_id and not (state.setup.edition == "small" and len(state.stores)):
            address = text(node, "Адрес/Представление") or title
            state.stores.insert(Store(title=title, address=address, xml_id=xml_id, date_modify=state.now()))


def currency_of(raw: str) -> str:
    """Read the name 1C gives a currency."""
    return "RUB" if raw.lower() in ("", "руб", "руб.", "rub", "rur", "643") else raw.upper()
