"""REST methods of sections: `catalog.section.*`. Their pictures are not in REST."""

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
from obmen.connectors.bitrix.sandbox.elements import delete_section
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.listing import as_row
from obmen.connectors.bitrix.sandbox.rows import Section
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.values import trimmed


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "iblockId", "name")
    iblock = state.iblocks.get(integer(fields["iblockId"]))
    if iblock is None:
        raise RestError(200040300000, "Iblock Not Exists")
    section = Section(iblock_id=iblock.id, timestamp_x=state.now(), **_read(state, iblock.id, fields))
    return Answer({"section": as_row(state.sections.insert(section))})


def _update(state: ShopState, params: Mapping[str, Any]) -> Answer:
    section = one(state.sections, params, "Section")
    changes = _read(state, section.iblock_id, fields_of(params))
    if section.id in _ancestry(state, changes.get("iblock_section_id")):
        raise RestError(0, "A section cannot be moved into itself.")
    return Answer({"section": as_row(state.sections.change(section, **changes, timestamp_x=state.now()))})


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    delete_section(state, one(state.sections, params, "Section"))
    return Answer(True)


METHODS: dict[str, Method] = {
    "catalog.section.add": _add,
    "catalog.section.update": _update,
    "catalog.section.delete": _delete,
    "catalog.section.get": gets(lambda state: state.sections, "section", "Section"),
    "catalog.section.list": lists(lambda state: state.sections, "sections"),
    "catalog.section.getFields": describes(Section, "section"),
}


def _read(state: ShopState, iblock_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for shown, name in (("code", "code"), ("xmlId", "xml_id"), ("description", "description")):
        if shown in fields:
            changes[name] = text(fields[shown])
    if "name" in fields:
        changes["name"] = trimmed(state, str(fields["name"]))
    if "active" in fields:
        changes["active"] = flag(fields["active"])
    if "sort" in fields:
        changes["sort"] = integer(fields["sort"]) or 500
    if "descriptionType" in fields:
        changes["description_type"] = "html" if fields["descriptionType"] == "html" else "text"
    if "iblockSectionId" in fields:
        changes["iblock_section_id"] = _parent_id(state, iblock_id, fields["iblockSectionId"])
    return changes


def _parent_id(state: ShopState, iblock_id: int, raw: Any) -> int | None:
    parent_id = integer(raw) or None
    if parent_id is None:
        return None
    parent = state.sections.get(parent_id)
    if parent is None or parent.iblock_id != iblock_id:
        raise RestError(0, "Parent section does not exist.")
    return parent_id


def _ancestry(state: ShopState, section_id: int | None) -> set[int]:
    found: set[int] = set()
    while section_id is not None and section_id not in found:
        found.add(section_id)
        section = state.sections.get(section_id)
        section_id = section.iblock_section_id if section else None
    return found
