"""Counts what files hold: the answer to "what is in this export" before anything is imported."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import UNSET, Struct

from obmen.formats.commerceml.checks import Checks
from obmen.formats.commerceml.document import open_document
from obmen.formats.commerceml.errors import Finding, Findings
from obmen.formats.commerceml.items import (
    Group,
    Item,
    Offer,
    OrderDocument,
    PriceType,
    Product,
    Property,
    Warehouse,
)


class Summary(Struct, frozen=True, kw_only=True):
    """Totals over some files: elements as they stand, not distinct ids."""

    schema: str
    generation: str
    encoding: str
    groups: int = 0
    properties: int = 0
    products: int = 0
    deleted: int = 0
    offers: int = 0
    offers_with_characteristics: int = 0
    prices: int = 0
    price_types: int = 0
    stock_rows: int = 0
    warehouses: int = 0
    documents: int = 0
    orders: int = 0
    findings: tuple[Finding, ...] = ()


def inspect(paths: Iterable[Path]) -> Summary:
    """Read some files that belong together and count what they hold; raises MalformedFile."""
    counts: dict[str, int] = {}
    findings = Findings()
    checks = Checks(findings)
    schemas: list[str] = []
    generations: list[str] = []
    encodings: list[str] = []
    for path in paths:
        with open_document(path) as document:
            for item in document:
                _count(counts, item)
                checks.see(item)
            for finding in document.findings:
                findings.add(finding.code, f"{path.name}: {finding.example}", finding.count)
            header = document.header
            schemas.append(header.schema)
            generations.append(" ".join(part for part in (header.schema, header.generation) if part))
            encodings.append(header.encoding)
    checks.close()
    return Summary(
        schema=_distinct(schemas),
        generation=_distinct(generations),
        encoding=_distinct(encodings),
        findings=findings.report(),
        **counts,
    )


def _count(counts: dict[str, int], item: Item) -> None:
    match item:
        case Offer():
            _add(counts, "offers")
            _add(counts, "prices", len(item.prices or ()))
            _add(counts, "stock_rows", sum(row.quantity is not UNSET for row in item.stocks or ()))
            if item.characteristics or item.characteristic_id is not UNSET:
                _add(counts, "offers_with_characteristics")
        case Product():
            _add(counts, "products")
            _add(counts, "deleted", int(item.deleted is True))
        case Group():
            _add(counts, "groups")
        case Property():
            _add(counts, "properties")
        case PriceType():
            _add(counts, "price_types")
        case Warehouse():
            _add(counts, "warehouses")
        case OrderDocument():
            _add(counts, "documents")
            _add(counts, "orders", int(item.is_order))
        case _:
            pass


def _add(counts: dict[str, int], name: str, count: int = 1) -> None:
    counts[name] = counts.get(name, 0) + count


def _distinct(texts: list[str]) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))
