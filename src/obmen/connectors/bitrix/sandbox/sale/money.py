"""What an order costs: lines of four decimals, sums rounded to kopecks, VAT in the price or on top of it."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Shipment

KOPECK = Decimal("0.01")
STORED = Decimal("0.0001")


class Totals(NamedTuple):
    """The sums of an order."""

    price: Decimal
    discount_value: Decimal
    tax_value: Decimal


def kopecks(amount: Decimal) -> Decimal:
    """Round as the shop shows and sums."""
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def stored(amount: Decimal) -> Decimal:
    """Round as the table keeps."""
    kept = amount.quantize(STORED, ROUND_HALF_UP)
    return kept.to_integral_value() if kept == kept.to_integral_value() else kept.normalize()


def line_sum(item: BasketItem) -> Decimal:
    """Return the sum of a line: the price times the pieces, to the kopeck, without tax on top."""
    return kopecks(item.price * item.quantity)


def line_vat(item: BasketItem) -> Decimal:
    """Return the VAT of a line."""
    rate = item.vat_rate or ZERO
    taxed = line_sum(item)
    return kopecks(taxed * rate / (1 + rate) if item.vat_included == "Y" else taxed * rate)


def totals(items: Iterable[BasketItem], shipments: Iterable[Shipment]) -> Totals:
    """Sum an order up."""
    lines = list(items)
    goods = sum((line_sum(item) for item in lines), ZERO)
    on_top = sum((line_vat(item) for item in lines if item.vat_included != "Y"), ZERO)
    delivery = sum((shipment.price_delivery for shipment in shipments), ZERO)
    return Totals(
        price=stored(goods + on_top + delivery),
        discount_value=stored(sum((kopecks(item.discount_price * item.quantity) for item in lines), ZERO)),
        tax_value=stored(sum((line_vat(item) for item in lines), ZERO)),
    )
