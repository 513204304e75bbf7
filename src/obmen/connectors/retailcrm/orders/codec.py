"""Orders of an account, wire and canonical. Pure and driven by the tables of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.retailcrm.customers.contacts import joined, parted
from obmen.connectors.retailcrm.orders.lines import divided, in_order
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.shapes import UNREADABLE
from obmen.model import VAT_NONE, BadValue, Money, Value, decimal, phone, plain, table, vat_rate
from obmen.model.order import round_kopecks
from obmen.sync.facts import STAGES
from obmen.sync.mapping import first_codes
from obmen.sync.shadow import CONTRADICTION, Blocked, Decoded, Encoded, OneOf, Wire, Withheld

FORM = 1
NO_REASON = "—"
"""A cancellation without a reason is one all the same."""
_CARRIED = frozenset(
    {
        "number",
        "placed",
        "site",
        "stage",
        "cancelled",
        "money",
        "contact",
        "address",
        "delivery",
        "payments",
        "comment",
        "note",
        "source",
    }
)
_ADDRESS = {"text": "text", "zip": "index", "region": "region", "city": "city", "street": "street"}
_COMPANY = {"company": "legalName", "tin": "INN", "kpp": "KPP", "legal_address": "legalAddress"}
_UTM = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_term": "keyword",
    "utm_content": "content",
}
_LEGAL = ("legal-entity", "enterpreneur")  # the vendor's spelling
_SOLE_TRADER_TIN = 12


class OrderCodec:
    """Orders of one account, with today's tables."""

    form = FORM

    def __init__(
        self,
        *,
        connection: str,
        settings: OrderSettings,
        site: str,
        sites: Mapping[str, str],
        with_buyer: bool = False,
    ) -> None:
        """`with_buyer`: customers are cards of their own, and an order says whose it is."""
        self._with_buyer = with_buyer
        self._connection = connection
        self._settings = settings
        self._site = site
        self._sites = dict(sites)

    def carries(self, atom: str) -> bool:
        """Tell whether the account can hold the atom."""
        family = atom.partition(".")[0]
        if family in {"properties", "numbers"}:
            return atom in self._settings.fields.values() or atom == self._settings.customer_id
        if family == "buyer":
            return self._with_buyer
        return family in _CARRIED or (family == "responsible" and bool(self._settings.managers))

    # --- reading --------------------------------------------------------------------------------------------------

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; unknown codes and nonsense are `Blocked`."""
        if wire is None:
            return None
        if isinstance(wire, Mapping) and UNREADABLE in wire:
            how = str(wire[UNREADABLE])
            return Blocked(f"{CONTRADICTION}{self._connection}:{atom}:{how}", how)
        match atom.partition(".")[0]:
            case "stage":
                return self._stage(str(wire))
            case "cancelled":
                return self._cancelled(table(wire))
            case "site":
                return self._site_of(str(wire))
            case "money":
                return self._money(table(wire))
            case "payments":
                return self._payment(table(wire))
            case "contact":
                return _contact(table(wire))
            case "address":
                return _renamed(table(wire), {theirs: ours for ours, theirs in _ADDRESS.items()})
            case "source":
                return _renamed(table(wire), {theirs: ours for ours, theirs in _UTM.items()})
            case "delivery":
                return self._delivery(table(wire))
            case "responsible":
                names = {code.lower(): name for code, name in self._settings.managers.items()}
                return names.get(str(wire)) or self._blocked("manager", str(wire))
            case _:
                return str(wire)

    def _stage(self, code: str) -> Decoded:
        stage = self._settings.statuses.get(code)
        if stage is None and code in self._settings.cancels:
            # Shown as a stage before the table knew better; a cancellation does not say how far the order had gone.
            return OneOf(tuple(name for name, _ in STAGES.ranks))
        if stage is None:
            return self._blocked("stage", code)
        meant = [name for name, _ in STAGES.ranks if self._settings.code_of(name) == code]
        return OneOf((stage, *(name for name in meant if name != stage))) if len(meant) > 1 else stage

    def _cancelled(self, wire: Mapping[str, Any]) -> str:
        code = str(wire.get("status") or "")
        return str(wire.get("comment") or "") or self._settings.cancels.get(code) or NO_REASON

    def _site_of(self, code: str) -> Decoded:
        named: list[Value] = [ours for ours, theirs in self._sites.items() if theirs == code]
        if len(named) > 1:
            return OneOf(tuple(named))
        return named[0] if named else code

    def _money(self, wire: Mapping[str, Any]) -> Decoded:
        currency = str(wire.get("currency") or "")
        lines: list[Value] = []
        for row in wire.get("lines") or ():
            quantity, off = decimal(str(row.get("quantity") or "0")), decimal(str(row.get("off") or "0"))
            gross = round_kopecks(decimal(str(row.get("price") or "0")) * quantity)
            line: dict[str, Value] = {
                "offer": row.get("offer"),
                "quantity": plain(quantity),
                "sum": str(Money(gross - off, currency)),
            }
            if row.get("name"):
                line["name"] = str(row["name"])
            if off:
                line["discount"] = str(Money(off, currency))
            if row.get("vat") is not None:
                try:
                    line["vat"] = vat_rate(str(row["vat"]))
                except BadValue:
                    return self._blocked("vat", str(row["vat"]))
            lines.append(line)
        return {
            "currency": currency,
            "lines": lines,
            "delivery": {"sum": str(Money(decimal(str(wire.get("delivery") or "0")), currency))},
            "total": str(Money(decimal(str(wire.get("total") or "0")), currency)),
        }

    def _payment(self, wire: Mapping[str, Any]) -> Decoded:
        code = str(wire.get("type") or "")
        known = self._settings.payments.get(code)
        if known is None:
            return self._blocked("payment", code)
        value: dict[str, Value] = {
            "sum": str(Money(decimal(str(wire.get("sum") or "0")), str(wire.get("currency")))),
            "method": known.method,
            "prepaid": known.prepaid,
            "paid": wire.get("status") in self._settings.paid,
        }
        if wire.get("at"):
            value["at"] = str(wire["at"])
        return value

    def _delivery(self, wire: Mapping[str, Any]) -> Decoded:
        value: dict[str, Value] = {}
        if wire.get("code"):
            service = self._settings.deliveries.get(str(wire["code"]))
            if service is None:
                return self._blocked("delivery", str(wire["code"]))
            value["service"] = service
        if wire.get("service"):
            value["profile"] = str(wire["service"])
        if wire.get("date"):
            value["date"] = str(wire["date"])
        time = table(wire.get("time"))
        if time:
            span = f"{time.get('from', '')}-{time.get('to', '')}"
            value["interval"] = str(time.get("custom") or span)
        pickup = table(wire.get("pickup"))
        if pickup:
            names = {"pickuppointId": "code", "pickuppointAddress": "address"}
            value["pickup"] = _renamed(pickup, names)
        return value

    # --- writing --------------------------------------------------------------------------------------------------

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into what the account takes."""
        if value is None:
            return None
        match atom.partition(".")[0]:
            case "stage":
                return self._settings.code_of(str(value)) or self._blocked("stage", str(value))
            case "cancelled":
                code = self._settings.cancel_of(str(value))
                words = None if value == NO_REASON else str(value)
                return (
                    self._blocked("cancel", str(value))
                    if code is None
                    else {"status": code, "comment": words}
                )
            case "site":
                return self._sites.get(str(value), self._site) or self._blocked("site", str(value))
            case "money":
                return _money_wire(table(value))
            case "payments":
                return self._payment_wire(table(value))
            case "contact":
                return _contact_wire(table(value))
            case "address":
                return _renamed(table(value), _ADDRESS) or None
            case "source":
                return _renamed(table(value), _UTM) or None
            case "delivery":
                return self._delivery_wire(table(value))
            case "responsible":
                ours = first_codes({code.lower(): name for code, name in self._settings.managers.items()})
                return ours.get(str(value)) or self._blocked("manager", str(value))
            case _:
                return str(value)

    def _payment_wire(self, value: Mapping[str, Any]) -> Encoded:
        if value.get("refund") is True:
            return Withheld("not_carried")  # payments of an account only come in
        method = str(value.get("method") or "")
        kinds = self._settings.payments.items()
        found = next((code for code, known in kinds if known.method == method), None)
        if found is None:
            return self._blocked("payment", method)
        amount = Money.parse(str(value.get("sum")))
        return {
            "type": found,
            "status": self._settings.paid[0] if value.get("paid") is True else self._settings.unpaid,
            "sum": plain(amount.amount),
            "currency": amount.currency,
            "at": value.get("at"),
        }

    def _delivery_wire(self, value: Mapping[str, Any]) -> Encoded:
        wire: dict[str, Wire] = {}
        service = value.get("service")
        if service is not None:
            codes = self._settings.deliveries.items()
            code = next((code for code, ours in codes if ours == service), None)
            if code is None:
                return self._blocked("delivery", str(service))
            wire["code"] = code
        if value.get("profile"):
            wire["service"] = str(value["profile"])
        if value.get("date"):
            wire["date"] = str(value["date"])
        if value.get("interval"):
            wire["time"] = _time(str(value["interval"]))
        pickup = table(value.get("pickup"))
        if pickup:
            wire["pickup"] = _renamed(pickup, {"code": "pickuppointId", "address": "pickuppointAddress"})
        return wire or None

    def _blocked(self, kind: str, code: str) -> Blocked:
        return Blocked(f"map:{self._connection}:{kind}:{code}", code)


