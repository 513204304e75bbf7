"""Offers as the vendor's feed spells them: ICML, an extension of YML. Pure.

Weights are kilograms and sizes centimetres here, grams and millimetres everywhere else. An offer without a product or a
price is left out: the account takes none without. Source: "Uploading a catalogue via ICML".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from obmen.connectors.contract import Card
from obmen.connectors.retailcrm.feed.settings import FeedSettings
from obmen.model import BadValue, Money, decimal, plain

TAIL = "</offers></shop></yml_catalog>\n"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_UNITS = {
    "796": ("Штука", "шт."),
    "006": ("Метр", "м"),
    "055": ("Квадратный метр", "м²"),
    "112": ("Литр", "л"),
    "166": ("Килограмм", "кг"),
    "715": ("Пара", "пар"),
    "778": ("Упаковка", "упак."),
    "839": ("Комплект", "компл."),
}
_PRODUCT = (
    "name",
    "kind",
    "sku",
    "categories",
    "vat",
    "weight",
    "length",
    "width",
    "height",
    "brand",
    "manufacturer",
    "unit",
)


class Product(NamedTuple):
    """What an offer takes from its product."""

    ref: str
    atoms: Mapping[str, Any]
    active: bool


def product_of(card: Card) -> Product:
    """Keep of a product what its offers need."""
    kept = {name: card.atoms[name] for name in _PRODUCT if name in card.atoms}
    return Product(card.ref or f"obmen-{card.record}", kept, card.atoms.get("active") is not False)


def head(settings: FeedSettings, categories: Mapping[int, Card], *, date: str) -> Iterator[str]:
    """Yield the beginning of the file, sections included."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<yml_catalog date="{date}"><shop>\n'
    yield f"{_leaf('name', settings.name)}{_leaf('company', settings.name)}\n<categories>\n"
    for card in categories.values():
        parent = categories.get(card.atoms.get("parent"))  # type: ignore[arg-type]
        above = f" parentId={quoteattr(category_ref(parent))}" if parent is not None else ""
        name = _leaf("name", card.atoms.get("name") or category_ref(card))
        yield f"<category id={quoteattr(category_ref(card))}{above}>{name}</category>\n"
    yield "</categories>\n<offers>\n"


def category_ref(card: Card) -> str:
    """Return what a section is called in the feed."""
    return card.ref or f"obmen-{card.record}"


def offer(
    card: Card,
    product: Product,
    categories: Mapping[int, Card],
    settings: FeedSettings,
    *,
    with_stock: bool,
) -> str | None:
    """Return an offer as the feed has it; None where it cannot be sold."""
    price = _price(card, settings.price)
    if not card.ref or price is None:
        return None
    atoms: Mapping[str, Any] = card.atoms
    shared = product.atoms
    pairs = [pair for pair in atoms.get("characteristics") or () if isinstance(pair, list) and len(pair) == 2]
    told = f" ({', '.join(str(value) for _, value in pairs)})" if pairs else ""
    name = str(shared.get("name") or atoms.get("name") or card.ref)
    quantity = f" quantity={quoteattr(str(atoms.get('available') or '0'))}" if with_stock else ""
    kind = "service" if shared.get("kind") == "service" else "product"
    sections = [categories[number] for number in shared.get("categories") or () if number in categories]
    article = atoms.get("sku") or shared.get("sku")
    barcodes = atoms.get("barcodes")
    is_sold = atoms.get("active") is not False
    parts = [
        *(_leaf("categoryId", category_ref(section)) for section in sections),
        _leaf("price", price),
        _leaf("purchasePrice", _price(card, settings.purchase) if settings.purchase else None),
        _leaf("name", f"{name}{told}"),
        _leaf("productName", name),
        _leaf("xmlId", card.refs.get(settings.xml_ids)),
        _leaf("vendor", shared.get("brand") or shared.get("manufacturer")),
        _unit(atoms.get("unit") or shared.get("unit")),
        f'<param name="Артикул" code="article">{_text(article)}</param>' if article else "",
        *(
            f"<param name={quoteattr(_clean(key))} code={quoteattr(_code(key))}>{_text(value)}</param>"
            for key, value in pairs
        ),
        _leaf("barcode", barcodes[0] if isinstance(barcodes, list) and barcodes else None),
        _leaf("vatRate", shared.get("vat")),
        _leaf("weight", _scaled(shared.get("weight"), 1000)),
        _leaf("dimensions", _dimensions(shared)),
        _leaf("activity", "Y" if is_sold else "N"),
        _leaf("productActivity", "Y" if product.active else "N"),
    ]
    return (
        f"<offer id={quoteattr(_clean(card.ref))} productId={quoteattr(_clean(product.ref))}{quantity} "
        f'type="{kind}">{"".join(parts)}</offer>\n'
    )


def _price(card: Card, kind: str) -> str | None:
    try:
        return plain(Money.parse(str(card.atoms.get(f"prices.{kind}") or "")).amount)
    except BadValue:
        return None


def _scaled(value: Any, by: int) -> str | None:
    try:
        return plain(decimal(str(value)) / Decimal(by))
    except BadValue:
        return None


def _dimensions(shared: Mapping[str, Any]) -> str | None:
    sides = [_scaled(shared.get(name), 10) for name in ("length", "width", "height")]
    return "/".join(side for side in sides if side) if all(sides) else None


def _unit(code: Any) -> str:
    if code not in _UNITS:
        return ""
    name, symbol = _UNITS[code]
    return f"<unit code={quoteattr(code)} name={quoteattr(name)} sym={quoteattr(symbol)}/>"


def _code(name: str) -> str:
    """Return a code for a property known by its name only."""
    return re.sub(r"[^\w-]+", "-", _clean(name)).strip("-").lower()[:64] or "x"


def _leaf(name: str, value: Any) -> str:
    return "" if value in (None, "") else f"<{name}>{_text(value)}</{name}>"


def _text(value: Any) -> str:
    return escape(_clean(str(value)))


def _clean(raw: Any) -> str:
    return _CONTROL.sub("", str(raw))
