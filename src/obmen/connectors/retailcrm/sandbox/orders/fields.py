"""The head of an order: its plain fields, its delivery, and reading them from what a client sends."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from obmen.connectors.retailcrm.sandbox.errors import Problems, Unfit
from obmen.connectors.retailcrm.sandbox.field_calls import read_custom
from obmen.connectors.retailcrm.sandbox.fields import (
    ADDRESS,
    CONTRAGENT,
    SOURCE,
    VAT,
    Field,
    merged,
    read_fields,
    read_part,
    with_text,
)
from obmen.connectors.retailcrm.sandbox.rows import Order
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import (
    NOT_VALID,
    choice,
    code_of,
    day,
    flag,
    hours,
    manager,
    moment,
    money,
    percent,
    positive,
    text,
)

STATUS = Field("status", "status", code_of("statuses", "Status"), "code")
PRIVILEGES = ("none", "personal_discount", "loyalty_level", "loyalty_event")
PLAIN = (
    Field("createdAt", "created_at", moment),
    Field("orderType", "order_type", code_of("order-types", "OrderType"), "code"),
    Field("orderMethod", "order_method", code_of("order-methods", "OrderMethod"), "code"),
    Field("privilegeType", "privilege_type", choice(*PRIVILEGES)),
    Field("countryIso", "country", text(3)),
    Field("managerId", "manager", manager, "id"),
    Field("lastName", "last_name", text(255)),
    Field("firstName", "first_name", text(255)),
    Field("patronymic", "patronymic", text(255)),
    Field("phone", "phone", text(255)),
    Field("additionalPhone", "additional_phone", text(255)),
    # An order takes any text here; customers do not.
    Field("email", "email", text(255)),
    Field("call", "call", flag),
    Field("expired", "expired", flag),
    Field("customerComment", "customer_comment", text(65_000)),
    Field("managerComment", "manager_comment", text(65_000)),
    Field("statusComment", "status_comment", text(1000)),
    Field("discountManualAmount", "discount_manual_amount", money),
    Field("discountManualPercent", "discount_manual_percent", percent),
    Field("shipmentStore", "shipment_store", code_of("stores", "Store"), "code"),
    Field("shipmentDate", "shipment_date", day),
    Field("shipped", "shipped", flag),
    Field("weight", "weight", positive),
    Field("length", "length", positive),
    Field("width", "width", positive),
    Field("height", "height", positive),
    Field("applyRound", "apply_round", flag),
    Field("clientId", "client_id", text(255)),
    Field("dialogId", "dialog_id", text(64)),
)
DELIVERY = (
    Field("code", "delivery_type", code_of("delivery-types", "DeliveryType"), "code"),
    Field("service", "delivery_service", code_of("delivery-services", "DeliveryService"), "code"),
    Field("date", "delivery_date", day),
    Field("time", "delivery_time", hours),
    Field("cost", "delivery_cost", money),
    Field("netCost", "delivery_net_cost", money),
    VAT._replace(history="delivery_vat_rate"),
)
CARRIER = (
    Field("trackNumber", "track_number", text(255)),
    Field("status", "status", text(255)),
    Field("pickuppointId", "pickuppoint_id", text(255)),
    Field("pickuppointAddress", "pickuppoint_address", text(1000)),
    Field("externalId", "external_id", text(255)),
)
# What an order given to a carrier by the account's own module no longer lets anybody change.
CARRIED = ("weight", "length", "width", "height", "phone", "firstName", "lastName", "shipmentStore")


class Head(NamedTuple):
    """What a client asks of the head of an order: plain fields, None to clear, and the nested ones, merged."""

    plain: dict[str, Any]
    status: str | None
    nested: dict[str, Any]


def read_head(
    state: CrmState, given: Mapping[str, Any], problems: Problems, held: Order | None = None
) -> Head:
    """Read everything of an order but its customer, lines and payments."""
    order = held or Order(site="")
    plain = read_fields(state, PLAIN, given, problems)
    status = read_fields(state, (STATUS,), given, problems).get("status")
    nested: dict[str, Any] = {}
    if "contragent" in given:
        nested["contragent"] = merged(
            order.contragent, read_part(state, CONTRAGENT, given, "contragent", problems)
        )
    if "source" in given:
        nested["source"] = merged(order.source, read_part(state, SOURCE, given, "source", problems))
    if "customFields" in given:
        values = read_custom(state, "order", given["customFields"], problems)
        nested["custom_fields"] = merged(order.custom_fields, values)
    if given.get("delivery"):
        nested["delivery"] = _delivery(state, given["delivery"], order.delivery, problems)
    if held is not None:
        _spare_carrier(held, given, problems)
    return Head(plain, status, nested)


def is_carried(order: Order) -> bool:
    """Tell whether the order was given to a carrier by a module of the account."""
    return bool(order.delivery.get("integrationCode") and order.delivery.get("data", {}).get("externalId"))


def _delivery(state: CrmState, given: Any, held: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        problems.say("delivery", NOT_VALID)
        return dict(held)
    changes = read_fields(state, DELIVERY, given, problems, at="delivery.")
    delivery = merged(held, changes)
    for name, fields in (("address", ADDRESS), ("data", CARRIER)):
        if name in given:
            inner = given[name] or {}
            read = read_part(state, fields, {name: inner}, name, problems)
            kept = merged(held.get(name, {}), read)
            delivery[name] = with_text(kept, inner) if name == "address" else kept
    code = changes.get("code")
    if code is not None:
        kind = state.books["delivery-types"][code]
        integration = kind.get("integrationCode")
        delivery.pop("integrationCode", None)
        if integration:
            delivery["integrationCode"] = integration
        if "cost" not in given and "cost" not in held:
            delivery["cost"] = _known(state, kind.get("defaultCost", 0))
    return delivery


def _spare_carrier(order: Order, given: Mapping[str, Any], problems: Problems) -> None:
    if not is_carried(order):
        return
    locked = [name for name in CARRIED if name in given and given[name] != order.plain.get(name)]
    sent = given.get("delivery") or {}
    locked += [f"delivery.{name}" for name in ("cost", "address", "data") if name in sent]
    for name in locked:
        problems.say(name, "This field cannot be changed: the order is registered with the delivery service.")


def _known(state: CrmState, raw: Any) -> Any:
    try:
        return money(state, raw)
    except Unfit:
        return None
