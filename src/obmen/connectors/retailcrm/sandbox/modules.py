"""Other programs that write into the account with keys of their own: the shop's module, those of 1C and of a marketplace."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer, edit_customer
from obmen.connectors.retailcrm.sandbox.errors import impossible
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order, edit_order
from obmen.connectors.retailcrm.sandbox.staff import OrderDesk, buyer_address, buyer_fields
from obmen.connectors.retailcrm.sandbox.state import Actor, CrmState
from obmen.sandbox.world.buyers import buyer as known_buyer

BITRIX, ONE_C = "bitrix", "1c"


class Modules:
    """What other programs do: `bitrix` and `1c` leave the ids of theirs, any other name is a marketplace's."""

    def __init__(self, state: CrmState, desk: OrderDesk) -> None:
        self._state = state
        self._desk = desk

    def actions(self) -> dict[str, Callable[..., object]]:
        """List the acts by name."""
        acts = (self.module_order, self.module_edit, self.module_customer)
        return {act.__name__: act for act in acts}

    def module_order(
        self,
        *,
        module: str,
        lines: Sequence[Mapping[str, Any]],
        external_id: str,
        who: str = "petrov",
        site: str = "main",
    ) -> int:
        """Bring an order: lines of `{"offer", "quantity"}`, and its id in the program it comes from; returns the id here."""
        state, person = self._state, known_buyer(who)
        guid = str(uuid.uuid5(uuid.NAMESPACE_OID, external_id))
        own = {BITRIX: external_id, ONE_C: guid}.get(module, "")
        payment = {BITRIX: f"{external_id}_a1b2c3", ONE_C: guid}.get(module, "")
        given: dict[str, Any] = {
            **buyer_fields(person),
            "items": [
                {
                    "offer": self._desk.offer(site, each),
                    "quantity": str(each.get("quantity", 1)),
                    **(
                        {"externalIds": [{"code": BITRIX, "value": f"{external_id}-{place}"}]}
                        if module == BITRIX
                        else {}
                    ),
                }
                for place, each in enumerate(lines)
            ],
            "delivery": {"code": "courier", "address": buyer_address(person)},
            "payments": [{"type": "cash", **({"externalId": payment} if payment else {})}],
            **({"externalId": own} if own else {}),
        }
        with state.acting(self._key(module)):
            order = create_order(state, site, given)
        if module not in {BITRIX, ONE_C}:
            origin = {"code": module, "orderId": external_id}
            state.orders.change(order, plain={**order.plain, "marketplace": origin})
        return order.id

    def module_edit(self, *, module: str, order: int, **fields: Any) -> int:
        """Change fields of an order's head, by the names of the API."""
        found = self._state.orders.get(order)
        if found is None:
            impossible(f"The account has no order {order}.")
        with self._state.acting(self._key(module)):
            edit_order(self._state, found, fields)
        return order

    def module_customer(self, *, module: str, customer: int = 0, site: str = "main", **fields: Any) -> int:
        """Change fields of a customer, by the names of the API, or make one; returns the id."""
        with self._state.acting(self._key(module)):
            if not customer:
                return create_customer(self._state, site, fields).id
            found = self._state.customers.get(customer)
            if found is None:
                impossible(f"The account has no customer {customer}.")
            return edit_customer(self._state, found, fields).id

    def _key(self, module: str) -> Actor:
        return Actor("module", "api", key=f"of {module}")
