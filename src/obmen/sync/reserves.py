"""What an order keeps of the stock, until the owner of the stock counts it himself. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from obmen.model import Record, Value, decimal
from obmen.sync.facts import SHIPPED_RANK, STAGES


def reserved(order: Record) -> dict[int, Decimal]:
    """Return how much of each offer a living order keeps: its lines less what has been shipped.

    A cancelled order keeps nothing, nor does one whose goods are on their way or handed over.
    """
    atoms = order.atoms
    rank = STAGES.rank(atoms.get("stage"))
    if atoms.get("cancelled") is not None or (rank is not None and rank >= SHIPPED_RANK):
        return {}
    kept: defaultdict[int, Decimal] = defaultdict(Decimal)
    for offer, quantity in _lines(atoms.get("money")):
        kept[offer] += quantity
    for name, shipment in atoms.items():
        if name.startswith("shipments.") and isinstance(shipment, dict) and _has_left(shipment):
            for offer, quantity in _lines(shipment):
                kept[offer] -= quantity
    return {offer: quantity for offer, quantity in kept.items() if quantity > 0}


def _has_left(shipment: Mapping[str, Value]) -> bool:
    return shipment.get("state") in {"shipped", "delivered"}


def _lines(value: Value) -> list[tuple[int, Decimal]]:
    lines = value.get("lines") if isinstance(value, dict) else None
    return [
        (offer, decimal(str(line.get("quantity", "0"))))
        for line in (lines if isinstance(lines, list) else [])
        if isinstance(line, dict) and isinstance(offer := line.get("offer"), int)
    ]