def _money_wire(value: Mapping[str, Any]) -> Wire:
    total = Money.parse(str(value.get("total")))
    lines: list[dict[str, Wire]] = []
    for line in value.get("lines") or ():
        rate = line.get("vat")
        discount = Money.parse(str(line["discount"])).amount if "discount" in line else Decimal(0)
        amount = Money.parse(str(line["sum"])).amount
        for row in divided(decimal(str(line["quantity"])), amount, discount):
            wire: dict[str, Wire] = {
                "offer": line.get("offer"),
                "quantity": plain(row.quantity),
                "price": plain(row.price),
                "off": plain(row.discount),
            }
            if line.get("offer") is None:
                wire["name"] = str(line.get("name") or "")
            if rate is not None:
                wire["vat"] = VAT_NONE if rate == VAT_NONE else str(rate)
            lines.append(wire)
    delivery = value.get("delivery")
    cost = Money.parse(str(delivery["sum"])).amount if isinstance(delivery, dict) else Decimal(0)
    return {
        "currency": total.currency,
        "total": plain(total.amount),
        "delivery": plain(cost),
        "lines": in_order(lines),
    }


def _contact(wire: Mapping[str, Any]) -> Value:
    is_company = wire.get("contragentType") in _LEGAL
    value: dict[str, Value] = {"kind": "company" if is_company else "person"}
    if name := joined(wire):
        value["name"] = name
    if wire.get("phone"):
        value["phone"] = phone(str(wire["phone"]))
    if wire.get("email"):
        value["email"] = str(wire["email"]).strip().lower()
    return value | _renamed(wire, {theirs: ours for ours, theirs in _COMPANY.items()})


def _contact_wire(value: Mapping[str, Any]) -> Wire:
    wire: dict[str, Wire] = {**parted(str(value.get("name") or ""))}
    for key in ("phone", "email"):
        if value.get(key):
            wire[key] = str(value[key])
    kind = "individual"
    if value.get("kind") == "company":
        kind = "enterpreneur" if len(str(value.get("tin") or "")) == _SOLE_TRADER_TIN else "legal-entity"
    return {**wire, "contragentType": kind, **_renamed(value, _COMPANY)}


def _time(interval: str) -> Wire:
    """Write an interval of delivery: `10:00-18:00`, or whatever else it says as it is."""
    start, dash, end = interval.replace("–", "-").partition("-")
    if dash and len(start.strip()) == len(end.strip()) == len("10:00"):
        return {"from": start.strip(), "to": end.strip()}
    return {"custom": interval}


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        names[name]: str(value) for name, value in given.items() if name in names and value not in (None, "")
    }
