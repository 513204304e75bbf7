"""Atoms computed from other atoms of the same record. Pure."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import msgspec

from obmen.model import Record, Said, Value, plain, restate

HUB = "obmen"
"""Who says a derived atom."""

_STOCK = "stock."
_AVAILABLE = "available"


class Selling(msgspec.Struct, frozen=True, kw_only=True):
    """Which stock may be sold. Without a list every warehouse sells."""

    warehouses: tuple[str, ...] = ()
    safety: str = "0"
    """Kept back from every channel."""


def available(atoms: dict[str, Value], selling: Selling) -> str | None:
    """Return what may be sold: the sum over the selling warehouses less the safety stock, never below zero.

    None while no warehouse has said anything. Negative stock of one warehouse counts as nothing, it does not eat
    the stock of another.
    """
    said = [value for name, value in atoms.items() if name.startswith(_STOCK)]
    if selling.warehouses:
        said = [
            atoms[f"{_STOCK}{warehouse}"]
            for warehouse in selling.warehouses
            if f"{_STOCK}{warehouse}" in atoms
        ]
    if not said:
        return None
    there = [value for value in said if isinstance(value, str) and value[0] != "-"]
    if selling.safety == "0" and all(map(str.isdecimal, there)):
        return str(sum(map(int, there)))  # whole quantities, as nearly all are, add up many times as fast
    return plain(max(Decimal(0), sum(map(Decimal, there), -Decimal(selling.safety))))


def derive(record: Record, changed: Collection[str], selling: Selling, at: str) -> tuple[Record, bool]:
    """Return the record with its derived atoms brought up to date, and whether one of them changed."""
    if record.entity != "offer" or not any(name.startswith(_STOCK) for name in changed):
        return record, False
    atoms = record.atoms
    value = available(atoms, selling)
    if value is None or atoms.get(_AVAILABLE) == value:
        return record, False
    computed = Said(HUB, at, "derived", (_AVAILABLE,))
    said = restate(record.said, computed) if _AVAILABLE in atoms else (*record.said, computed)
    return msgspec.structs.replace(record, atoms={**atoms, _AVAILABLE: value}, said=said), True
