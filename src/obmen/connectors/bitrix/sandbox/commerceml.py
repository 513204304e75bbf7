"""Reading CommerceML as the shop reads it: local names, no schema, tolerant numbers, a checksum per node."""

import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree as ET

Node = ET.Element


class Unreadable(ValueError):
    """The upload is not XML this shop reads."""


def read_document(content: bytes) -> Node:
    """Parse a document and drop its namespaces; a DOCTYPE is refused."""
    builder = _NoDoctype()
    parser = ET.XMLParser(target=builder)  # noqa: S314 (expat expands no entities here: a DOCTYPE is refused)
    try:
        parser.feed(content)
        root: Node = parser.close()
    except (ET.ParseError, LookupError) as exc:
        raise Unreadable(f"Ошибка разбора XML: {exc}") from exc
    if root.tag != "КоммерческаяИнформация":
        raise Unreadable("Файл не содержит коммерческой информации.")
    return root


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        raise Unreadable(f"Документ с DOCTYPE {name} не принимается.")

    def start(self, tag: str, attrs: dict[str, str]) -> Node:
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str) -> Node:
        return super().end(tag.rpartition("}")[2])


def text(node: Node | None, path: str) -> str:
    """Return the text under a path, or an empty one."""
    return (node.findtext(path) or "").strip() if node is not None else ""


def texts(node: Node, path: str) -> list[str]:
    """Return all texts under a path, empty ones included."""
    return [(found.text or "").strip() for found in node.iterfind(path)]


def number(raw: str | None) -> Decimal | None:
    """Read a number with a dot or a comma and any spaces; nonsense is none."""
    cleaned = "".join((raw or "").split()).replace(",", ".")
    try:
        return Decimal(cleaned)
    except InvalidOperation:
        return None


def is_true(raw: str | None) -> bool:
    """Read a CommerceML boolean."""
    return (raw or "").strip().lower() in ("true", "1", "да")


def is_deleted(node: Node) -> bool:
    """Whether the node is marked for removal, in either generation's way."""
    return is_true(text(node, "ПометкаУдаления")) or node.get("Статус") == "Удален"


def only_changes(node: Node) -> bool:
    """Whether what is absent from this catalogue or package simply was not sent."""
    return node.tag == "ИзмененияПакетаПредложений" or is_true(node.get("СодержитТолькоИзменения"))


def checksum(node: Node) -> str:
    """Return the version of a node, or the CRC32 of its text where it has none."""
    return text(node, "НомерВерсии") or str(zlib.crc32(ET.tostring(node, encoding="utf-8")))


def requisites(node: Node) -> list[tuple[str, str]]:
    """Return the requisites as pairs of name and value."""
    return [
        (text(each, "Наименование"), text(each, "Значение"))
        for each in node.iterfind("ЗначенияРеквизитов/ЗначениеРеквизита")
    ]


def groups(node: Node, parent: str | None = None) -> Iterator[tuple[str, str, str | None]]:
    """Walk the tree of groups, parents first: id, name, id of the parent."""
    for group in node.iterfind("Группы/Группа"):
        yield text(group, "Ид"), text(group, "Наименование"), parent
        yield from groups(group, text(group, "Ид"))
