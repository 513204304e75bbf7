"""A buyer at the checkout: one request makes the order with lines, properties, payment and shipment."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import number
from obmen.connectors.bitrix.sandbox.elements import offers_of
from obmen.connectors.bitrix.sandbox.rows import PARENTS, ZERO, Element
from obmen.connectors.bitrix.sandbox.sale.basket import add_item, apply_coupon, from_catalogue
from obmen.connectors.bitrix.sandbox.sale.money import totals
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, announce, create_order, save_order
from obmen.connectors.bitrix.sandbox.sale.payments import add_payment
from obmen.connectors.bitrix.sandbox.sale.rest_orders import put_value
from obmen.connectors.bitrix.sandbox.sale.rows import (
    BasketItem,
    DeliveryService,
    Order,
    Payment,
    PaySystem,
    Shipment,
    User,
)
from obmen.connectors.bitrix.sandbox.sale.seed import INNER
from obmen.connectors.bitrix.sandbox.sale.shipments import add_shipment, set_content
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.sandbox.world.buyers import Buyer, buyer

DOOR = "buyer"
PERSON, FIRM = 1, 2


def place_order(
    state: ShopState,
    *,
    cart: Sequence[Mapping[str, Any]],
    who: str = "petrov",
    delivery: str = "courier",
    pay_system: str = "card",
    coupon: str = "",
    bonuses: str = "0",
    comment: str = "",
    location: str = "",
    pickup_point: str = "",
) -> Order:
    """Place an order: `cart` is a list of `{"xml_id": …, "quantity": …}`, deliveries and pay systems go by code."""
    customer = buyer(who)
    service, pays = _delivery(state, delivery), _pay_system(state, pay_system)
    items = [_line(state, each) for each in cart]
    if not items:
        raise Impossible("Корзина пуста")
    apply_coupon(items, coupon)
    with state.acting(DOOR):
        order = create_order(
            state,
            Order(
                person_type_id=FIRM if customer.kind == "firm" else PERSON,
                user_id=sign_in(state, customer).id,
                user_description=comment,
            ),
        )
        values = property_values(order.person_type_id, customer)
        values |= {"LOCATION": location or customer.location, "PVZ": pickup_point}
        for prop in state.sale.properties_of(order.person_type_id):
            if values.get(prop.code):
                put_value(state, order, prop, values[prop.code])
        for item in items:
            add_item(state, order, item)
        shipment = add_shipment(
            state,
            order,
            Shipment(
                order_id=order.id,
                delivery_id=service.id,
                price_delivery=service.price,
                base_price_delivery=service.price,
            ),
        )
        for item in items:
            set_content(state, order, shipment, item.id, item.quantity)
        _pay_parts(state, order, totals(items, [shipment]).price, pays, number(bonuses) or ZERO)
        save_order(state, order)
        announce(state, order)
    return order


def sign_in(state: ShopState, customer: Buyer) -> User:
    """Find the site's user by e-mail, or register one."""
    held = state.sale.users.first(email=customer.email)
    if held is not None:
        return held
    return state.sale.users.insert(
        User(
            login=customer.email,
            email=customer.email,
            last_name=customer.last_name,
            name=customer.first_name,
            second_name=customer.middle_name,
        )
    )


def property_values(person_type_id: int, customer: Buyer) -> dict[str, str]:
    """Return what the checkout form holds for a buyer, by property code."""
    values = {
        "EMAIL": customer.email,
        "PHONE": customer.phone,
        "ZIP": customer.postcode,
        "CITY": customer.city,
        "LOCATION": customer.location,
        "ADDRESS": customer.address,
    }
    if person_type_id == PERSON:
        return values | {"FIO": customer.full_name}
    return values | {
        "COMPANY": customer.company,
        "COMPANY_ADR": customer.legal_address,
        "INN": customer.tin,
        "KPP": customer.kpp,
        "CONTACT_PERSON": customer.full_name,
    }


def sellable(state: ShopState, xml_id: str) -> Element:
    """Find what is sold under an external code: a product or an offer; of twins the first."""
    found = state.elements.first(xml_id=xml_id)
    if found is None:
        raise Impossible(f"Товара с кодом {xml_id} в магазине нет")
    if found.type in PARENTS:
        offers = ", ".join(offer.xml_id for offer in offers_of(state, found))
        raise Impossible(f"{found.name}: выберите торговое предложение: {offers}")
    return found


def _line(state: ShopState, wanted: Mapping[str, Any]) -> BasketItem:
    product = sellable(state, str(wanted.get("xml_id", "")))
    pieces = number(wanted.get("quantity", 1)) or ZERO
    if pieces <= ZERO:
        raise Impossible(f"{product.name}: количество должно быть больше нуля")
    return BasketItem(order_id=0, quantity=pieces, **from_catalogue(state, product))


def _pay_parts(state: ShopState, order: Order, price: Decimal, pays: PaySystem, bonuses: Decimal) -> None:
    """Make the main payment, and one from the buyer's account for the bonuses."""
    taken = min(bonuses, price)
    if taken:
        add_payment(state, order, Payment(order_id=order.id, pay_system_id=INNER, sum=taken, paid="Y"))
    if price > taken:
        add_payment(state, order, Payment(order_id=order.id, pay_system_id=pays.id, sum=price - taken))


def _delivery(state: ShopState, key: str) -> DeliveryService:
    for each in state.sale.deliveries:
        if key in (each.code, each.name, str(each.id)):
            return each
    known = ", ".join(each.code for each in state.sale.deliveries)
    raise Impossible(f"Службы доставки {key} нет; есть: {known}")


def _pay_system(state: ShopState, key: str) -> PaySystem:
    aliases = {"card": "yandexcheckout"}
    for each in state.sale.pay_systems:
        if aliases.get(key, key) in (each.action_file, each.name, str(each.id)):
            return each
    known = ", ".join(each.action_file for each in state.sale.pay_systems)
    raise Impossible(f"Платёжной системы {key} нет; есть: card, {known}")
