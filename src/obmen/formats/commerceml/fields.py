"""What products and offers have in common: reading the pieces they are both made of."""

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element

from msgspec import UNSET, UnsetType

from obmen.formats.commerceml.errors import Findings, MalformedFile
from obmen.formats.commerceml.items import Characteristic, Flag, Header, Node, Party, Picture, Text, Unit
from obmen.formats.commerceml.values import Keys, Names, Numbers, is_true, key, meaningful, number

MAX_DEPTH: Final = 200

_STATUS_DELETED: Final = frozenset(("удален", "удалён", "удалено"))


def status_says_deleted(element: Element) -> Flag:
    """Read the old form of the mark: the attribute `Статус`."""
    for name, value in element.items():
        if name.rpartition("}")[2] == "Статус":
            return value.strip().casefold() in _STATUS_DELETED
    return UNSET


def deleted_by(mark: Flag, text: str) -> Flag:
    """Add one more form of the mark: any of them deletes."""
    return True if mark is True else is_true(text)


class Fields:
    """Reads the parts of elements of one file.

    Keeps what repeats in a file (names, keys, numbers), so that reading an element is mostly looking up.
    """

    def __init__(self, header: Header, findings: Findings) -> None:
        self.names = Names()
        self.keys = Keys()
        self.amounts = Numbers(header.decimal_separator, findings)
        self.quantities = Numbers(header.quantity_separator, findings)
        self.findings = findings

    def text(self, element: Element) -> str:
        """Read the text of an element, trimmed."""
        return (element.text or "").strip()

    def attributes(self, element: Element) -> dict[str, str]:
        """Give the attributes by local name."""
        return {self.names[name]: value for name, value in element.items()}

    def children(self, element: Element) -> dict[str, str]:
        """Give the texts of the children by local name; of equal names the first one."""
        texts: dict[str, str] = {}
        for child in element:
            texts.setdefault(self.names[child.tag], self.text(child))
        return texts

    def unit(self, element: Element) -> Unit:
        """Read `БазоваяЕдиница`: attributes and a short name, only a code, or nested elements."""
        said = self.attributes(element)
        short = self.text(element)
        for child in element:
            name = self.names[child.tag]
            if name == "Пересчет":
                said.setdefault("Коэффициент", self.children(child).get("Коэффициент", ""))
            else:
                said.setdefault(name, self.text(child))
        if not said:
            # From 3.0 on the text is the code and refers to ЕдиницыИзмерения; a name has letters.
            return Unit(code=short) if short.isdigit() or not short else Unit(name=short)
        return Unit(
            id=key(said["Ид"]) if "Ид" in said else UNSET,
            code=said["Код"].strip() if "Код" in said else UNSET,
            name=said.get("НаименованиеКраткое", short).strip() or UNSET,
            full_name=_trimmed(said, "НаименованиеПолное"),
            international=_trimmed(said, "МеждународноеСокращение"),
            coefficient=self.quantities[said.get("Коэффициент", UNSET)],
        )

    def party(self, element: Element) -> Party:
        """Read an owner or a manufacturer."""
        said = self.children(element)
        if not said and self.text(element):
            return Party(name=self.text(element))
        return Party(
            id=key(said["Ид"]) if "Ид" in said else UNSET,
            name=_trimmed(said, "Наименование"),
            official_name=_trimmed(said, "ОфициальноеНаименование"),
            inn=_trimmed(said, "ИНН"),
            kpp=_trimmed(said, "КПП"),
        )

    def properties(self, element: Element) -> dict[str, tuple[str, ...]]:
        """Read `ЗначенияСвойств`; an empty `Значение` is kept: it clears the property."""
        found: dict[str, tuple[str, ...]] = {}
        for row in element:
            property_id: str | None = None
            values: list[str] = []
            for child in row:
                name = self.names[child.tag]
                if name == "Ид":
                    property_id = key(child.text or "")
                elif name in ("Значение", "ИдЗначения"):
                    values.append(meaningful(child.text or ""))
            if property_id is None:
                self.findings.add("no_id", "ЗначенияСвойства")
            else:
                found[property_id] = (*found.get(property_id, ()), *values)
        return found

    def characteristics(self, element: Element) -> Iterable[Characteristic]:
        """Read `ХарактеристикиТовара`, empty ones included."""
        for row in element:
            name = value = ""
            row_id: Text = UNSET
            for child in row:
                match self.names[child.tag]:
                    case "Наименование":
                        name = self.text(child)
                    case "Значение":
                        value = meaningful(child.text or "")
                    case "Ид":
                        row_id = key(child.text or "")
                    case _:
                        pass
            yield Characteristic(name, value, row_id)

    def requisites(self, element: Element) -> dict[str, tuple[str, ...]]:
        """Read `ЗначенияРеквизитов`; names repeat (several files of one product)."""
        found: dict[str, tuple[str, ...]] = {}
        for row in element:
            title = ""
            values: list[str] = []
            for child in row:
                name = self.names[child.tag]
                if name == "Наименование":
                    title = self.text(child)
                elif name == "Значение":
                    values.append(self.text(child))
            found[title] = (*found.get(title, ()), *values)
        return found

    def vat(self, element: Element) -> Text:
        """Read `СтавкиНалогов`: the rate of НДС, or of the only tax there is."""
        rates = [self.children(row) for row in element]
        for said in rates:
            if "Ставка" in said and (said.get("Наименование", "НДС").upper() == "НДС" or len(rates) == 1):
                return rate(said["Ставка"])
        return UNSET

    def node(self, element: Element, depth: int = 0) -> Node:
        """Copy an element with everything in it."""
        if depth > MAX_DEPTH:
            raise MalformedFile("too_deep", limit=MAX_DEPTH)
        return Node(
            name=self.names[element.tag],
            text=self.text(element),
            attributes=self.attributes(element),
            children=tuple(self.node(child, depth + 1) for child in element),
        )


def pictures(paths: list[str], requisites: dict[str, tuple[str, ...]] | UnsetType) -> tuple[Picture, ...]:
    """Join pictures with their captions, which come as requisites `<path>#<caption>`."""
    captions: dict[str, str] = {}
    if requisites:
        for said in requisites.get("ОписаниеФайла", ()):
            path, mark, caption = said.partition("#")
            if mark:
                captions[path.replace("\\", "/").strip()] = caption.strip()
    return tuple(Picture(path, captions.get(path, UNSET)) for path in paths)


def rate(text: str) -> str:
    """Write a tax rate: plain digits without the percent sign, or words such as `Без НДС`."""
    text = text.strip()
    return number(text.removesuffix("%")) or text


def _trimmed(said: dict[str, str], name: str) -> Text:
    return said[name].strip() if name in said else UNSET
