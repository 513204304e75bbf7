"""Orders of one 1C, wire and canonical. Pure.

The wire form says what a document says, with 1C's ids of goods and its local time; what 1C does not keep, such as the
name of a line in the shop, is absent from what is read. `fault` in a wire form is what could not be read in a document:
it blocks the atom it belongs to and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from obmen.connectors.onec.orders import joining
from obmen.connectors.onec.orders.markup import folded
from obmen.connectors.onec.orders.money import OrderMoney
from obmen.connectors.onec.orders.rates import EVERYBODYS, Rates
from obmen.connectors.onec.orders.tables import OrderTables, way_back
from obmen.connectors.onec.orders.warehouses import Warehouses
from obmen.model import Money, Value, decimal, instant, plain, table
from obmen.sync.facts import STAGES
from obmen.sync.shadow import CONTRADICTION, Blocked, Decoded, Encoded, Wire

FORM = 2
_CARRIED = frozenset(
    {
        "number",
        "numbers",
        "placed",
        "stage",
        "cancelled",
        "money",
        "contact",
        "address",
        "delivery",
        "payments",
        "shipments",
        "returns",
        "comment",
        "note",
    }
)
_AS_IS = frozenset({"contact", "address", "delivery"})


class OrderCodec:
    """Orders of one 1C, with today's tables."""

    form = FORM

    def __init__(
        self,
        connection: str,
        tables: OrderTables,
        zone: ZoneInfo,
        currencies: Mapping[str, str],
        warehouses: Warehouses,
        rates: Rates = EVERYBODYS,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._zone = zone
        self._money = OrderMoney(connection, tables, currencies, warehouses, rates)
        own = {name: name for name, _ in STAGES.ranks}  # what a posted order asserts without a word of 1C's
        self._stages = {folded(name): said for name, said in {**own, **tables.codes, **tables.states}.items()}
        there = {name: method for method, name in reversed(tables.methods.items())}
        self._methods = {**{way_back(name): method for name, method in there.items()}, **there}
        self._sources = {field.partition(".")[2] for field in tables.fields if field.startswith("source.")}

    def carries(self, atom: str) -> bool:
        """Tell whether 1C can hold the atom; of numbers only its own, of further fields those that have a requisite."""
        family, _, member = atom.partition(".")
        if family == "numbers":
            return member == self._connection
        if family == "source":
            return bool(self._sources)
        if atom == "site" and self._tables.organizations:
            return True
        return family in _CARRIED or atom in self._tables.fields

    def join(self, atom: str, shown: Wire, held: Mapping[str, Wire]) -> Wire:
        """Complete what a document shows with what stands there."""
        return joining.join(self._connection, atom, shown, held)

    # --- reading --------------------------------------------------------------------------------------------------

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate what a document says; an unknown state, rate or warehouse is `Blocked`, and what could not be read."""
        if wire is None:
            return None
        if isinstance(wire, Mapping) and "fault" in wire:
            return Blocked(f"{CONTRADICTION}{self._connection}:{atom}:{wire['fault']}", str(wire["fault"]))
        match atom.partition(".")[0]:
            case "stage":
                return self._stage(wire)
            case "placed":
                return self._moment(str(wire))
            case "cancelled":
                return _cancelled(wire)
            case "numbers":
                given = wire.values() if isinstance(wire, Mapping) else (wire,)
                return ", ".join(dict.fromkeys(str(number) for number in given if number))
            case "money":
                return self._money.decode(table(wire))
            case "payments":
                return self._payment(table(wire))
            case "shipments" | "returns":
                return self._movement(table(wire))
            case family if family in _AS_IS or family == "source":
                return dict(table(wire))
            case _:
                return str(wire)

    def _stage(self, wire: Wire) -> Decoded:
        slowest: str | None = None
        for text in wire.values() if isinstance(wire, Mapping) else (wire,):
            if text is None:
                continue
            stage = self._stages.get(folded(str(text)))
            if stage is None:
                return Blocked(f"map:{self._connection}:stage:{text}", str(text))
            if slowest is None or STAGES.raises(stage, slowest):
                slowest = stage
        return slowest

    def _payment(self, wire: Mapping[str, Any]) -> Decoded:
        currency = self._money.currency(wire)
        if isinstance(currency, Blocked):
            return currency
        operation = wire.get("operation")
        value: dict[str, Value] = {
            "sum": str(Money(decimal(str(wire.get("sum") or "0")), currency)),
            "paid": wire.get("paid") is True,
            "refund": wire.get("refund") is True,
        }
        if operation is not None:
            value["method"] = self._methods.get(str(operation), str(operation))
        if wire.get("at"):
            value["at"] = self._moment(str(wire["at"]))
        if wire.get("document"):
            value["document"] = str(wire["document"])
        return value

    def _movement(self, wire: Mapping[str, Any]) -> Decoded:
        currency = self._money.currency(wire)
        if isinstance(currency, Blocked):
            return currency
        lines: list[Value] = []
        for row in wire.get("lines") or ():
            line: dict[str, Value] = {
                "offer": row.get("offer"),
                "quantity": plain(decimal(str(row.get("quantity") or "0"))),
            }
            if row.get("codes"):
                line["codes"] = sorted(row["codes"])
            if row.get("sum") is not None:
                line["sum"] = str(Money(decimal(str(row["sum"])), currency))
            lines.append(line)
        value: dict[str, Value] = {"lines": lines}
        for key in ("state", "tracking", "document", "reason"):
            if wire.get(key):
                value[key] = str(wire[key])
        if wire.get("sum") is not None:
            value["sum"] = str(Money(decimal(str(wire["sum"])), currency))
        if wire.get("at"):
            value["at"] = self._moment(str(wire["at"]))
        return value

    def _moment(self, text: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return instant(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))

    # --- writing --------------------------------------------------------------------------------------------------

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into what its document says."""
        if value is None:
            return None
        match atom.partition(".")[0]:
            case "placed":
                return self._local(str(value))
            case "stage":
                return next(
                    (name for name, stage in self._tables.states.items() if stage == value),
                    Blocked(f"map:{self._connection}:stage:{value}", str(value)),
                )
            case "money":
                return self._money.encode(table(value))
            case "payments":
                return self._payment_wire(table(value))
            case "shipments" | "returns":
                return self._movement_wire(table(value))
            case "address":
                return self._address_wire(table(value))
            case "source":
                return {key: text for key, text in table(value).items() if key in self._sources}
            case family if family in _AS_IS:
                return dict(table(value))
            case _:
                return str(value)

    def _payment_wire(self, value: Mapping[str, Any]) -> Wire:
        amount = Money.parse(str(value.get("sum")))
        method = value.get("method")
        wire: dict[str, Wire] = {
            "sum": plain(amount.amount),
            "currency": self._money.named(amount.currency),
            "paid": value.get("paid") is True,
            "refund": value.get("refund") is True,
        }
        if method is not None:
            wire["operation"] = self._tables.methods.get(str(method), str(method))
        if value.get("at"):
            wire["at"] = self._local(str(value["at"]))
        if value.get("document"):
            wire["document"] = str(value["document"])
        return wire

    def _movement_wire(self, value: Mapping[str, Any]) -> Wire:
        currency = "RUB"
        rows: list[Wire] = []
        for line in value.get("lines") or ():
            row: dict[str, Wire] = {key: line[key] for key in ("offer", "quantity") if key in line}
            if line.get("codes"):
                row["codes"] = sorted(line["codes"])
            if line.get("sum"):
                amount = Money.parse(str(line["sum"]))
                row["sum"], currency = plain(amount.amount), amount.currency
            rows.append(row)
        wire: dict[str, Wire] = {"lines": rows}
        for key in ("state", "tracking", "document", "reason"):
            if value.get(key):
                wire[key] = str(value[key])
        if value.get("sum"):
            amount = Money.parse(str(value["sum"]))
            wire["sum"], currency = plain(amount.amount), amount.currency
        wire["currency"] = self._money.named(currency)
        if value.get("at"):
            wire["at"] = self._local(str(value["at"]))
        return wire

    def _address_wire(self, value: Mapping[str, Any]) -> Wire:
        city = self._tables.locations.get(str(value.get("location") or ""))
        return dict(value) if city is None or value.get("city") else {**value, "city": city}

    def _local(self, text: str) -> str:
        """Return a moment as 1C writes it: its own local time, without a zone."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return (
            moment.replace(tzinfo=moment.tzinfo or UTC)
            .astimezone(self._zone)
            .replace(tzinfo=None)
            .isoformat()
        )


def _cancelled(wire: Wire) -> str | None:
    """Return the reason of a cancellation; of an order in parts, once all of them are cancelled."""
    reasons = list(wire.values()) if isinstance(wire, Mapping) else [wire]
    if any(reason is None for reason in reasons):
        return None
    return ", ".join(dict.fromkeys(str(reason) for reason in reasons if reason)) or "—"
