"""Orders as the API shows them: read-only sums, maps where a list was sent, empty maps as lists."""

from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import php
from obmen.connectors.retailcrm.sandbox.customers.shown import shown_customer
from obmen.connectors.retailcrm.sandbox.orders.money import is_cancelled
from obmen.connectors.retailcrm.sandbox.rows import Item, Offer, Order, Payment
from obmen.connectors.retailcrm.sandbox.state import CrmState


def shown_order(state: CrmState, order: Order, *, listed_payments: bool = False) -> dict[str, Any]:
    """Show an order in full; payments are a map by id, but a list to who made the order and in the history."""
    payments = {payment.id: shown_payment(payment) for payment in state.payments_of(order)}
    return {
        "slug": order.id,
        "bonusesCreditTotal": 0,
        "bonusesChargeTotal": 0,
        "id": order.id,
        "number": order.number,
        **given(externalId=order.external_id),
        "privilegeType": "none",
        **order.plain,
        "statusUpdatedAt": order.status_updated_at,
        "summ": order.summ,
        "currency": order.currency,
        "totalSumm": order.total_summ,
        "prepaySum": order.prepay_sum,
        "purchaseSumm": order.purchase_summ,
        "markDatetime": order.plain.get("createdAt"),
        **_parties(state, order),
        "contragent": order.contragent or {"contragentType": "individual"},
        "delivery": shown_delivery(state, order),
        "site": order.site,
        "status": order.status,
        **given(source=order.source),
        "items": [shown_item(state, item) for item in state.items_of(order)],
        **given(fullPaidAt=order.full_paid_at),
        "payments": list(payments.values()) if listed_payments else php(payments),
        **given(links=order.links),
        "fromApi": order.from_api,
        "shipped": order.plain.get("shipped", False),
        "customFields": php(order.custom_fields),
    }


def shown_brief(order: Order) -> dict[str, Any]:
    """Show an order as an ordinary record of the history does."""
    return {
        "id": order.id,
        **given(externalId=order.external_id, managerId=order.plain.get("managerId")),
        "site": order.site,
        "status": order.status,
    }


def shown_item(state: CrmState, item: Item) -> dict[str, Any]:
    """Show a line; discounts by hand come back only as parts of `discounts`."""
    offer = state.offers.get(item.offer_id)
    return {
        "markingCodes": item.marking_codes,
        "id": item.id,
        **given(externalIds=item.external_ids),
        "priceType": {"code": item.price_type},
        "initialPrice": item.initial_price,
        "discountTotal": item.discount_total,
        "prices": item.prices,
        **given(discounts=item.discounts),
        "vatRate": item.vat_rate,
        "createdAt": item.created_at,
        "quantity": item.quantity,
        "status": item.status,
        **given(comment=item.comment, isCanceled=is_cancelled(state, item)),
        **({"offer": _offer(state, offer)} if offer is not None else {}),
        **({"productName": item.product_name} if offer is None else {}),
        "properties": php(item.properties),
        "purchasePrice": item.purchase_price,
    }


def shown_payment(payment: Payment) -> dict[str, Any]:
    """Show a payment."""
    return {
        "id": payment.id,
        **given(status=payment.status),
        "type": payment.type,
        **given(externalId=payment.external_id),
        "amount": payment.amount,
        **given(paidAt=payment.paid_at, comment=payment.comment),
    }


def shown_delivery(state: CrmState, order: Order) -> dict[str, Any]:
    """Show the delivery; a service is shown with its name."""
    delivery = {"cost": 0, "netCost": 0, **order.delivery}
    service = state.books["delivery-services"].get(str(delivery.get("service")))
    if service is not None:
        delivery["service"] = {name: service[name] for name in ("name", "code", "active")}
    return delivery


def given(**values: Any) -> dict[str, Any]:
    """Leave out what is empty."""
    return {name: value for name, value in values.items() if value}


def _parties(state: CrmState, order: Order) -> dict[str, Any]:
    customer = state.customers.get(order.customer_id)
    if customer is None:
        return {}
    contact = state.customers.get(order.contact_id) or customer
    company = state.companies.get(order.company_id)
    shown = {"customer": shown_customer(state, customer), "contact": shown_customer(state, contact)}
    if company is not None:
        shown["company"] = {
            "id": company.id,
            **given(externalId=company.external_id),
            "name": company.name,
            "contragent": company.contragent,
        }
    return shown


def _offer(state: CrmState, offer: Offer) -> dict[str, Any]:
    unit = state.books["units"].get(offer.unit)
    return {
        "displayName": offer.name,
        "id": offer.id,
        "externalId": offer.external_id,
        **given(xmlId=offer.xml_id),
        "name": offer.name,
        **given(article=offer.article),
        "vatRate": offer.vat_rate,
        **given(properties=offer.properties),
        **({"unit": {name: unit[name] for name in ("code", "name", "sym")}} if unit else {}),
    }
