"""Lines of an order to the kopeck. Pure.

The account keeps a price and a discount of one piece, both to the kopeck, and makes the sum itself. So a line that does
not divide goes as rows that do: 3 for 100.00 with a discount of 8.00 are 2 × (36.00 − 2.66) and 1 × (36.00 − 2.68).
A discount given to the whole order comes back spread over the lines (`discounts`), each share for the whole line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from obmen.connectors.retailcrm import wire
from obmen.model import decimal, plain
from obmen.model.order import KOPECK, round_kopecks
from obmen.sync.shadow import Wire

_NOTHING = Decimal(0)


class Row(NamedTuple):
    """So many pieces at one price, less a discount, both of one piece."""

    quantity: Decimal
    price: Decimal
    off: Decimal

    @property
    def discount(self) -> Decimal:
        """The discount of the whole row."""
        return round_kopecks(self.off * self.quantity)

    @property
    def amount(self) -> Decimal:
        """What the row comes to there."""
        return round_kopecks(self.price * self.quantity) - self.discount


def divided(quantity: Decimal, amount: Decimal, discount: Decimal) -> list[Row]:
    """Return rows that come to exactly this amount; the discount is kept exactly too where pieces are whole.

    A fraction that no price hits is bought as its whole pieces and its rest, without the discount.
    """
    if quantity <= 0:
        return []
    if quantity == quantity.to_integral_value():
        return _whole(int(quantity), amount, discount)
    for off in (discount, _NOTHING):
        row = Row(quantity, round_kopecks((amount + off) / quantity), round_kopecks(off / quantity))
        if row.amount == amount:
            return [row]
    pieces = int(quantity)
    rest = Row(quantity - pieces, (amount / quantity).quantize(KOPECK, ROUND_DOWN), _NOTHING)
    return [*_whole(pieces, amount - rest.amount, _NOTHING), rest]


def _whole(pieces: int, amount: Decimal, discount: Decimal) -> list[Row]:
    """Lay the dearer pieces before and after the discount side by side, so that no piece has a discount below nought."""
    net, dearer_net = _prices(pieces, amount)
    gross, dearer_gross = _prices(pieces, amount + discount)
    cuts = sorted({0, dearer_net, dearer_gross, pieces})
    rows = []
    for start, end in pairwise(cuts):
        price = gross + (KOPECK if start < dearer_gross else 0)
        paid = net + (KOPECK if start < dearer_net else 0)
        rows.append(Row(Decimal(end - start), price, price - paid))
    return rows


def _prices(pieces: int, amount: Decimal) -> tuple[Decimal, int]:
    """Return the price of one piece rounded down, and how many pieces cost a kopeck more."""
    low = (amount / pieces).quantize(KOPECK, ROUND_DOWN)
    return low, int((amount - low * pieces) / KOPECK)


def shown_line(item: Mapping[str, Any], offers_by: str) -> dict[str, Wire]:
    """Show one row of an order as the account has it."""
    offer = wire.table(item.get("offer"))
    ref = wire.text(offer.get(offers_by))
    quantity = wire.number(item.get("quantity")) or "0"
    shares = wire.rows(item.get("discounts"))
    if shares:
        off = sum((decimal(wire.number(share.get("amount")) or "0") for share in shares), _NOTHING)
    else:
        off = round_kopecks(decimal(wire.number(item.get("discountTotal")) or "0") * decimal(quantity))
    line: dict[str, Wire] = {
        "offer": ref,
        "quantity": quantity,
        "price": wire.number(item.get("initialPrice")) or "0",
        "off": plain(off),
    }
    if ref is None:
        line["name"] = wire.text(item.get("productName")) or wire.text(offer.get("name")) or ""
    if (rate := wire.text(item.get("vatRate"))) is not None:
        line["vat"] = rate
    return line


def in_order(lines: Sequence[dict[str, Wire]]) -> list[Wire]:
    """Return lines in one order, whoever shows them."""
    return [*sorted(lines, key=lambda line: [str(line.get(k) or "") for k in _KEYS])]


_KEYS = ("offer", "name", "price", "quantity", "off", "vat")


def stands(item: Mapping[str, Any]) -> bool:
    """Tell whether a row counts: one that was cancelled stays in the list and costs nothing."""
    return item.get("isCanceled") is not True


def written_items(
    lines: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]], *, mark: str, offers_by: str
) -> list[dict[str, Any]]:
    """Return all rows an order is to have: those that are there keep their ids, cancelled ones stay as they are.

    Rows not named would be deleted, and rows of one offer without an id of their own would become one.
    """
    free = [item for item in held if stands(item)]
    taken = {str(each.get("value")) for item in held for each in wire.rows(item.get("externalIds"))}
    items: list[dict[str, Any]] = [{"id": item["id"]} for item in held if not stands(item)]
    names = (f"{mark}-{number}" for number in range(1, len(lines) + len(held) + 1))
    fresh = (name for name in names if name not in taken)
    for line in lines:
        quantity = decimal(str(line.get("quantity") or "0"))
        row: dict[str, Any] = {
            "quantity": quantity,
            "initialPrice": decimal(str(line.get("price") or "0")),
            "discountManualAmount": round_kopecks(decimal(str(line.get("off") or "0")) / quantity),
            "discountManualPercent": 0,
        }
        if line.get("vat"):
            row["vatRate"] = line["vat"]
        same = [item for item in free if _is_of(item, line, offers_by)]
        if same:
            item = min(same, key=lambda item: wire.number(item.get("quantity")) != plain(quantity))
            free.remove(item)
            items.append({"id": item["id"], **row})
        else:
            row["externalIds"] = [{"code": "obmen", "value": next(fresh)}]
            if line.get("offer"):
                row["offer"] = {offers_by: line["offer"]}
            else:
                row["productName"] = line.get("name") or "—"
            items.append(row)
    return items


def _is_of(item: Mapping[str, Any], line: Mapping[str, Any], offers_by: str) -> bool:
    offer = wire.text(wire.table(item.get("offer")).get(offers_by))
    if offer is not None or line.get("offer") is not None:
        return offer == line.get("offer")
    return wire.text(item.get("productName")) == line.get("name")
