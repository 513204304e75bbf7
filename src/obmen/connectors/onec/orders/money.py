"""What an order comes to, wire and canonical: lines, delivery, total; parted where the order is split. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.onec.orders import splitting
from obmen.connectors.onec.orders.rates import Rates
from obmen.connectors.onec.orders.tables import LINE_PROPERTY, OrderTables
from obmen.connectors.onec.orders.warehouses import Warehouses
from obmen.model import BadValue, Money, Value, decimal, plain
from obmen.sync.shadow import Blocked, Decoded, Encoded, Wire


class OrderMoney:
    """The money of orders of one 1C, with today's tables."""

    def __init__(
        self,
        connection: str,
        tables: OrderTables,
        currencies: Mapping[str, str],
        warehouses: Warehouses,
        rates: Rates,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._warehouses = warehouses
        self._rates = rates
        self._currencies = {**currencies, **{name: iso for iso, name in tables.currencies.items()}}

    def decode(self, wire: Mapping[str, Any]) -> Decoded:
        """Translate what documents say; an unknown currency, rate or warehouse is `Blocked`."""
        currency = self.currency(wire)
        if isinstance(currency, Blocked):
            return currency
        rows, total = splitting.living(wire)
        lines: list[Value] = []
        for row in rows:
            line: dict[str, Value] = {
                "offer": row.get("offer"),
                "quantity": plain(decimal(str(row.get("quantity") or "0"))),
                "sum": str(Money(decimal(str(row.get("sum") or "0")), currency)),
            }
            if row.get("offer") is None:
                line["name"] = str(row.get("name") or "")
            if row.get("vat") is not None:
                rate = self._rate(str(row["vat"]))
                if isinstance(rate, Blocked):
                    return rate
                line["vat"] = rate
            if row.get("codes"):
                line["codes"] = sorted(row["codes"])
            if row.get("warehouse") or row.get("store"):
                key = self._warehouses.key(str(row.get("warehouse") or ""), str(row.get("store") or ""))
                if isinstance(key, Blocked):
                    return key
                line["warehouse"] = key
            lines.append(line)
        value: dict[str, Value] = {"currency": currency, "lines": lines}
        if total is not None:
            value["total"] = str(Money(total, currency))
        if wire.get("delivery") is not None:
            delivery: dict[str, Value] = {"sum": str(Money(decimal(str(wire["delivery"])), currency))}
            if wire.get("delivery_vat"):
                rate = self._rate(str(wire["delivery_vat"]))
                if isinstance(rate, Blocked):
                    return rate
                delivery["vat"] = rate
            value["delivery"] = delivery
        return value

    def _rate(self, text: str) -> str | Blocked:
        try:
            return self._rates.meant(text)
        except BadValue:
            return Blocked(f"map:{self._connection}:vat:{text}", text)

    def encode(self, value: Mapping[str, Any]) -> Encoded:
        """Translate into what documents say; a warehouse 1C has no counterpart of is `Blocked`."""
        currency = str(value.get("currency") or "RUB")
        lines: list[Mapping[str, Any]] = [*(value.get("lines") or ())]
        traits = splitting.traits_of(lines, self._tables.split)
        parts = splitting.parts_of(traits, self._tables.split)
        totals: dict[str, Decimal] = {}
        rows: list[dict[str, Any]] = []
        for line, trait in zip(lines, traits, strict=True):
            row: dict[str, Wire] = {
                "offer": line.get("offer"),
                "name": line.get("name"),
                "unit": line.get("unit"),
                "quantity": str(line.get("quantity")),
                "sum": amount_of(line.get("sum")),
            }
            if line.get("discount"):
                row["discount"] = amount_of(line["discount"])
            if line.get("vat"):
                row["vat"] = self._rates.named(str(line["vat"]))
            if line.get("codes"):
                row["codes"] = sorted(line["codes"])
            said = {name: line.get(key) for key, name in self._tables.line_requisites.items()}
            said |= {f"{LINE_PROPERTY}{code}": text for code, text in (line.get("properties") or {}).items()}
            if said := {name: text for name, text in said.items() if text}:
                row["requisites"] = said
            if self._tables.split == "warehouse" and line.get("warehouse"):
                place = self._warehouses.place(str(line["warehouse"]))
                if isinstance(place, Blocked):
                    return place
                row["warehouse"], row["store"] = place
            part = parts[trait]
            if part:
                row["part"] = part
            totals[part] = totals.get(part, Decimal(0)) + decimal(str(row["sum"]))
            rows.append(row)
        # As `join` puts them; without parts the order stays.
        rows.sort(key=lambda row: str(row.get("part") or splitting.MAIN))
        wire: dict[str, Any] = {"currency": self.named(currency), "lines": rows}
        if value.get("total"):
            wire["total"] = amount_of(value["total"])
        delivery = value.get("delivery")
        if isinstance(delivery, dict) and (price := Money.parse(str(delivery.get("sum"))).amount):
            wire["delivery"] = plain(price)
            totals[splitting.MAIN] = totals.get(splitting.MAIN, Decimal(0)) + price
            rate = delivery.get("vat") or self._tables.delivery_vat
            if rate:
                wire["delivery_vat"] = self._rates.named(str(rate))
        if self._tables.split:
            wire["parts"] = {part: plain(total) for part, total in sorted(totals.items())}
        return wire

    def currency(self, wire: Mapping[str, Any]) -> str | Blocked:
        """Return the ISO code of the currency a document names."""
        text = str(wire.get("currency") or "RUB")
        known = self._currencies.get(text) or self._currencies.get(text.casefold())
        if known is None and len(text) == 3 and text.isascii() and text.isalpha():
            known = text.upper()
        return known or Blocked(f"map:{self._connection}:currency:{text}", text)

    def named(self, currency: str) -> str:
        """Return what a currency is called in 1C."""
        return self._tables.currencies.get(currency, currency)


def amount_of(text: Any) -> str:
    """Return the bare amount of a sum of money."""
    return plain(Money.parse(str(text)).amount)
