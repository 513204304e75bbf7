"""Runs of record ids: those of one page are given out together, so that first and last say it all."""

from __future__ import annotations

from collections.abc import Iterable


def runs(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return first and last of each run of ids that follow one another; of one page nearly always one."""
    found: list[tuple[int, int]] = []
    for number in sorted(ids):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
