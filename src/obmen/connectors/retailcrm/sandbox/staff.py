"""What managers do by hand. Orders, lines, payments and customers are named by the account's own ids."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers.finding import link_guest
from obmen.connectors.retailcrm.sandbox.customers.saving import (
    combine_customers,
    create_customer,
    delete_customer,
    edit_customer,
    move_orders,
)
from obmen.connectors.retailcrm.sandbox.errors import Problems, impossible
from obmen.connectors.retailcrm.sandbox.orders.combining import TECHNIQUES, combine_orders, split_order
from obmen.connectors.retailcrm.sandbox.orders.payments import (
    add_payment,
    change_payment,
    read_payment,
    remove_payment,
)
from obmen.connectors.retailcrm.sandbox.orders.recording import saving
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order, delete_order, edit_order
from obmen.connectors.retailcrm.sandbox.rows import Customer, Item, Order, Payment
from obmen.connectors.retailcrm.sandbox.state import Actor, CrmState
from obmen.connectors.retailcrm.sandbox.totting import tot_up
from obmen.connectors.retailcrm.sandbox.values import decimal
from obmen.sandbox.world.buyers import Buyer
from obmen.sandbox.world.buyers import buyer as known_buyer

DOOR = "operator"
PAID = "paid"
_LINE = {
    "quantity": "quantity",
    "price": "initialPrice",
    "discount": "discountManualAmount",
    "discount_percent": "discountManualPercent",
    "status": "status",
}


class OrderDesk:
    """Managers at the screens of the account. Every act is a change set of a person, with `source` user."""

    def __init__(self, state: CrmState) -> None:
        self._state = state

    def actions(self) -> dict[str, Callable[..., object]]:
        """List the acts by name."""
        acts: tuple[Callable[..., object], ...] = (
            self.new_order,
            self.edit_order,
            self.edit_lines,
            self.set_discount,
            self.change_status,
            self.cancel,
            self.ship,
            self.pay,
            self.edit_payment,
            self.delete_payment,
            self.set_manager,
            self.combine,
            self.split_order,
            self.delete_order,
            self.new_customer,
            self.edit_customer,
            self.combine_customers,
            self.delete_customer,
            self.split_customer,
            self.find,
            self.statuses_held,
            self.tot_up,
        )
        return {act.__name__: act for act in acts}

    def new_order(
        self,
        *,
        lines: Sequence[Mapping[str, Any]],
        who: str = "petrov",
        site: str = "main",
        delivery: str = "courier",
        payment: str = "cash",
        comment: str = "",
        user: int = 0,
    ) -> int:
        """Take an order by phone: lines of `{"offer", "quantity", "price", "discount"}`, an offer by external or xml id."""
        state, person = self._state, known_buyer(who)
        given = {
            **buyer_fields(person),
            "orderMethod": "phone",
            "items": [{**_line(each), "offer": self.offer(site, each)} for each in lines],
            "delivery": {"code": delivery, "address": buyer_address(person)},
            "payments": [{"type": payment}] if payment else [],
            "managerComment": comment,
            "managerId": self._user(user),
        }
        with self._acting(user):
            order = create_order(state, site, given)
            if order.customer_id is None and (customer := link_guest(state, order)) is not None:
                with saving(state, order):
                    state.orders.change(order, customer_id=customer.id, contact_id=customer.id)
        return order.id

    def edit_order(self, *, order: int, user: int = 0, **fields: Any) -> int:
        """Change fields of the head, by the names of the API; None clears."""
        with self._acting(user):
            edit_order(self._state, self._order(order), fields)
        return order

    def edit_lines(
        self,
        *,
        order: int,
        change: Sequence[Mapping[str, Any]] = (),
        add: Sequence[Mapping[str, Any]] = (),
        remove: Sequence[int] = (),
        user: int = 0,
    ) -> list[int]:
        """Edit lines: `change` of `{"line", "quantity", "price", "discount"}`, `add` of `{"offer", …}`; returns ids."""
        state, found = self._state, self._order(order)
        edits = {int(each["line"]): each for each in change}
        held = state.items_of(found)
        for line in {*edits, *remove} - {item.id for item in held}:
            impossible(f"Order {order} has no line {line}.")
        rows = [{"id": item.id, **_line(edits.get(item.id, {}))} for item in held if item.id not in remove]
        rows += [{**_line(each), "offer": self.offer(found.site, each), **_apart(each, held)} for each in add]
        with self._acting(user):
            edit_order(state, found, {"items": rows})
        return [item.id for item in state.items_of(found)]

    def set_discount(
        self,
        *,
        order: int,
        amount: str | float | None = None,
        percent: str | float | None = None,
        user: int = 0,
    ) -> dict[str, str]:
        """Give the whole order a discount by hand; what is not named is taken away. Returns the sums."""
        given = {"discountManualAmount": amount, "discountManualPercent": percent}
        with self._acting(user):
            return tot_up(self._state, edit_order(self._state, self._order(order), given))

    def change_status(self, *, order: int, status: str, comment: str = "", user: int = 0) -> int:
        """Set another status."""
        given = {"status": status, **({"statusComment": comment} if comment else {})}
        return self.edit_order(order=order, user=user, **given)

    def cancel(self, *, order: int, status: str = "cancel-other", reason: str = "", user: int = 0) -> int:
        """Cancel an order: one of the statuses of cancellation, and the reason in words."""
        if self._state.group_of(status) != "cancel":
            impossible(f"The status {status!r} does not cancel.")
        return self.change_status(order=order, status=status, comment=reason, user=user)

    def ship(self, *, order: int, tracking: str = "", status: str = "delivering", user: int = 0) -> int:
        """Hand an order over to delivery, with a tracking number where there is one."""
        state, found = self._state, self._order(order)
        with self._acting(user), saving(state, found):
            delivery = found.delivery
            if tracking:
                carrier = {**delivery.get("data", {}), "trackNumber": tracking}
                if delivery.get("integrationCode"):
                    carrier["externalId"] = f"parcel-{found.id}"
                delivery = {**delivery, "data": carrier}
            plain = {**found.plain, "shipped": True, "shipmentDate": state.now()[:10]}
            state.orders.change(found, plain=plain, delivery=delivery, status=status)
        return order

    def pay(
        self,
        *,
        order: int,
        payment: int = 0,
        amount: str | float | None = None,
        kind: str = "cash",
        user: int = 0,
    ) -> int:
        """Note that money came: by a payment, else the first unpaid one, else a new one of a kind."""
        state, found = self._state, self._order(order)
        held = next(
            (
                each
                for each in state.payments_of(found)
                if each.id == payment or (not payment and each.status != PAID)
            ),
            None,
        )
        if payment and held is None:
            impossible(f"Order {order} has no payment {payment}.")
        given: dict[str, Any] = {"status": PAID, "paidAt": state.now()}
        if amount is not None:
            given["amount"] = str(amount)
        if held is None:
            given["type"] = kind
        return self._put_payment(found, held, given, user)

    def edit_payment(self, *, payment: int, user: int = 0, **fields: Any) -> int:
        """Change fields of a payment, by the names of the API."""
        held = self._payment(payment)
        return self._put_payment(self._order(held.order_id), held, fields, user)

    def delete_payment(self, *, payment: int, user: int = 0) -> int:
        """Remove a payment."""
        held = self._payment(payment)
        with self._acting(user):
            remove_payment(self._state, self._order(held.order_id), held)
        return payment

    def set_manager(self, *, order: int, manager: int, user: int = 0) -> int:
        """Make somebody responsible for an order."""
        return self.edit_order(order=order, user=user, managerId=manager)

    def combine(self, *, order: int, into: int, technique: str = "summ", user: int = 0) -> int:
        """Put an order into another one: ours, summ or theirs."""
        if technique not in TECHNIQUES or order == into:
            impossible(f"Orders are combined by {', '.join(TECHNIQUES)}, and never with themselves.")
        with self._acting(user, source="combine"):
            combine_orders(self._state, self._order(order), self._order(into), technique)
        return into

    def split_order(self, *, order: int, pieces: Mapping[str, Any], user: int = 0) -> int:
        """Move pieces of lines, by line id, to a new order; returns its id."""
        wanted = {int(line): decimal(quantity) for line, quantity in pieces.items()}
        with self._acting(user, source="split"):
            return split_order(self._state, self._order(order), wanted).id

    def delete_order(self, *, order: int, user: int = 0) -> int:
        """Delete an order for good."""
        with self._acting(user):
            delete_order(self._state, self._order(order))
        return order

    def new_customer(self, *, who: str = "", site: str = "main", user: int = 0, **fields: Any) -> int:
        """Write somebody who has called into the base, by name or by fields of the API; they have no external id."""
        given = dict(fields)
        if who:
            person = known_buyer(who)
            known = {"phones": [{"number": person.phone}], "address": buyer_address(person)}
            given = {**buyer_fields(person), **known, **fields}
        with self._acting(user):
            return create_customer(self._state, site, given).id

    def edit_customer(self, *, customer: int, user: int = 0, **fields: Any) -> int:
        """Change fields of a customer, by the names of the API."""
        with self._acting(user):
            edit_customer(self._state, self._customer(customer), fields)
        return customer

    def combine_customers(self, *, customers: Sequence[int], into: int, user: int = 0) -> int:
        """Put customers into one."""
        sources = [self._customer(each) for each in customers if each != into]
        with self._acting(user, source="combine"):
            combine_customers(self._state, sources, self._customer(into))
        return into

    def delete_customer(self, *, customer: int, user: int = 0) -> int:
        """Delete a customer for good; orders stay without one."""
        with self._acting(user):
            delete_customer(self._state, self._customer(customer))
        return customer

    def split_customer(self, *, customer: int, orders: Sequence[int], user: int = 0) -> int:
        """Make another customer of one, and give it some of the orders; returns its id."""
        source = self._customer(customer)
        given: dict[str, Any] = {
            name: source.plain[name]
            for name in ("lastName", "firstName", "patronymic")
            if name in source.plain
        }
        with self._acting(user, source="split"):
            twin = create_customer(self._state, source.site, given, source.type)
            move_orders(self._state, source, twin, only=orders)
        return twin.id

    def find(self, *, external_id: str = "", number: str = "") -> list[int]:
        """Return the ids of all orders with an external id or a number."""
        wanted = {"external_id": external_id} if external_id else {"number": number}
        return [order.id for order in self._state.orders.where(**wanted)]

    def statuses_held(self, *, order: int) -> list[str]:
        """Return every status an order was in, oldest first, each with who set it."""
        return [f"{status} by {source}" for status, source in self._order(order).held]

    def tot_up(self, *, order: int) -> dict[str, str]:
        """Return the sums of one order as the account has them."""
        return tot_up(self._state, self._order(order))

    def offer(self, site: str, line: Mapping[str, Any]) -> dict[str, int]:
        """Return the offer of a line of `{"offer": external or xml id}`, as the API names it."""
        key = str(line["offer"])
        offer = self._state.find_offer(site, external_id=key) or self._state.find_offer(site, xml_id=key)
        if offer is None:
            impossible(f"The shop {site!r} sells no offer {key!r}.")
        return {"id": offer.id}

    def _acting(self, user: int, source: str = "user") -> AbstractContextManager[None]:
        return self._state.acting(Actor(DOOR, source, user=self._user(user)))

    def _user(self, user: int) -> int:
        found = self._state.users.get(user) if user else next(iter(self._state.users))
        if found is None:
            impossible(f"There is no person {user} on the staff.")
        return found.id

    def _put_payment(self, order: Order, held: Payment | None, given: Mapping[str, Any], user: int) -> int:
        problems = Problems()
        with self._acting(user):
            columns = read_payment(self._state, given, problems, at="", site=order.site, held=held)
            problems.stop_if_any("Payment is not loaded")
            if held is None:
                return add_payment(self._state, order, columns).id
            change_payment(self._state, order, held, columns)
        return held.id

    def _order(self, order_id: int) -> Order:
        order = self._state.orders.get(order_id)
        return order if order is not None else impossible(f"The account has no order {order_id}.")

    def _payment(self, payment_id: int) -> Payment:
        payment = self._state.payments.get(payment_id)
        return payment if payment is not None else impossible(f"The account has no payment {payment_id}.")

    def _customer(self, customer_id: int) -> Customer:
        found = self._state.customers.get(customer_id)
        return found if found is not None else impossible(f"The account has no customer {customer_id}.")


def buyer_fields(person: Buyer) -> dict[str, Any]:
    """Return who somebody is, by the names of the API."""
    return {
        "lastName": person.last_name,
        "firstName": person.first_name,
        "patronymic": person.middle_name,
        "email": person.email,
        "phone": person.phone,
    }


def buyer_address(person: Buyer) -> dict[str, Any]:
    """Return where somebody lives."""
    return {"index": person.postcode, "countryIso": "RU", "city": person.city, "text": person.address}


def _line(each: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(each[key]) for key, name in _LINE.items() if key in each}


def _apart(each: Mapping[str, Any], held: Sequence[Item]) -> dict[str, Any]:
    """Keep an added line apart from those that are there, though the offer be the same."""
    return {"externalIds": [{"code": "crm", "value": f"{each['offer']}-{len(held)}"}]} if held else {}
