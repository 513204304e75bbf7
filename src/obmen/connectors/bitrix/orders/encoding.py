"""Canonical values of an order as the shop takes them. Pure and driven by the tables of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.orders.notes import plainly
from obmen.connectors.bitrix.orders.settings import LINE_PLACES, PROFILE, OrderSettings
from obmen.model import VAT_NONE, Money, Value, decimal, plain, table, vat_percent
from obmen.sync.mapping import first_codes
from obmen.sync.shadow import Blocked, Encoded, Wire, Withheld

_FINE = Decimal("0.0001")


class OrderEncoding:
    """Puts orders into the words of one shop."""

    def __init__(self, *, connection: str, settings: OrderSettings, locations: Locations) -> None:
        self._connection = connection
        self._settings = settings
        self._locations = locations

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into what the shop takes."""
        if value is None:
            return None
        family, _, member = atom.partition(".")
        match family:
            case "stage":
                code = self._settings.code_of(str(value))
                return Blocked(f"map:{self._connection}:stage:{value}", str(value)) if code is None else code
            case "money":
                return self._money_wire(table(value))
            case "payments":
                return self._payment_wire(member, table(value))
            case "shipments":
                return self._shipment_wire(table(value))
            case "returns":
                return _return_wire(table(value))
            case "address":
                return self._address_wire(table(value))
            case "contact":
                kept = {
                    key: text for key, text in table(value).items() if f"contact.{key}" in self._written()
                }
                return {**kept, "kind": table(value).get("kind", "person")}
            case "source":
                return {key: text for key, text in table(value).items() if f"source.{key}" in self._written()}
            case "delivery":
                return self._delivery_wire(table(value))
            case "responsible" if self._settings.managers:
                users = first_codes(self._settings.managers)
                return users.get(str(value)) or Blocked(f"map:{self._connection}:manager:{value}", str(value))
            case _:
                return str(value)

    def _written(self) -> frozenset[str]:
        return frozenset(self._settings.properties.values())

    def _money_wire(self, value: Mapping[str, Any]) -> Encoded:
        lines: list[Wire] = []
        for line in value.get("lines") or ():
            quantity = decimal(str(line["quantity"]))
            amount = Money.parse(str(line["sum"])).amount
            price = (amount / quantity).quantize(_FINE) if quantity else amount
            rate = line.get("vat")
            if rate not in {None, VAT_NONE} and line.get("vat_included") is False:
                price = (price / (1 + vat_percent(str(rate)) / 100)).quantize(_FINE)
            row: dict[str, Wire] = {
                "offer": line.get("offer"),
                "name": line.get("name"),
                "quantity": plain(quantity),
                "price": plain(price),
                "vat": None if rate in {None, VAT_NONE} else plain(vat_percent(str(rate)) / 100),
                "vat_included": line.get("vat_included") is not False,
                "unit": line.get("unit"),
            }
            row |= {key: line[key] for key in (*LINE_PLACES, "properties") if line.get(key)}
            if "discount" in line and quantity:
                row["discount"] = plain(
                    (Money.parse(str(line["discount"])).amount / quantity).quantize(_FINE)
                )
            lines.append(row)
        delivery = value.get("delivery")
        total = Money.parse(str(value.get("total")))
        wire: dict[str, Wire] = {
            "currency": total.currency,
            "total": plain(total.amount),
            "delivery": [plain(Money.parse(str(delivery["sum"])).amount)]
            if isinstance(delivery, dict)
            else [],
            "lines": lines,
        }
        if isinstance(delivery, dict) and delivery.get("vat"):
            wire["delivery_vat"] = str(delivery["vat"])  # not written: the service has it there
        return wire

    def _payment_wire(self, key: str, value: Mapping[str, Any]) -> Encoded:
        method = str(value.get("method") or "")
        systems = self._settings.pay_systems.items()
        found = next(
            (code for code, known in systems if known.method == method and known.counts == "payment"), None
        )
        is_refund = value.get("refund") is True
        if found is None and not is_refund:
            return Blocked(f"map:{self._connection}:payment:{method}", method)
        made_here = key.startswith(f"{self._connection}-")
        prints = found is not None and self._settings.pay_systems[found].prints_receipts
        if prints and not made_here and (is_refund or value.get("paid") is True):
            return Withheld("receipt_elsewhere")
        amount = Money.parse(str(value.get("sum")))
        if is_refund:
            return _refund_wire(amount, value)
        return {
            "pay_system": found,
            "sum": plain(amount.amount),
            "currency": amount.currency,
            "paid": value.get("paid") is True,
            "refund": False,
            "at": value.get("at"),
            "document": value.get("document"),
        }

    def _shipment_wire(self, value: Mapping[str, Any]) -> Encoded:
        shipped = value.get("state") in {"shipped", "delivered"}
        services = first_codes(self._settings.deliveries)
        service = value.get("service")
        return {
            "service": None if service is None else services.get(str(service), str(service)),
            "deducted": shipped,
            "tracking": value.get("tracking"),
            "document": value.get("document"),
            "at": value.get("at"),
            "lines": [
                {"offer": line.get("offer"), "quantity": line.get("quantity")}
                for line in value.get("lines") or ()
            ],
        }

    def _address_wire(self, value: Mapping[str, Any]) -> Wire:
        wire = {key: text for key, text in value.items() if f"address.{key}" in self._written()}
        if "address.location" in self._written() and not wire.get("location") and value.get("city"):
            code = self._locations.code_of(str(value["city"]), str(value.get("region") or ""))
            if code is not None:
                wire["location"] = code
        return wire

    def _delivery_wire(self, value: Mapping[str, Any]) -> Encoded:
        services = first_codes(self._settings.deliveries)
        service, profile = value.get("service"), value.get("profile")
        named = f"{service}{PROFILE}{profile}" if profile else str(service)
        pickup = table(value.get("pickup"))
        wire: dict[str, Wire] = {
            "service": None if service is None else services.get(named, services.get(str(service), named))
        }
        said = {
            "pickup": pickup.get("address") or pickup.get("code"),
            **{f"pickup.{key}": pickup.get(key) for key in ("code", "address", "hours")},
            **{key: value.get(key) for key in ("date", "interval")},
        }
        written = self._written()
        return wire | {key: str(text) for key, text in said.items() if text and f"delivery.{key}" in written}


def _refund_wire(amount: Money, value: Mapping[str, Any]) -> Wire:
    wire: dict[str, Wire] = {
        "sum": f"{amount.amount:.2f}",
        "currency": amount.currency,
        "paid": True,
        "refund": True,
    }
    return wire | {key: plainly(value[key]) for key in ("method", "at", "document") if value.get(key)}


def _return_wire(value: Mapping[str, Any]) -> Wire:
    wire: dict[str, Wire] = {
        "lines": [
            {"offer": line.get("offer"), "quantity": line.get("quantity")}
            for line in value.get("lines") or ()
        ]
    }
    if value.get("sum"):
        amount = Money.parse(str(value["sum"]))
        wire |= {"sum": f"{amount.amount:.2f}", "currency": amount.currency}
    return wire | {key: plainly(value[key]) for key in ("reason", "at", "document") if value.get(key)}
