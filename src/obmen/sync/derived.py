"""Atoms computed from other atoms of the same record. Pure."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import msgspec

from obmen.model import Record, Said, Value, plain, restate
from obmen.sync.rules import family

HUB = "obmen"
"""Who says a derived atom."""


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
    total = Decimal(0)
    seen = False
    for name, value in atoms.items():
        if family(name) != "stock" or (selling.warehouses and name[6:] not in selling.warehouses):
            continue
        seen = True
        if isinstance(value, str) and value[0] != "-":
            total += Decimal(value)
    if not seen:
        return None
    if selling.safety != "0":
        total = max(Decimal(0), total - Decimal(selling.safety))
    return plain(total)


def derive(record: Record, changed: Collection[str], selling: Selling, at: str) -> tuple[Record, bool]:
    """Return the record with its derived atoms brought up to date, and whether one of them changed."""
    if record.entity != "offer" or not any(family(name) == "stock" for name in changed):
        return record, False
    value = available(record.atoms, selling)
    if value is None or record.atoms.get("available") == value:
        return record, False
    said = restate(record.said, Said(HUB, at, "derived", ("available",)))
    return msgspec.structs.replace(record, atoms={**record.atoms, "available": value}, said=said), True
