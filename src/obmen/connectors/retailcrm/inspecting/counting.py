"""Totals over recorded orders, customers and history; with settings, the codes their tables do not know. Pure but for files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.answers import CUSTOMER, ORDER, RECORD
from obmen.connectors.retailcrm.customers.cards import digits
from obmen.connectors.retailcrm.inspecting.recorded import Finding, Reading
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.settings import Settings
from obmen.model import Money, decimal

_NOTHING = Decimal(0)
_SUMS = {"goods": "summ", "total": "totalSumm", "paid": "prepaySum"}
_CODED = {"status": "status", "payments.type": "payment_type", "delivery_type": "delivery", "site": "site"}
"""Fields of the history whose values stand in tables of the settings."""

Counts: TypeAlias = "dict[str, int]"


class Span(msgspec.Struct, frozen=True):
    """The least and the greatest number met; none where there was none."""

    min: int | None = None
    max: int | None = None


class Sum(msgspec.Struct, frozen=True):
    """How many, and what they come to by currency, decimal texts."""

    count: int
    amount: dict[str, str]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What every kind of recorded answer is counted by: entries as they stand, not distinct ids."""

    kind: str
    files: int
    answers: int
    records: int
    unknown_fields: Counts
    """By path."""
    unmapped: dict[str, Counts] | None
    """Codes the settings do not know, by table; null where no settings were given."""
    findings: tuple[Finding, ...]


class Orders(Summary, frozen=True, kw_only=True):
    """Totals over orders."""

    ids: Span
    by_status: Counts
    by_site: Counts
    by_method: Counts
    by_delivery: Counts
    lines: int
    sums: dict[str, dict[str, str]]
    """By currency: `goods`, `delivery`, `total`, `paid`."""
    payments: int
    payments_by_type: dict[str, Sum]
    payments_by_status: dict[str, Sum]
    without_external_id: int


class History(Summary, frozen=True, kw_only=True):
    """Totals over records of a history, of orders or of customers."""

    since_id: Span
    things: int
    """Distinct orders or customers the records are about."""
    by_field: Counts
    by_source: Counts
    by_key: Counts
    """`own`: of the key that asked; `other`: of another program's."""
    created: int
    deleted: int
    combined: int
    split: int


class Customers(Summary, frozen=True, kw_only=True):
    """Totals over customers."""

    ids: Span
    by_type: Counts
    by_site: Counts
    with_external_id: int
    with_phone: int
    with_email: int
    shared_phones: int
    """Phones that more than one customer has, by their ten digits."""
    ordered: str
    """What all their orders came to, as the answers say."""


def inspect(kind: str, paths: Sequence[Path], settings: Settings | None = None) -> Summary:
    """Read recorded answers of one of `KINDS` and count what they hold; nothing is asked or written anywhere."""
    return KINDS[kind](paths, settings)


