"""Traces: how the pieces of a file looked that a shadow was last brought up to date from. Pure.

Nine tenths of a nightly export are what was exported last night. A connector that can tell the bytes of one object
from a file gives their digest with the look; the ledger keeps it beside the shadow. When the same bytes come again and
nothing has touched the shadow since, the look is an echo, and neither has to be read.

    traces   = trace { ";" trace }        one for each kind of file that speaks of the object
    trace    = digest marks " " families
    marks    = [ "n" ] [ "w" ]            it does not name its object; it waits for a partner
    families = { letter }                 of the atoms the look asserted: "a" is the first the model lists, and so on

There is one for each object of each file: the shorter they are, the more of them stand on a page of the database.
"""

from __future__ import annotations

from functools import lru_cache

from obmen.model import ENTITIES
from obmen.sync.rules import family
from obmen.sync.shadow import Look, Shadow

DIGEST = 32
"""Characters of a digest."""
NAMELESS = "n"
"""The connector's mark of a piece that does not name its object."""
_WAITS = "w"
_FIRST = ord("a")
_MOST = 4
"""Kinds of files that speak of one object: goods, prices, stock, and one more."""


def spelling(entity: str) -> tuple[str, ...]:
    """Return the families that the letters of a trace stand for: digests are to be salted with them."""
    return tuple([family(atom.name) for atom in ENTITIES[entity].atoms])


def trace_of(entity: str, look: Look, shadow: Shadow) -> str:
    """Return what to remember of a look that was just settled into a shadow; empty where nothing may be.

    Not remembered is what was not taken in whole, and what waits for a mapping: today's may read it.
    """
    if not look.digest:
        return ""
    held = shadow.held
    if held is not look.fields and any(held.get(name) != wire for name, wire in look.fields.items()):
        return ""
    marks = "" if "name" in look.fields else NAMELESS
    if shadow.blocked:
        keys = [key for name, key in shadow.blocked.items() if name in look.fields]
        for key in keys:
            if not key.startswith("bind:"):
                return ""
        marks += _WAITS if keys else ""
    return f"{look.digest}{marks} {_letters(entity, (*look.fields, *look.whole))}"


def remembered(traces: str, digest: str) -> str:
    """Return the trace with this digest, its marks behind the digest; empty where there is none."""
    if traces.startswith(digest):
        return traces.partition(";")[0]
    return next((trace for trace in traces.split(";") if trace.startswith(digest)), "")


def waits(trace: str) -> bool:
    """Tell whether the look a trace stands for waits for a partner."""
    return trace.partition(" ")[0].endswith(_WAITS)


def families_of(entity: str, trace: str) -> frozenset[str]:
    """Return the families of atoms the look asserted."""
    return _families(entity, trace.partition(" ")[2])


def added(entity: str, traces: str, new: str, before: Shadow | None, after: Shadow) -> str:
    """Return the traces with a new one on top; those that spoke of what has changed since are gone."""
    if not traces or before is None:
        return new
    changed = {
        family(name)
        for name in before.held.keys() | after.held.keys()
        if before.held.get(name) != after.held.get(name)
    }
    told = families_of(entity, new)
    kept = [
        trace
        for trace in traces.split(";")
        if changed.isdisjoint(families_of(entity, trace)) and told != families_of(entity, trace)
    ]
    return ";".join([new, *kept][:_MOST]) if new else ";".join(kept)


@lru_cache(maxsize=4096)
def _letters(entity: str, names: tuple[str, ...]) -> str:
    shown = set(map(family, names))
    return "".join([chr(_FIRST + place) for place, each in enumerate(spelling(entity)) if each in shown])


@lru_cache(maxsize=4096)
def _families(entity: str, letters: str) -> frozenset[str]:
    known = spelling(entity)
    return frozenset([known[ord(letter) - _FIRST] for letter in letters])
