"""Ranked facts: they go forward, whatever the order they arrive in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from obmen.model import BadValue, Money, Value


class Ladder(msgspec.Struct, frozen=True):
    """Ranks of one fact. Equal ranks never replace each other, so the outcome does not depend on arrival order."""

    ranks: tuple[tuple[str, int], ...]

    def rank(self, value: Value) -> int | None:
        """Return the rank of a value, or None for one the ladder does not know."""
        return next((rank for name, rank in self.ranks if name == value), None)

    def raises(self, current: Value, arrived: Value) -> bool:
        """Tell whether `arrived` is a later fact than `current`."""
        new = self.rank(arrived)
        old = self.rank(current)
        return new is not None and (old is None or new > old)


STAGES = Ladder(
    (("new", 10), ("confirmed", 20), ("supply", 30), ("assembling", 40), ("delivery", 50), ("done", 70))
)
"""Stages of an order; payment, cancellation and returns are axes of their own."""

SHIPPED_RANK = 50


def clash(atoms: Mapping[str, Value], atom: str, arrived: Value) -> bool:
    """Tell whether a fact contradicts another of the same order.

    Cancelled against shipped, in either order; a payment made that is unmade or vanishes: paid never silently
    becomes unpaid.
    """
    if atom == "cancelled" and arrived:
        return any(_is_shipped(name, value) for name, value in atoms.items())
    if atoms.get("cancelled") and _is_shipped(atom, arrived):
        return True
    if atom.startswith("payments."):
        return _is_made(atoms.get(atom)) and not _is_made(arrived)
    return False


def is_bought(atoms: Mapping[str, Value]) -> bool:
    """Tell whether something of an order has been paid or has left: its lines are no draft any more."""
    return any(_is_shipped(name, value) for name, value in atoms.items()) or any(
        _is_made(payment) for payment in payments(atoms)
    )


def _is_shipped(atom: str, value: Value) -> bool:
    """Tell whether a fact says that goods have left."""
    if atom.startswith("shipments."):
        return isinstance(value, dict) and value.get("state") in {"shipped", "delivered"}
    rank = STAGES.rank(value) if atom == "stage" else None
    return rank is not None and rank >= SHIPPED_RANK


def _is_made(payment: Value) -> bool:
    return isinstance(payment, dict) and payment.get("paid") is True


def payments(atoms: Mapping[str, Value]) -> list[dict[str, Value]]:
    """Return what the buyer has paid or is to pay; money given back is another matter."""
    found = [
        value for name, value in atoms.items() if name.startswith("payments.") and isinstance(value, dict)
    ]
    return [payment for payment in found if payment.get("refund") is not True]


def is_prepaid(atoms: Mapping[str, Value]) -> bool:
    """Tell whether the buyer pays before the goods leave.

    Where only a part is to come before them (a deposit, bonuses), the order is prepaid until that part has come.
    """
    due = payments(atoms)
    before = [payment for payment in due if payment.get("prepaid") is True]
    return bool(before) and (
        len(before) == len(due) or any(payment.get("paid") is not True for payment in before)
    )


def is_paid(atoms: Mapping[str, Value]) -> bool:
    """Tell whether the payments made cover the total; without a total, whether every payment is made."""
    due = payments(atoms)
    made = [payment for payment in due if payment.get("paid") is True]
    money = atoms.get("money")
    if not isinstance(money, dict) or "total" not in money:
        return bool(made) and len(made) == len(due)
    try:
        total = Money.parse(str(money["total"]))
        sums = [Money.parse(str(payment.get("sum"))) for payment in made]
    except BadValue:
        return False
    covered = sum(paid.amount for paid in sums if paid.currency == total.currency)
    return bool(made) and covered >= total.amount


def step_back(table: Mapping[str, Value], walk: Sequence[str], ladder: Ladder) -> tuple[str, str] | None:
    """Return the codes between which a walk through a vendor's codes falls back in the ranks its table gives them."""
    highest: tuple[int, str] | None = None
    for code in walk:
        rank = ladder.rank(table.get(code))
        if rank is None:
            continue
        if highest is not None and rank < highest[0]:
            return highest[1], code
        highest = (rank, code)
    return None


def code_for(
    table: Mapping[str, str], value: str, ladder: Ladder, *, but: Collection[str] = ()
) -> str | None:
    """Return the code that stands for a fact: the first of its own, else that of the nearest fact before it.

    `but` are codes that are never written.
    """
    highest = ladder.rank(value)
    best: tuple[int, str] | None = None
    for code, said in table.items():
        rank = ladder.rank(said)
        if rank is None or highest is None or rank > highest or code in but:
            continue
        if best is None or rank > best[0]:
            best = (rank, code)
    return None if best is None else best[1]
