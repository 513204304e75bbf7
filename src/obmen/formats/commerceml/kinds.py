"""What a file is about, told by its content: file names differ from one 1C to the next."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from msgspec import UNSET, Struct

from obmen.formats.commerceml.document import open_document
from obmen.formats.commerceml.items import (
    Classifier,
    Group,
    Item,
    Offer,
    OrderDocument,
    PriceType,
    Product,
    Property,
    ReferenceRow,
    Unit,
    Warehouse,
)

Kind = Literal["references", "groups", "catalog", "mixed", "offers", "prices", "rests", "documents", "empty"]

#: In this order files build on each other.
_ORDER: Final[tuple[Kind, ...]] = (
    "references",
    "groups",
    "catalog",
    "mixed",
    "offers",
    "prices",
    "rests",
    "documents",
    "empty",
)
#: That many items tell what a file is about; a large one need not be read to its end.
_ENOUGH: Final = 2000


class FileKind(Struct, frozen=True, kw_only=True):
    """What a file is about and which program family has written it."""

    kind: Kind
    generation: str  # "2.07 native", "2.10 split", "3.1 folders"


def classify(path: Path) -> FileKind:
    """Tell the kind of a file from its first items; raises MalformedFile."""
    with open_document(path) as document:
        header = document.header
        generation = " ".join(part for part in (header.schema, header.generation) if part)
        return FileKind(kind=kind_of(islice(document, _ENOUGH)), generation=generation)


def kind_of(items: Iterable[Item]) -> Kind:
    """Tell what some items are about."""
    products = offers = references = groups = documents = False
    described = priced = stocked = False
    for item in items:
        match item:
            case Offer():
                offers = True
                priced = priced or item.prices is not UNSET
                stocked = stocked or item.stocks is not UNSET or item.quantity is not UNSET
                described = described or _is_described(item)
            case Product():
                products = True
            case Group():
                groups = True
            case OrderDocument():
                documents = True
            case Classifier() | Property() | PriceType() | Warehouse() | Unit() | ReferenceRow():
                references = True
            case _:
                pass
    if documents:
        return "mixed" if products or offers else "documents"
    if products:
        return "mixed" if offers else "catalog"
    if offers:
        if described or priced == stocked:
            return "offers"
        return "prices" if priced else "rests"
    if groups:
        return "groups"
    return "references" if references else "empty"


def _is_described(offer: Offer) -> bool:
    parts = (offer.name, offer.sku, offer.characteristics, offer.properties, offer.barcodes)
    return any(part is not UNSET for part in parts)


def import_order(paths: Sequence[Path]) -> list[Path]:
    """Put files in the order in which they build on each other; equal kinds go by name, 2 before 10."""
    return sorted(
        paths, key=lambda path: (_ORDER.index(classify(path).kind), natural_key(path.name), str(path))
    )


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Make a key that sorts numbers inside names as numbers, and a name before its numbered sequels."""
    stem = name.rpartition(".")[0] or name
    parts = re.split(r"(\d+)", stem.casefold())
    return tuple((int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts))
