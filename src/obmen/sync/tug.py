"""Tug-of-war: who writes what back how often, and when to stop and ask."""

from __future__ import annotations

from obmen.sync.shadow import Resist, Wire

DAY_S = 86_400.0
TRIES = 2
"""Our value is written back this often in a day; the next time a person is asked."""


def resisted(before: Resist | None, ours: Wire, theirs: Wire, now: float) -> Resist:
    """Count one more time that a system put `theirs` over `ours`."""
    same = (
        before is not None and (before.ours, before.theirs) == (ours, theirs) and now - before.since < DAY_S
    )
    if before is None or not same:
        return Resist(ours, theirs, 1, now)
    return Resist(ours, theirs, before.count + 1, before.since)


def is_lost(resist: Resist) -> bool:
    """Tell whether writing back once more would be the third time."""
    return resist.count > TRIES
