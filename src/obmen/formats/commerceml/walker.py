"""Walks a tree that is still being built and takes ready elements out of it.

At any moment only the last child of each open element can be unfinished. So after every piece of the file all
other children are complete: they are read, and cut off the tree, which therefore stays small.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

from obmen.formats.commerceml.classifiers import DefinitionReader
from obmen.formats.commerceml.documents import DocumentReader
from obmen.formats.commerceml.errors import MalformedFile
from obmen.formats.commerceml.fields import MAX_DEPTH, Fields
from obmen.formats.commerceml.items import Catalog, Classifier, Item, Package, Party, ReferenceRow
from obmen.formats.commerceml.offers import OfferReader
from obmen.formats.commerceml.products import ProductReader
from obmen.formats.commerceml.values import is_true, key

Block = type[Classifier] | type[Catalog] | type[Package]

_BLOCKS: Final[dict[str, Block]] = {
    "Классификатор": Classifier,
    "Каталог": Catalog,
    "ПакетПредложений": Package,
    "ИзмененияПакетаПредложений": Package,
}
_COMMON_FIELDS: Final = {
    "Ид": "id",
    "Наименование": "name",
    "Владелец": "owner",
    "СодержитТолькоИзменения": "changes_only",
}
_BLOCK_FIELDS: Final[dict[Block, dict[str, str]]] = {
    Classifier: _COMMON_FIELDS,
    Catalog: _COMMON_FIELDS | {"ИдКлассификатора": "classifier_id"},
    Package: _COMMON_FIELDS | {"ИдКлассификатора": "classifier_id", "ИдКаталога": "catalog_id"},
}
#: Read or passed over whole: categories repeat the words of the classifier for other things.
_WHOLE: Final = frozenset(("Документ", "Категории"))
#: No element of CommerceML is called so.
MARK_NAME: Final = "_"
#: List element -> what its rows are called.
_LISTS: Final = {
    "Группы": "Группа",
    "Свойства": "Свойство",
    "ТипыЦен": "ТипЦены",
    "Склады": "Склад",
    "ЕдиницыИзмерения": "ЕдиницаИзмерения",
    "Товары": "Товар",
    "Предложения": "Предложение",
    "ЭлементыСправочника": "",
}


@dataclass(slots=True)
class Frame:
    """An element that has been entered and may still grow."""

    element: Element
    name: str
    depth: int
    parent: "Frame | None" = None
    block: Block | None = None
    row: str | None = None  # set for lists
    said: dict[str, Any] = field(default_factory=dict)  # fields of the block, met so far
    announced: dict[str, Any] | None = None
    open: "Frame | None" = None
    container: int | None = None


class Walker:
    """Gives the items of a growing tree in the order of the file."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._definitions = DefinitionReader(fields)
        self.offers = OfferReader(fields)
        self._products = ProductReader(fields)
        self._documents = DocumentReader(fields)
        self._items: list[Item] = []
        self._root: Frame | None = None
        self._containers = 0

    def collect(self, root: Element | None, *, finished: bool = False) -> list[Item]:
        """Take what has become ready since the last call; there is no root before the first tag is complete."""
        if root is None:
            return []
        if self._root is None:
            self._root = Frame(root, "", 0)
            self._root.open = self._enter(root, None)
        top = self._root.open or self._root
        self._advance(top, finished=finished)
        if finished:
            self._leave(top)
        items, self._items = self._items, []
        return items

    def in_offers(self) -> bool:
        """Tell whether a list of offers is the innermost open element."""
        frame = self._innermost()
        return frame is not None and frame.row == "Предложение"

    def pass_mark(self) -> bool:
        """Take away the mark put after an offer; tells whether it stands in a list of offers and all are complete."""
        frame = self._innermost()
        if frame is None or frame.row != "Предложение" or len(frame.element) != 1:
            return False
        if frame.element[0].tag.rpartition("}")[2] != MARK_NAME:
            return False
        del frame.element[:]
        return True

    def _innermost(self) -> Frame | None:
        frame = self._root
        while frame is not None and frame.open is not None:
            frame = frame.open
        return frame

    def _advance(self, frame: Frame, *, finished: bool) -> None:
        element = frame.element
        ready = len(element) if finished else len(element) - 1
        if frame.row is not None:
            if ready > 0:
                rows = element[:ready]
                del element[:ready]
                self._read_rows(frame, rows)
            self._guard_depth(frame)
            return
        for index, child in enumerate(element):
            complete = index < ready
            inner = frame.open
            if inner is None or inner.element is not child:
                inner = self._enter(child, frame)
                frame.open = inner
            if inner is not None:
                self._advance(inner, finished=complete)
            if complete:
                if inner is not None:
                    self._leave(inner)
                    frame.open = None
                else:
                    self._take(frame, child)
        if ready > 0:
            del element[:ready]
        if frame.open is None:
            self._guard_depth(frame)

    def _guard_depth(self, frame: Frame) -> None:
        """Refuse a file whose open elements nest too deep, before it takes much memory."""
        element, depth = frame.element, frame.depth
        while len(element):
            element = element[-1]
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedFile("too_deep", limit=MAX_DEPTH)

    def _enter(self, element: Element, parent: Frame | None) -> Frame | None:
        """Open an element whose children are items or lead to items; None for one that is read whole."""
        name = self._fields.names[element.tag]
        depth = parent.depth + 1 if parent else 1
        if depth > MAX_DEPTH:
            raise MalformedFile("too_deep", limit=MAX_DEPTH)
        frame = Frame(element, name, depth, parent, container=parent.container if parent else None)
        if block := _BLOCKS.get(name):
            frame.block = block
            for attribute, value in self._fields.attributes(element).items():
                if attribute == "СодержитТолькоИзменения":
                    frame.said["changes_only"] = is_true(value)
            if name == "ИзмененияПакетаПредложений":
                frame.said["delta"] = True
        elif name in _LISTS:
            frame.row = _LISTS[name]
        elif name == "Контейнер":
            frame.container = self._containers
            self._containers += 1
        elif name in _WHOLE or (parent and parent.block and name in _BLOCK_FIELDS[parent.block]):
            return None
        return frame

    def _leave(self, frame: Frame) -> None:
        if frame.announced != frame.said:
            self._announce(frame)

    def _announce(self, frame: Frame) -> None:
        if frame.block:
            self._items.append(frame.block(**frame.said))
            frame.announced = dict(frame.said)

    def _announce_blocks(self, frame: Frame | None) -> None:
        """Say which block the next items belong to, outermost first, unless that has been said."""
        if frame is None:
            return
        self._announce_blocks(frame.parent)
        if frame.announced is None:
            self._announce(frame)

    def _take(self, frame: Frame, element: Element) -> None:
        """Read a complete element that is not a list row."""
        name = self._fields.names[element.tag]
        if name == "Документ":
            self._items.append(self._documents.read(element, frame.container))
        elif frame.block and (target := _BLOCK_FIELDS[frame.block].get(name)):
            frame.said[target] = self._block_field(target, element)

    def _block_field(self, target: str, element: Element) -> str | bool | Party:
        text = self._fields.text(element)
        match target:
            case "owner":
                return self._fields.party(element)
            case "changes_only":
                return is_true(text)
            case "name":
                return text
            case _:
                return key(text)

    def _read_rows(self, frame: Frame, rows: list[Element]) -> None:
        self._announce_blocks(frame.parent)
        items, names = self._items, self._fields.names
        match frame.row:
            case "Предложение":
                read_offer = self.offers.read
                items += [read_offer(row) for row in rows if names[row.tag] == "Предложение"]
            case "Товар":
                items.extend(self._products.read(row) for row in rows if names[row.tag] == "Товар")
            case "Группа":
                for row in rows:
                    if names[row.tag] == "Группа":
                        items.extend(self._definitions.groups(row))
            case "Свойство":
                items.extend(
                    self._definitions.property(row) for row in rows if names[row.tag].startswith("Свойство")
                )
            case "ТипЦены":
                items.extend(self._definitions.price_type(row) for row in rows if names[row.tag] == "ТипЦены")
            case "Склад":
                items.extend(self._definitions.warehouse(row) for row in rows if names[row.tag] == "Склад")
            case "ЕдиницаИзмерения":
                items.extend(
                    self._definitions.unit(row) for row in rows if names[row.tag] == "ЕдиницаИзмерения"
                )
            case _:
                items.extend(ReferenceRow() for _ in rows)
