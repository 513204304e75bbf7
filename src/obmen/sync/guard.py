"""Guards against mass change: what is held and asked about, by digest of the exact set. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

import msgspec

from obmen.model import BadValue, Money, Value, decimal
from obmen.sync.rules import family


class Danger(Enum):
    """Kinds of change that are harmless one by one and ruinous in bulk."""

    ZERO_STOCK = "zero_stock"
    ZERO_PRICE = "zero_price"
    PRICE_JUMP = "price_jump"
    DISAPPEARANCE = "disappearance"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """From which share of the catalogue on a danger is held. A share of 0 holds every single one."""

    zero: float = 0.20
    jump: float = 0.0
    jump_factor: int = 3
    disappearance: float = 0.10


class Change(NamedTuple):
    """One atom of one record before and after."""

    record: int
    atom: str
    before: Value
    after: Value


def danger(change: Change, limits: Limits) -> Danger | None:
    """Tell which danger a single change belongs to, if any."""
    kind = family(change.atom)
    if kind in {"stock", "available"}:
        return Danger.ZERO_STOCK if _amount(change.before) > 0 >= _amount(change.after) else None
    if kind == "prices":
        before, after = _amount(change.before), _amount(change.after)
        if before > 0 >= after:
            return Danger.ZERO_PRICE
        if before > 0 and (after >= before * limits.jump_factor or after * limits.jump_factor <= before):
            return Danger.PRICE_JUMP
    return None


def is_held(kind: Danger, count: int, total: int, limits: Limits) -> bool:
    """Tell whether `count` changes of one kind are too many for a catalogue of `total`."""
    if count == 0:
        return False
    share = {
        Danger.ZERO_STOCK: limits.zero,
        Danger.ZERO_PRICE: limits.zero,
        Danger.PRICE_JUMP: limits.jump,
        Danger.DISAPPEARANCE: limits.disappearance,
    }[kind]
    if kind is Danger.DISAPPEARANCE:
        return count > share * total
    return count >= share * total


def digest(kind: Danger, changes: Iterable[Change]) -> str:
    """Return the digest of exactly this set of changes, whatever order it was met in."""
    lines = sorted(f"{change.record}|{change.atom}|{change.after}" for change in changes)
    return hashlib.sha256("\n".join([kind.value, *lines]).encode()).hexdigest()[:12]


def _amount(value: Value) -> float:
    """Return the number in a money or quantity text for comparison only; empty counts as zero."""
    if not isinstance(value, str):
        return 0.0
    try:
        return float(Money.parse(value).amount if " " in value else decimal(value))
    except BadValue:
        return 0.0
