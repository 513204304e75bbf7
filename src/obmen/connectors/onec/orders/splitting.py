"""One order as several documents: 1C keeps one warehouse, and in effect one VAT rule, per document.

The first document bears the order's own number, the others the number, `#` and what sets them apart: `17#НДС10`,
`17#lenina`. Which one is first follows from the lines alone: the highest rate; no warehouse, then by key.

A document shows its part of the order and nothing of the others, and 1C sends only documents that have changed. So a
look says of which parts it speaks (`parts`: part → total), and what stands there completes it (`join`). Its number,
state and cancellation are kept by part in the same way: the order is as far as its slowest part, and cancelled when
all its parts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from obmen.model import VAT_NONE, decimal, plain
from obmen.model.values import VAT_CALCULATED, VAT_RATES
from obmen.sync.shadow import Wire

Split: TypeAlias = Literal["", "vat", "warehouse"]
MARK = "#"
MAIN = ""
_RATES = {**{rate: f"НДС{rate}" for rate in (*VAT_RATES, *VAT_CALCULATED)}, VAT_NONE: "БезНДС"}
_PLACES = {name: place for place, name in enumerate(("НДС", *_RATES.values()))}
BY_PART = frozenset({"stage", "cancelled", "numbers"})
"""Atoms whose wire form may be a table by part."""


def traits_of(lines: Iterable[Mapping[str, Any]], split: Split) -> list[str]:
    """Return what sets the part of each canonical line apart; empty for a line that says nothing of it."""
    if split == "vat":
        return [_RATES.get(str(line.get("vat")), "") for line in lines]
    return [str(line.get("warehouse") or "") if split else "" for line in lines]


def parts_of(traits: Iterable[str], split: Split) -> dict[str, str]:
    """Return the name of the part for each of these traits; the first one's is empty."""
    found = set(traits)
    known = sorted(found - {""}, key=lambda trait: (_PLACES.get(trait, 0), trait))
    if not known or (split == "warehouse" and "" in found):
        return {"": MAIN, **{trait: trait for trait in known}}
    first, *others = known
    # A line without a rate goes with the first part.
    return {"": MAIN, first: MAIN, **{trait: trait for trait in others}}


def name_of(number: str, part: str) -> str:
    """Return the number a part's document bears."""
    return f"{number}{MARK}{part}" if part else number


def parse(name: str, split: Split) -> tuple[str, str]:
    """Return the order's number, and the part of it a document speaks of."""
    number, mark, part = name.rpartition(MARK)
    if not split or not mark or not number or not part:
        return name, MAIN
    if split == "vat" and part not in _PLACES:
        return name, MAIN
    return number, part


# --- joining what documents show ------------------------------------------------------------------------------------


def join(atom: str, shown: Wire, held: Wire, *, parts: Iterable[str] = ()) -> Wire:
    """Return what a look of some parts shows, completed with what stands there of the others.

    A part nobody has spoken of yet is as far as the order was; `parts` names those there are.
    """
    family = atom.partition(".")[0]
    if family == "money":
        return _money(shown, held)
    if family not in BY_PART or not isinstance(shown, dict):
        return shown
    if not isinstance(held, dict):
        held = dict.fromkeys((MAIN, *parts) if family != "numbers" else (MAIN,), held)
    return {**held, **shown}


def _money(shown: Wire, held: Wire) -> Wire:
    if not isinstance(shown, dict) or not isinstance(held, dict) or "parts" not in shown:
        return shown
    return _joined(shown, held)


def _joined(shown: Mapping[str, Any], held: Mapping[str, Any]) -> Wire:
    told: dict[str, str] = shown["parts"]
    before: dict[str, str] = held.get("parts") or {MAIN: str(held.get("total") or "0")}
    parts = {**before, **told}
    kept = [row for row in held.get("lines") or () if str(row.get("part") or MAIN) not in told]
    dead = {part for part in held.get("dead") or () if part not in told} | set(shown.get("dead") or ())
    joined: dict[str, Any] = {
        **shown,
        "lines": sorted([*kept, *(shown.get("lines") or ())], key=lambda row: str(row.get("part") or MAIN)),
        "parts": parts,
        "dead": sorted(dead),
        "total": plain(sum((decimal(total) for total in parts.values()), Decimal(0))),
    }
    if MAIN not in told:
        for key in ("delivery", "delivery_vat"):
            joined[key] = held.get(key)
    return joined


def living(wire: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Decimal | None]:
    """Return the rows and the total of an order without its cancelled parts; of a wholly cancelled one, everything."""
    rows: list[Mapping[str, Any]] = list(wire.get("lines") or ())
    parts: Mapping[str, str] = wire.get("parts") or {}
    dead = set(wire.get("dead") or ())
    if not dead or dead >= {part for part, total in parts.items() if decimal(total)}:
        total = wire.get("total")
        return rows, None if total is None else decimal(str(total))
    alive = [row for row in rows if str(row.get("part") or MAIN) not in dead]
    return alive, sum((decimal(total) for part, total in parts.items() if part not in dead), Decimal(0))


def of_part(wire: Wire, part: str) -> Wire:
    """Return what is known of one part, of an atom that may be kept by part."""
    if isinstance(wire, dict):
        return wire.get(part)
    return wire
