"""The shop's own shapes: tolerant when read, strict when written. No canonical words, no rules."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from obmen.model import plain

ELEMENT_FIELDS = (
    "id",
    "iblockId",
    "type",
    "name",
    "code",
    "xmlId",
    "active",
    "timestampX",
    "iblockSectionId",
    "iblockSection",
    "previewText",
    "previewTextType",
    "detailText",
    "detailTextType",
    "weight",
    "length",
    "width",
    "height",
    "measure",
    "vatId",
    "quantity",
)
"""What is asked of every element; list methods refuse a selection without `id` and `iblockId`."""

PARENT_TYPES = frozenset({3, 6})
"""Product types whose prices, stock and sizes live on their offers (`b_catalog_product.TYPE`)."""


def text(raw: Any) -> str | None:
    """Read a text; empty and absent are the same to the shop."""
    if raw is None or isinstance(raw, dict | list):
        return None
    return str(raw) or None


def number(raw: Any) -> str | None:
    """Read a number in its one spelling: ``1990.0000`` is ``1990``; what is no number is None."""
    if raw is None or isinstance(raw, bool | dict | list):
        return None
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        return None
    return plain(value) if value.is_finite() else None


def whole(raw: Any) -> int:
    """Read an id; nought where there is none."""
    value = number(raw)
    return int(Decimal(value)) if value is not None else 0


def flag(raw: Any) -> bool:
    """Read Y or N."""
    return raw in ("Y", True)


def html_text(raw: Any, kind: Any) -> str | None:
    """Read a text as HTML: a plain one is escaped and its lines are kept."""
    value = text(raw)
    if value is None or kind == "html":
        return value
    return html.escape(value, quote=False).replace("\r\n", "\n").replace("\n", "<br>\n")


def utc(raw: Any) -> datetime | None:
    """Read a moment with its offset; one without an offset says nothing about time and is None."""
    try:
        moment = datetime.fromisoformat(str(raw))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def sections(row: Mapping[str, Any]) -> list[str]:
    """Read the sections of an element; the reference spells the key in two ways."""
    raw = row.get("iblockSection", row.get("IblockSection"))
    found = raw if isinstance(raw, list) else list(raw.values()) if isinstance(raw, dict) else []
    ids = {str(whole(item)) for item in found if whole(item)}
    main = str(whole(row.get("iblockSectionId")))
    return sorted(ids | {main} - {"0"})


def values(raw: Any) -> list[dict[str, Any]]:
    """Read the values of a property: one ``{value, valueId}``, a list of those, or nothing."""
    if isinstance(raw, dict) and "value" not in raw:
        raw = list(raw.values())
    found = raw if isinstance(raw, list) else [raw]
    return [item if isinstance(item, dict) else {"value": item} for item in found if item not in (None, "")]


def property_value(items: Sequence[Any], *, multiple: bool) -> Any:
    """Write a property as objects always: a bare scalar on update is dropped and the old value with it."""
    if not multiple:
        return {"value": items[0] if items else ""}
    return [{"value": item} for item in items] or [{"value": ""}]


def file_content(name: str, encoded: str) -> list[str]:
    """Write an upload: the pair of a name and base64."""
    return [name, encoded]


class PriceRow(NamedTuple):
    """One price without a range of quantities."""

    id: int
    product: str
    kind: int
    price: str
    currency: str


def price_row(row: Mapping[str, Any]) -> PriceRow | None:
    """Read a price row; those for larger quantities are somebody else's and are not shown."""
    price = number(row.get("price"))
    if whole(row.get("quantityFrom")) > 1 or price is None:
        return None
    return PriceRow(
        id=whole(row.get("id")),
        product=str(whole(row.get("productId"))),
        kind=whole(row.get("catalogGroupId")),
        price=price,
        currency=text(row.get("currency")) or "",
    )


# The exchange door.


class Rest(NamedTuple):
    """Pieces of one thing by external codes: of the element, and of each store (empty: in all)."""

    xml_id: str
    stores: Mapping[str, str]


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def rests_file(rests: Iterable[Rest], *, package: str, catalog: str, formed_at: str) -> bytes:
    """Write a CommerceML file of rests, each offer exactly `Ид` and `Остатки`: anything more is a full offer.

    Changes only, always: a full file deletes what it does not name.
    """
    offers = "".join(_rest(rest) for rest in rests)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<КоммерческаяИнформация ВерсияСхемы="3.1" ДатаФормирования="{_xml(formed_at)}">\n'
        '<ПакетПредложений СодержитТолькоИзменения="true">\n'
        f"<Ид>{_xml(package)}</Ид><ИдКаталога>{_xml(catalog)}</ИдКаталога>"
        f"<ИдКлассификатора>{_xml(catalog)}</ИдКлассификатора>\n"
        f"<Предложения>\n{offers}</Предложения>\n</ПакетПредложений>\n</КоммерческаяИнформация>\n"
    ).encode()


def _rest(rest: Rest) -> str:
    held = "".join(
        f"<Остаток><Склад><Ид>{_xml(store)}</Ид><Количество>{_xml(amount)}</Количество></Склад></Остаток>"
        if store
        else f"<Остаток><Количество>{_xml(amount)}</Количество></Остаток>"
        for store, amount in rest.stores.items()
    )
    return f"<Предложение><Ид>{_xml(rest.xml_id)}</Ид><Остатки>{held}</Остатки></Предложение>\n"


def _xml(raw: str) -> str:
    return escape(_CONTROL.sub("", raw), {'"': "&quot;"})
