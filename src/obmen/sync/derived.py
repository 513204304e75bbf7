"""Atoms computed from other atoms of the same record. Pure."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

import msgspec

from obmen.model import Record, Said, Value, plain, restate

HUB = "obmen"
"""Who says a derived atom."""

_STOCK = "stock."
_AVAILABLE = "available"
_NOTHING = Decimal(0)


class Selling(msgspec.Struct, frozen=True, kw_only=True):
    """Which stock may be sold. Without a list every warehouse sells."""

    warehouses: tuple[str, ...] = ()
    safety: str = "0"
    """Kept back from every channel."""
    owner_reserves: bool = True
    """Whether the owner's stock already leaves out what it knows is ordered. Where not, an order keeps its goods until
    they are shipped."""
    unpaid_s: float = 72 * 3600.0
    """How long an order that is to be paid in advance keeps its goods without being paid, seconds."""


EVERYTHING = Selling()
"""Every warehouse sells all it has."""


def available(atoms: dict[str, Value], selling: Selling, reserved: Decimal = _NOTHING) -> str | None:
    """Return what may be sold: the stock of the selling warehouses less the safety stock and what orders keep.

    None while no warehouse has said anything; never below zero. Negative stock of one warehouse counts as nothing, it
    does not eat the stock of another.
    """
    told = [atoms[name] for name in _stock_atoms(tuple(atoms), selling.warehouses)]
    if not told:
        return None
    if selling.safety == "0" and not reserved:
        try:  # whole quantities, as nearly all are, add up many times as fast
            return str(sum([max(0, int(value)) for value in told if value != "0"]))  # type: ignore[arg-type, misc]  # what is no number raises
        except (ValueError, TypeError):
            pass
    there = [value for value in told if isinstance(value, str) and value[0] != "-"]
    return plain(max(_NOTHING, sum(map(Decimal, there), -Decimal(selling.safety) - reserved)))


@lru_cache(maxsize=4096)
def _stock_atoms(atoms: tuple[str, ...], warehouses: tuple[str, ...]) -> list[str]:
    """Return the atoms among these that are stock of the warehouses that sell; all sell where none is named."""
    if warehouses:
        return [f"{_STOCK}{name}" for name in warehouses if f"{_STOCK}{name}" in atoms]
    return [name for name in atoms if name.startswith(_STOCK)]


@lru_cache(maxsize=4096)
def _is_stock(atom: str) -> bool:
    return atom.startswith(_STOCK)


def derive(
    record: Record, changed: Collection[str], selling: Selling, at: str, reserved: Decimal = _NOTHING
) -> tuple[Record, bool]:
    """Return the record with its derived atoms brought up to date, and whether one of them changed."""
    if record.entity != "offer" or not any(map(_is_stock, changed)):
        return record, False
    return with_available(record, selling, at, reserved)


@lru_cache(maxsize=64)
def _computed(at: str) -> Said:
    return Said(HUB, at, "derived", (_AVAILABLE,))


def derived_at_birth(
    entity: str, atoms: dict[str, Value], said: tuple[Said, ...], selling: Selling, at: str
) -> tuple[Said, ...]:
    """Put the derived atoms of a record about to be born among its atoms; return who says what then."""
    value = available(atoms, selling) if entity == "offer" else None
    if value is None:
        return said
    atoms[_AVAILABLE] = value
    return (*said, _computed(at))


def with_available(record: Record, selling: Selling, at: str, reserved: Decimal) -> tuple[Record, bool]:
    """Return an offer with what may be sold of it now, and whether that changed."""
    atoms = record.atoms
    value = available(atoms, selling, reserved)
    if value is None or atoms.get(_AVAILABLE) == value:
        return record, False
    computed = _computed(at)
    said = restate(record.said, computed) if _AVAILABLE in atoms else (*record.said, computed)
    return msgspec.structs.replace(record, atoms={**atoms, _AVAILABLE: value}, said=said), True
