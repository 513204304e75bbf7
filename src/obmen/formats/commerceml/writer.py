"""Writes the two small files a shop takes from the exchange door: stock and prices of known offers.

A Bitrix shop takes the short way only for an offer of exactly `Ид` and `Остатки` (or `Цены`), and deletes what a
full file does not mention. So a file written here always contains changes only and nothing but those elements.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO, Final
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

_ILLEGAL: Final = {code: None for code in range(32) if code not in (9, 10, 13)}


class PackageAddress(Struct, frozen=True, kw_only=True):
    """Where in the shop the offers belong: ids that the shop already knows."""

    package_id: str  # the id of the offers information block
    catalog_id: str
    classifier_id: str
    schema: str = "3.1"


class StockLine(Struct, frozen=True):
    """The stock of an offer in all its warehouses."""

    offer_id: str
    quantities: dict[str, str]  # warehouse -> plain decimal text


class PriceRow(Struct, frozen=True, kw_only=True):
    """One price to write."""

    type_id: str
    amount: str  # plain decimal text
    currency: str
    unit: str = ""
    coefficient: str = ""


class PriceLine(Struct, frozen=True):
    """All prices of an offer: a shop deletes those that are not listed."""

    offer_id: str
    prices: tuple[PriceRow, ...]


def write_rests(
    file: BinaryIO, address: PackageAddress, lines: Iterable[StockLine], *, formed_at: datetime
) -> int:
    """Write a stock file and return how many offers it holds."""
    return _write(file, address, map(_stock, lines), formed_at)


def write_prices(
    file: BinaryIO, address: PackageAddress, lines: Iterable[PriceLine], *, formed_at: datetime
) -> int:
    """Write a price file and return how many offers it holds."""
    return _write(file, address, map(_prices, lines), formed_at)


def _write(file: BinaryIO, address: PackageAddress, offers: Iterator[str], formed_at: datetime) -> int:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<КоммерческаяИнформация ВерсияСхемы={quoteattr(address.schema)}"
        f' ДатаФормирования="{formed_at:%Y-%m-%dT%H:%M:%S}">\n'
        '<ПакетПредложений СодержитТолькоИзменения="true">\n'
        f"{_leaf('Ид', address.package_id)}{_leaf('ИдКаталога', address.catalog_id)}"
        f"{_leaf('ИдКлассификатора', address.classifier_id)}\n<Предложения>\n"
    )
    file.write(head.encode())
    count = 0
    for offer in offers:
        file.write(offer.encode())
        count += 1
    file.write("</Предложения>\n</ПакетПредложений>\n</КоммерческаяИнформация>\n".encode())
    return count


def _stock(line: StockLine) -> str:
    rows = "".join(
        f"<Остаток><Склад>{_leaf('Ид', warehouse)}{_leaf('Количество', quantity)}</Склад></Остаток>"
        for warehouse, quantity in line.quantities.items()
    )
    return f"<Предложение>{_leaf('Ид', line.offer_id)}<Остатки>{rows}</Остатки></Предложение>\n"


def _prices(line: PriceLine) -> str:
    rows = "".join(
        f"<Цена>{_leaf('ИдТипаЦены', row.type_id)}{_leaf('ЦенаЗаЕдиницу', row.amount)}"
        f"{_leaf('Валюта', row.currency)}{_leaf('Единица', row.unit) if row.unit else ''}"
        f"{_leaf('Коэффициент', row.coefficient) if row.coefficient else ''}</Цена>"
        for row in line.prices
    )
    return f"<Предложение>{_leaf('Ид', line.offer_id)}<Цены>{rows}</Цены></Предложение>\n"


def _leaf(name: str, text: str) -> str:
    return f"<{name}>{escape(text.translate(_ILLEGAL))}</{name}>"
