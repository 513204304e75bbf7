"""Small pieces of order documents: leaves, requisites, numbers and dates as the shop prints them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

Node = ET.Element


def node(tag: str, *children: Node | None, **attributes: str) -> Node:
    """Make an element; absent children are left out."""
    made = ET.Element(tag, attributes)
    made.extend(child for child in children if child is not None)
    return made


def leaf(tag: str, text: object = "") -> Node:
    """Make an element of text."""
    made = ET.Element(tag)
    made.text = str(text)
    return made


def requisites(pairs: Iterable[tuple[str, object]]) -> Node:
    """Make the block of requisites."""
    return node(
        "ЗначенияРеквизитов",
        *(
            node("ЗначениеРеквизита", leaf("Наименование", name), leaf("Значение", _plain(value)))
            for name, value in pairs
        ),
    )


def amount(value: Decimal) -> str:
    """Print an amount as it is stored, four decimals."""
    return f"{value:.4f}"


def moment(value: datetime | None) -> str:
    """Print a moment the way requisites hold it."""
    return f"{value:%d.%m.%Y %H:%M:%S}" if value else ""


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
