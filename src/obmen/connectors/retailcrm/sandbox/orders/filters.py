"""Which orders a list asks for. Names are the vendor's; one it does not know is refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Ask, strings
from obmen.connectors.retailcrm.sandbox.errors import Unfit, bad_filter
from obmen.connectors.retailcrm.sandbox.rows import Order
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import decimal, digits

Test = Callable[[CrmState, Order, Any], bool]


def _among(value: Callable[[CrmState, Order], Any]) -> Test:
    return lambda state, order, wanted: str(value(state, order)) in strings(wanted)


def _any_among(values: Callable[[CrmState, Order], list[Any]]) -> Test:
    return lambda state, order, wanted: bool({*map(str, values(state, order))} & {*strings(wanted)})


def _since(value: Callable[[Order], Any]) -> Test:
    return lambda _, order, wanted: bool(value(order)) and str(value(order)) >= str(wanted)


def _until(value: Callable[[Order], Any]) -> Test:
    """Compare with an end; a bare date includes its whole day."""
    return lambda _, order, wanted: (
        bool(value(order)) and str(value(order))[: len(str(wanted))] <= str(wanted)
    )


def _flag(name: str) -> Test:
    return lambda _, order, wanted: bool(order.plain.get(name)) == (str(wanted) == "1")


def _holds(value: Callable[[Order], Any]) -> Test:
    return lambda _, order, wanted: str(wanted).lower() in str(value(order) or "").lower()


def _moments() -> dict[str, Test]:
    spans: dict[str, Callable[[Order], Any]] = {
        "createdAt": lambda order: order.plain["createdAt"],
        "fullPaidAt": lambda order: order.full_paid_at,
        "statusUpdatedAt": lambda order: order.status_updated_at,
        "shipmentDate": lambda order: order.plain.get("shipmentDate"),
        "deliveryDate": lambda order: order.delivery.get("date"),
    }
    tests: dict[str, Test] = {}
    for name, value in spans.items():
        tests[f"{name}From"], tests[f"{name}To"] = _since(value), _until(value)
    return tests


def _paid(state: CrmState, order: Order) -> list[str]:
    return [payment.paid_at for payment in state.payments_of(order) if payment.paid_at]


def _names(_: CrmState, order: Order, wanted: Any) -> bool:
    """Search the buyer by a part of the name, or by phone."""
    words = " ".join(str(order.plain.get(name) or "") for name in ("lastName", "firstName", "patronymic"))
    phone = digits(str(order.plain.get("phone") or ""))
    return str(wanted).lower() in words.lower() or bool(phone and digits(str(wanted)) == phone)


def _of_customer(state: CrmState, order: Order, wanted: Any) -> bool:
    customer = state.customers.get(order.customer_id)
    return customer is not None and customer.external_id == str(wanted)


def _custom(_: CrmState, order: Order, wanted: Any) -> bool:
    return isinstance(wanted, Mapping) and all(
        str(order.custom_fields.get(code)) == str(value) for code, value in wanted.items()
    )


TESTS: dict[str, Test] = {
    "ids": _among(lambda _, order: order.id),
    "externalIds": _among(lambda _, order: order.external_id),
    "numbers": _among(lambda _, order: order.number),
    "sites": _among(lambda _, order: order.site),
    "customer": _names,
    "customerId": _among(lambda _, order: order.customer_id),
    "customerExternalId": _of_customer,
    "email": _holds(lambda order: order.plain.get("email")),
    "minPrice": lambda _, order, wanted: order.total_summ >= decimal(wanted),
    "maxPrice": lambda _, order, wanted: order.total_summ <= decimal(wanted),
    "orderTypes": _among(lambda _, order: order.plain.get("orderType")),
    "orderMethods": _among(lambda _, order: order.plain.get("orderMethod")),
    "paymentStatuses": _any_among(lambda state, order: [each.status for each in state.payments_of(order)]),
    "paymentTypes": _any_among(lambda state, order: [each.type for each in state.payments_of(order)]),
    "paidAtFrom": lambda state, order, wanted: any(at >= str(wanted) for at in _paid(state, order)),
    "paidAtTo": lambda state, order, wanted: any(
        at[: len(str(wanted))] <= str(wanted) for at in _paid(state, order)
    ),
    "deliveryTypes": _among(lambda _, order: order.delivery.get("code")),
    "deliveryServices": _among(lambda _, order: order.delivery.get("service")),
    "shipmentStores": _among(lambda _, order: order.plain.get("shipmentStore")),
    "managers": _among(lambda _, order: order.plain.get("managerId")),
    "extendedStatus": _any_among(lambda state, order: [order.status, state.group_of(order.status)]),
    "trackNumber": _holds(lambda order: order.delivery.get("data", {}).get("trackNumber")),
    "customerComment": _holds(lambda order: order.plain.get("customerComment")),
    "managerComment": _holds(lambda order: order.plain.get("managerComment")),
    "sourceName": _holds(lambda order: order.source.get("source")),
    "call": _flag("call"),
    "expired": _flag("expired"),
    "shipped": _flag("shipped"),
    "customFields": _custom,
    **_moments(),
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def chosen(ask: Ask) -> Iterator[Order]:
    """Walk the orders a filter lets through, the newest first."""
    wanted = {name: value for name, value in ask.filter().items() if value not in (None, "")}
    for name, value in wanted.items():
        if name not in TESTS:
            raise bad_filter(name, "This form should not contain extra fields.")
        if name.endswith(("From", "To")) and not _DATE.fullmatch(str(value)):
            raise bad_filter(name)
    for name in ("minPrice", "maxPrice"):
        try:
            decimal(wanted.get(name, 0))
        except Unfit as exc:
            raise bad_filter(name) from exc
    visible = set(ask.state.site_codes(ask.key))
    rows = _narrowed(ask, wanted)
    return (
        order
        for order in rows
        if order.site in visible
        and all(TESTS[name](ask.state, order, value) for name, value in wanted.items())
    )


def _narrowed(ask: Ask, wanted: Mapping[str, Any]) -> Iterator[Order]:
    """Look ids up instead of walking everything."""
    orders = ask.state.orders
    if "ids" in wanted:
        numbers = sorted({int(each) for each in strings(wanted["ids"]) if each.isdecimal()}, reverse=True)
        return (order for order in map(orders.get, numbers) if order is not None)
    if "externalIds" in wanted:
        rows = [order for each in strings(wanted["externalIds"]) for order in orders.where(external_id=each)]
        return iter(sorted(rows, key=lambda order: -order.id))
    return orders.newest_first()