def _orders(paths: Sequence[Path], settings: Settings | None) -> Orders:
    reading, unmapped = Reading(), _Unmapped(settings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    money: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    amounts: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    ids: list[int] = []
    records = lines = payments = nameless = 0
    for row, where in reading.entries(paths, ("orders",), ("order",), ORDER):
        records += 1
        ids += _id(row, reading, where)
        nameless += wire.text(row.get("externalId")) is None
        delivery = wire.table(row.get("delivery"))
        status, site, carrier = (
            wire.code(row.get("status")),
            wire.text(row.get("site")),
            wire.code(delivery.get("code")),
        )
        counts["status"][status or ""] += 1
        counts["site"][site or ""] += 1
        counts["method"][wire.code(row.get("orderMethod")) or ""] += 1
        counts["delivery"][carrier or ""] += 1
        unmapped.note("status", status)
        unmapped.note("site", site)
        unmapped.note("delivery", carrier)
        lines += len(wire.rows(row.get("items")))
        currency = wire.text(row.get("currency")) or ""
        for name, theirs in _SUMS.items():
            money[currency][name] += _amount(row.get(theirs))
        money[currency]["delivery"] += _amount(delivery.get("cost"))
        for payment in wire.rows(row.get("payments")):
            payments += 1
            unmapped.note("payment_type", wire.code(payment.get("type")))
            for by in ("type", "status"):
                code = wire.code(payment.get(by)) or ""
                sums[by][code] += 1
                amounts[by, code][currency] += _amount(payment.get("amount"))
    return Orders(
        **_common("orders", paths, reading, records, unmapped),
        ids=_span(ids),
        by_status=_most(counts["status"]),
        by_site=_most(counts["site"]),
        by_method=_most(counts["method"]),
        by_delivery=_most(counts["delivery"]),
        lines=lines,
        sums={currency: _printed(held) for currency, held in sorted(money.items())},
        payments=payments,
        payments_by_type={
            code: Sum(n, _printed(amounts["type", code])) for code, n in sums["type"].most_common()
        },
        payments_by_status={
            code: Sum(n, _printed(amounts["status", code])) for code, n in sums["status"].most_common()
        },
        without_external_id=nameless,
    )


def _history(paths: Sequence[Path], settings: Settings | None) -> History:
    reading, unmapped = Reading(), _Unmapped(settings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    ids: list[int] = []
    things: set[str] = set()
    records = 0
    for row, where in reading.entries(paths, ("history",), (), RECORD):
        records += 1
        ids += _id(row, reading, where)
        field, source = wire.text(row.get("field")) or "", wire.text(row.get("source")) or ""
        counts["field"][field] += 1
        counts["source"][source] += 1
        if source == "api":
            counts["key"]["own" if wire.table(row.get("apiKey")).get("current") is True else "other"] += 1
        for mark in ("created", "deleted", "combinedTo", "ancestor"):
            counts["mark"][mark] += bool(row.get(mark))
        about = "order" if "order" in row else "customer"
        if (thing := wire.text(wire.table(row.get(about)).get("id"))) is not None:
            things.add(f"{about} {thing}")
        if field in _CODED and about == "order":
            unmapped.note(_CODED[field], wire.code(row.get("newValue")))
    marked = counts["mark"]
    return History(
        **_common("history", paths, reading, records, unmapped),
        since_id=_span(ids),
        things=len(things),
        by_field=_most(counts["field"]),
        by_source=_most(counts["source"]),
        by_key=_most(counts["key"]),
        created=marked["created"],
        deleted=marked["deleted"],
        combined=marked["combinedTo"],
        split=marked["ancestor"],
    )


def _customers(paths: Sequence[Path], settings: Settings | None) -> Customers:
    reading, unmapped = Reading(), _Unmapped(settings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    owners: dict[str, set[str]] = defaultdict(set)
    ids: list[int] = []
    records, ordered = 0, _NOTHING
    rows, single = ("customers", "customersCorporate"), ("customer", "customerCorporate")
    for row, where in reading.entries(paths, rows, single, CUSTOMER):
        records += 1
        ids += _id(row, reading, where)
        site = wire.text(row.get("site"))
        counts["type"][wire.text(row.get("type")) or ""] += 1
        counts["site"][site or ""] += 1
        unmapped.note("site", site)
        phones = {digits(wire.text(each.get("number")) or "") for each in wire.rows(row.get("phones"))} - {""}
        for phone in phones:
            owners[phone].add(wire.text(row.get("id")) or where)
        counts["held"]["phone"] += bool(phones)
        counts["held"]["email"] += wire.text(row.get("email")) is not None
        counts["held"]["external"] += wire.text(row.get("externalId")) is not None
        ordered += _amount(row.get("totalSumm"))
    held = counts["held"]
    return Customers(
        **_common("customers", paths, reading, records, unmapped),
        ids=_span(ids),
        by_type=_most(counts["type"]),
        by_site=_most(counts["site"]),
        with_external_id=held["external"],
        with_phone=held["phone"],
        with_email=held["email"],
        shared_phones=sum(len(known) > 1 for known in owners.values()),
        ordered=_text(ordered),
    )


KINDS: Mapping[str, Callable[[Sequence[Path], Settings | None], Summary]] = {
    "orders": _orders,
    "history": _history,
    "customers": _customers,
}
"""What may be inspected."""


class _Unmapped:
    """Codes the tables of the settings do not know."""

    def __init__(self, settings: Settings | None) -> None:
        self._met: dict[str, Counter[str]] | None = None if settings is None else defaultdict(Counter)
        orders = (settings.orders if settings is not None else None) or OrderSettings()
        self._known: dict[str, frozenset[str]] = {
            "status": frozenset({*orders.statuses, *orders.cancels}),
            "payment_type": frozenset(orders.payments),
            "delivery": frozenset(orders.deliveries),
            "site": settings.shops() if settings is not None else frozenset(),
        }

    def note(self, table: str, code: str | None) -> None:
        if self._met is not None and code is not None and code not in self._known[table]:
            self._met[table][code] += 1

    def told(self) -> dict[str, Counts] | None:
        if self._met is None:
            return None
        return {table: _most(self._met[table]) for table in sorted(self._met)}


def _common(
    kind: str, paths: Sequence[Path], reading: Reading, records: int, unmapped: _Unmapped
) -> dict[str, Any]:
    return {
        "kind": kind,
        "files": len(paths),
        "answers": reading.answers,
        "records": records,
        "unknown_fields": _most(reading.unknown),
        "unmapped": unmapped.told(),
        "findings": reading.findings(),
    }


def _id(row: Mapping[str, Any], reading: Reading, where: str) -> list[int]:
    text = wire.text(row.get("id")) or ""
    if text.isdecimal():
        return [int(text)]
    reading.add("no_id", where.partition(": ")[2], where)
    return []


def _span(ids: Sequence[int]) -> Span:
    return Span(min(ids), max(ids)) if ids else Span()


def _most(counts: Counter[str]) -> Counts:
    return dict(counts.most_common())


def _amount(raw: Any) -> Decimal:
    return decimal(wire.number(raw) or "0")


def _printed(held: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: _text(amount) for name, amount in sorted(held.items())}


def _text(amount: Decimal) -> str:
    return str(Money(amount, "")).strip()
