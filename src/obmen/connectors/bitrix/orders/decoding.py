"""What the shop shows of an order, as canonical values. Pure and driven by the tables of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix import wire as shapes
from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.orders.settings import LINE_PLACES, PROFILE, OrderSettings
from obmen.model import (
    VAT_NONE,
    BadValue,
    Money,
    Value,
    decimal,
    instant,
    phone,
    plain,
    table,
    vat_percent,
    vat_rate,
)
from obmen.model.order import KOPECK, round_kopecks, spread
from obmen.sync.facts import STAGES
from obmen.sync.shadow import Blocked, Decoded, OneOf, Wire

NO_REASON = "—"
"""A cancellation without a reason is one all the same."""


class OrderDecoding:
    """Reads orders of one shop."""

    def __init__(self, *, connection: str, settings: OrderSettings, locations: Locations) -> None:
        self._connection = connection
        self._settings = settings
        self._locations = locations

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; unknown codes and nonsense are `Blocked`."""
        if wire is None:
            return None
        match atom.partition(".")[0]:
            case "stage":
                return self._stage(str(wire))
            case "cancelled":
                return str(wire) or NO_REASON
            case "placed":
                return _moment(wire)
            case "money":
                return self._money(table(wire))
            case "payments":
                return self._payment(table(wire))
            case "shipments":
                return self._shipment(table(wire))
            case "returns":
                return self._return(table(wire))
            case "contact":
                return self._contact(table(wire))
            case "address":
                return self._address(table(wire))
            case "delivery":
                return self._delivery(table(wire))
            case "responsible" if self._settings.managers:
                code = str(wire)
                return self._settings.managers.get(code) or Blocked(
                    f"map:{self._connection}:manager:{code}", code
                )
            case "source":
                return {key: str(value) for key, value in table(wire).items() if value is not None}
            case _:
                return str(wire)

    def _stage(self, code: str) -> Decoded:
        stage = self._settings.statuses.get(code)
        if stage is None:
            return Blocked(f"map:{self._connection}:stage:{code}", code)
        meant = [name for name, _ in STAGES.ranks if self._settings.code_of(name) == code]
        return OneOf((stage, *(name for name in meant if name != stage))) if len(meant) > 1 else stage

    def _money(self, wire: Mapping[str, Any]) -> Decoded:
        currency = str(wire.get("currency") or "")
        lines: list[dict[str, Value]] = []
        for row in wire.get("lines") or ():
            rate = self._rate(row.get("vat"))
            if isinstance(rate, Blocked):
                return rate
            lines.append(self._line(row, rate, currency))
        delivery = sum((decimal(str(price)) for price in wire.get("delivery") or () if price), Decimal(0))
        total = round_kopecks(decimal(str(wire.get("total") or "0")))
        _explain(lines, total - round_kopecks(delivery), currency)
        off = sum((decimal(str(amount or "0")) for amount in wire.get("credited") or ()), Decimal(0))
        off = round_kopecks(off)
        rest = _take_off(lines, off, currency)
        delivery, total = delivery - rest, total - off
        value: dict[str, Value] = {
            "currency": currency,
            "lines": [*lines],
            "total": str(Money(total, currency)),
        }
        if wire.get("delivery"):
            value["delivery"] = {
                "sum": str(Money(round_kopecks(delivery), currency)),
                **self._delivery_rate(wire),
            }
        return value

    def _delivery_rate(self, wire: Mapping[str, Any]) -> dict[str, Value]:
        """Return the VAT of the delivery; several services with different rates have none together."""
        rates = {wire["delivery_vat"]} if wire.get("delivery_vat") else set()
        for service, price in zip(wire.get("services") or (), wire.get("delivery") or (), strict=False):
            if decimal(str(price or "0")):
                rates.add(self._settings.delivery_rate(str(service)))
        rate = rates.pop() if len(rates) == 1 else None
        return {} if rate is None else {"vat": str(rate), "vat_included": True}

    def _line(self, row: Mapping[str, Any], rate: str, currency: str) -> dict[str, Value]:
        quantity = decimal(str(row.get("quantity") or "0"))
        price = decimal(str(row.get("price") or "0"))
        included = row.get("vat_included") is not False
        if not included and rate != VAT_NONE:
            price *= 1 + vat_percent(rate) / 100
        line: dict[str, Value] = {
            "offer": row.get("offer"),
            "name": str(row.get("name") or ""),
            "quantity": plain(quantity),
            "sum": str(Money(round_kopecks(price * quantity), currency)),
        }
        discount = decimal(str(row.get("discount") or "0"))
        if discount:
            line["discount"] = str(Money(round_kopecks(discount * quantity), currency))
        line["vat"] = rate
        line["vat_included"] = included
        if row.get("unit"):
            line["unit"] = str(row["unit"])
        for key in LINE_PLACES:
            if row.get(key):
                line[key] = str(row[key])
        if row.get("properties"):
            line["properties"] = {key: str(text) for key, text in row["properties"].items()}
        return line

    def _rate(self, share: Any) -> str | Blocked:
        if share is None:
            return VAT_NONE
        try:
            return vat_rate(plain(decimal(str(share)) * 100))
        except BadValue:
            return Blocked(f"map:{self._connection}:vat:{share}", str(share))

    def _payment(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {"sum": _sum(wire)}
        if wire.get("pay_system"):
            code = str(wire["pay_system"])
            known = self._settings.pay_systems.get(code)
            if known is None:
                return Blocked(f"map:{self._connection}:payment:{code}", code)
            value |= {"method": known.method, "prepaid": known.prepaid}
        elif wire.get("method"):  # of a refund, by our own note
            value["method"] = str(wire["method"])
        value |= {
            "paid": wire.get("paid") is True,
            "refund": wire.get("refund") is True,
        }
        if wire.get("at"):
            value["at"] = _moment(wire["at"])
        if wire.get("document"):
            value["document"] = str(wire["document"])
        return value

    def _shipment(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {
            "state": "shipped" if wire.get("deducted") is True else "waiting",
            "service": self._service(wire.get("service")),
            "lines": [
                {"offer": row.get("offer"), "quantity": str(row.get("quantity") or "0")}
                for row in wire.get("lines") or ()
            ],
        }
        for key in ("tracking", "document"):
            if wire.get(key):
                value[key] = str(wire[key])
        if wire.get("at"):
            value["at"] = _moment(wire["at"])
        return value

    def _return(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {
            "lines": [
                {"offer": row.get("offer"), "quantity": str(row.get("quantity") or "0")}
                for row in wire.get("lines") or ()
            ]
        }
        if wire.get("sum"):
            value["sum"] = _sum(wire)
        for key in ("reason", "document"):
            if wire.get(key):
                value[key] = str(wire[key])
        if wire.get("at"):
            value["at"] = _moment(wire["at"])
        return value

    def _contact(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {key: str(text) for key, text in wire.items() if text is not None}
        if "phone" in value:
            value["phone"] = phone(str(value["phone"]))
        if "email" in value:
            value["email"] = str(value["email"]).strip().lower()
        return value

    def _address(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {key: str(text) for key, text in wire.items() if text is not None}
        place = self._locations.find(str(value.get("location")))
        if place is not None:
            value = {"city": place.city, **({"region": place.region} if place.region else {}), **value}
        return value

    def _delivery(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {
            key: str(text)
            for key, text in wire.items()
            if text is not None and key != "service" and not key.startswith("pickup")
        }
        if wire.get("service"):
            value["service"], _, profile = self._service(wire["service"]).partition(PROFILE)
            value |= {"profile": profile} if profile else {}
        point: dict[str, Value] = {"address": str(wire["pickup"])} if wire.get("pickup") else {}
        for key in ("code", "address", "hours"):
            if wire.get(f"pickup.{key}"):
                point[key] = str(wire[f"pickup.{key}"])
        return {**value, "pickup": point} if point else value

    def _service(self, code: Any) -> str:
        return self._settings.deliveries.get(str(code), str(code))


def _take_off(lines: list[dict[str, Value]], off: Decimal, currency: str) -> Decimal:
    """Lower lines by what counts as a discount on all of them; return what they were too cheap for."""
    amounts = [Money.parse(str(line["sum"])).amount for line in lines]
    borne = min(off, sum(amounts, Decimal(0)))
    for line, amount, share in zip(lines, amounts, spread(borne, amounts), strict=True):
        if share:
            before = Money.parse(str(line["discount"])).amount if "discount" in line else Decimal(0)
            line |= {
                "sum": str(Money(amount - share, currency)),
                "discount": str(Money(before + share, currency)),
            }
    return off - borne


def _explain(lines: list[dict[str, Value]], due: Decimal, currency: str) -> None:
    """Let the largest lines bear what rounding has cost, a kopeck each; leave a larger difference as it is."""
    amounts = [Money.parse(str(line["sum"])).amount for line in lines]
    rest = due - sum(amounts, Decimal(0))
    coins = int(abs(rest) / KOPECK)
    if not coins or coins > len(lines) or abs(rest) != coins * KOPECK:
        return
    step = KOPECK if rest > 0 else -KOPECK
    by_size = sorted(range(len(lines)), key=lambda index: -amounts[index])
    for index in by_size[:coins]:
        lines[index]["sum"] = str(Money(amounts[index] + step, currency))


def _moment(raw: Wire) -> str:
    moment = shapes.utc(raw)
    return str(raw) if moment is None else instant(moment)


def _sum(wire: Mapping[str, Any]) -> str:
    return str(Money(round_kopecks(decimal(str(wire.get("sum") or "0"))), str(wire.get("currency"))))
