"""Which record an unknown object is. Pure: the candidates are fetched beforehand."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.rules import Topology


class Verdict(Enum):
    """What to do with an object that is not bound yet."""

    BIND = auto()
    CREATE = auto()
    DOUBLE = auto()
    NOT_A_CREATOR = auto()


class Match(NamedTuple):
    """The verdict, the record it names, and by what it was recognised."""

    verdict: Verdict
    record: int | None = None
    by: str = ""


class Candidate(NamedTuple):
    """A record that may be the object, found by `by`; `taken` when it already has another ref in this system."""

    record: int
    by: str
    taken: bool


def match(*, system: str, candidates: tuple[Candidate, ...], topology: Topology, laws: Laws = ALL) -> Match:
    """Choose among candidates in the order they were sought: own mark, configured keys, natural keys.

    The first way of recognising that finds anything is the one that counts. One free record binds; two, or one that
    is already somebody else there (a copied object carries our mark too), are a person's.
    """
    if candidates:
        by = candidates[0].by
        hits = {candidate.record: candidate for candidate in candidates if candidate.by == by}
        first = next(iter(hits.values()))
        if (len(hits) > 1 or first.taken) and Law.TWO_IS_AN_ISSUE in laws:
            return Match(Verdict.DOUBLE, first.record, by)
        return Match(Verdict.BIND, first.record, by)
    if system in topology.creators or Law.CREATORS not in laws:
        return Match(Verdict.CREATE)
    return Match(Verdict.NOT_A_CREATOR)
