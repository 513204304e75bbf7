"""What the people at 1C do to orders by hand, and what that takes from the free stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from obmen.connectors.onec.sandbox.sale.book import CustomerOrder, Movement, OrderBook, Payment


class OrderDesk:
    """The orders of one infobase, in people's hands; an order is named by the site's number, 1C's own or the id."""

    def __init__(
        self,
        book: OrderBook,
        *,
        time: Callable[[], str],
        note: Callable[[str, str], None],
        move: Callable[[str, str, Decimal], None],
    ) -> None:
        """`note` is told number and action; `move` puts an amount of goods back into the stock of a warehouse."""
        self.book = book
        self._time = time
        self._note = note
        self._move = move

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List what may be done by hand."""
        return {
            "post_order": self.post_order,
            "pay_order": self.pay_order,
            "ship_order": self.ship_order,
            "return_goods": self.return_goods,
            "cancel_order": self.cancel_order,
            "delete_order": self.delete_order,
            "comment_order": self.comment_order,
            "delete_payment": self.delete_payment,
            "change_line": self.change_line,
            "set_state": self.set_state,
        }

    def reserve(self) -> None:
        """Take from the free stock what all orders are to take by now."""
        for order in self.book.orders.values():
            self._reserve(order)

    def post_order(self, *, order: str) -> str:
        """Post an order: order."""
        return self._changed(order, "posted", posted=True)

    def set_state(self, *, order: str, state: str) -> str:
        """Set the state of an order: order, state."""
        return self._changed(order, "state", posted=True, state=state)

    def cancel_order(self, *, order: str, reason: str) -> str:
        """Cancel an order: order, reason."""
        return self._changed(order, "cancelled", cancelled=reason)

    def delete_order(self, *, order: str, deleted: bool = True) -> str:
        """Set or take back the deletion mark of an order: order, deleted."""
        return self._changed(order, "deleted", deleted=deleted)

    def delete_payment(self, *, order: str, number: str) -> str:
        """Mark a payment of an order as deleted: order, number of the payment."""
        found = self.book.find(order)
        payments = [
            msgspec.structs.replace(each, deleted=each.deleted or number in (each.number, each.site))
            for each in found.payments
        ]
        if payments == found.payments:
            raise LookupError(f"Order {order!r} has no payment {number!r}.")
        return self._changed(order, "payment_deleted", payments=payments)

    def comment_order(self, *, order: str, text: str) -> str:
        """Write a comment of the managers: order, text."""
        return self._changed(order, "commented", comment=text)

    def pay_order(self, *, order: str, amount: str = "", how: str = "cash", back: bool = False) -> str:
        """Note money that came, all that is due unless an amount is given: order, amount, how (cash, card, bank), back."""
        found = self.book.find(order)
        operations = {
            "cash": "Возврат наличных денег" if back else "Выплата наличных денег",
            "card": "Эквайринговая операция",
            "bank": "Возврат безналичных денег" if back else "Выплата безналичных денег",
        }
        payment = Payment(
            number=f"ПКО-{len(found.payments) + 1:04}-{found.own_number}",
            amount=number_of(amount) if amount else found.total,
            at=self._time(),
            operation=operations[how],
            back=back,
        )
        return self._changed(order, "paid", payments=[*found.payments, payment])

    def ship_order(
        self,
        *,
        order: str,
        quantities: Mapping[str, str] | None = None,
        tracking: str = "",
        codes: Mapping[str, list[str]] | None = None,
    ) -> str:
        """Ship an order, all of it or some quantities by goods id: order, quantities, tracking, codes (marking, by goods)."""
        found = self.book.find(order)
        return self._moved(found, quantities, tracking=tracking, back=False, codes=dict(codes or {}))

    def return_goods(self, *, order: str, quantities: Mapping[str, str], reason: str = "") -> str:
        """Take goods back: order, quantities by goods id, reason."""
        return self._moved(self.book.find(order), quantities, tracking="", back=True, codes={}, reason=reason)

    def change_line(self, *, order: str, goods: str, quantity: str, price: str = "") -> str:
        """Change the quantity of a line, 0 takes it out: order, goods, quantity, price."""
        found = self.book.find(order)
        lines = [
            msgspec.structs.replace(
                line,
                quantity=number_of(quantity) if line.goods == goods else line.quantity,
                price=number_of(price) if price and line.goods == goods else line.price,
            )
            for line in found.lines
        ]
        return self._changed(order, "lines", lines=[line for line in lines if line.quantity])

    def _moved(
        self,
        order: CustomerOrder,
        quantities: Mapping[str, str] | None,
        *,
        tracking: str,
        back: bool,
        codes: dict[str, list[str]],
        reason: str = "",
    ) -> str:
        goods = [line for line in order.lines if line.goods != "ORDER_DELIVERY"]
        whole: dict[str, Decimal] = {}
        for line in goods:
            whole[line.goods] = whole.get(line.goods, Decimal(0)) + line.quantity
        some = whole if quantities is None else {ref: number_of(one) for ref, one in quantities.items()}
        movement = Movement(
            number=f"{'ВЗ' if back else 'РН'}-{len(order.movements) + 1:04}-{order.own_number}",
            at=self._time(),
            quantities=some,
            tracking=tracking,
            back=back,
            codes=codes,
            reason=reason,
        )
        return self._changed(order.number, "shipped", posted=True, movements=[*order.movements, movement])

    def _changed(self, number: str, action: str, **changes: object) -> str:
        order = self.book.find(number)
        for name, value in changes.items():
            setattr(order, name, value)
        self.book.touch(order)
        self._reserve(order)
        self._note(order.own_number, action)
        return f"{order.own_number}, version {order.version}"

    def _reserve(self, order: CustomerOrder) -> None:
        """Let an order take from the free stock what it is to take by now: posted it reserves, shipped it has left."""
        wanted: dict[str, Decimal] = {}
        if order.posted:
            wanted = order.leaving()
        for goods in order.reserved.keys() | wanted.keys():
            change = order.reserved.get(goods, Decimal(0)) - wanted.get(goods, Decimal(0))
            if change:
                self._move(goods, order.store, change)
        order.reserved = wanted


def number_of(value: str | float) -> Decimal:
    """Read a number as people and JSON write it."""
    try:
        number = Decimal(str(value).replace(",", "."))
    except ArithmeticError as exc:
        raise ValueError(f"{value!r} is not a number.") from exc
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a number.")
    return number
