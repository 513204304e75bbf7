"""Ranked facts: they go forward, whatever the order they arrive in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import msgspec

from obmen.model import Value


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
    """Tell whether a fact contradicts another of the same order: cancelled against shipped, in either order."""
    if atom == "cancelled" and arrived:
        stage = STAGES.rank(atoms.get("stage"))
        return stage is not None and stage >= SHIPPED_RANK
    if atom == "stage" and atoms.get("cancelled"):
        stage = STAGES.rank(arrived)
        return stage is not None and stage >= SHIPPED_RANK
    return False


def is_walk_forward(table: dict[str, Value], walk: tuple[str, ...], ladder: Ladder) -> bool:
    """Tell whether a walk through a vendor's codes is monotone in the ranks its table gives them."""
    ranks = [ladder.rank(table[code]) for code in walk if code in table]
    known = [rank for rank in ranks if rank is not None]
    return all(a <= b for a, b in pairwise(known))
