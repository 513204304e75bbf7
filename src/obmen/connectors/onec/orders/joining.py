"""Completing what a document shows of an order with what stands in 1C already. Pure.

1C sends a part of a split order without the others, somebody else's payment without all that was said of it, and in old
schemas no payment at all, only that the order is paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obmen.connectors.onec.orders import splitting
from obmen.model import decimal, plain, table
from obmen.sync.shadow import Wire

_BASED = frozenset({"payments", "shipments", "returns"})


def join(connection: str, atom: str, shown: Wire, held: Mapping[str, Wire]) -> Wire:
    """Return what is shown of an atom, completed; `held` is everything that stands there."""
    stands = held.get(atom)
    if isinstance(stands, dict) and isinstance(shown, dict):
        if "fault" in shown:
            return {**stands, **shown}
        if _is_others(connection, atom):
            return _completed(shown, stands)
    if atom.startswith("payments.") and isinstance(shown, dict) and not {"operation", "fault"} & shown.keys():
        return _rest_of(connection, shown, held)
    return splitting.join(atom, shown, stands, parts=table(held.get("money")).get("parts") or ())


def _rest_of(connection: str, shown: Mapping[str, Any], held: Mapping[str, Wire]) -> Wire:
    """Return what an order that calls itself paid says: what others have not paid, the way they were to.

    Old schemas tell no payments, only that the order is paid; of money 1C was told of that is no second payment.
    """
    others = [
        wire
        for name, wire in held.items()
        if name.startswith("payments.") and isinstance(wire, dict) and _is_others(connection, name)
    ]
    made = [one for one in others if one.get("paid") is True and one.get("refund") is not True]
    rest = decimal(str(shown.get("sum") or "0")) - sum(decimal(str(one.get("sum") or "0")) for one in made)
    if made and rest <= 0:
        return None
    ways = (one["operation"] for one in others if one.get("operation") and one not in made)
    way = next(ways, made[0].get("operation") if made else None)
    return {**shown, "sum": plain(rest), **({"operation": way} if way else {})}


def _is_others(connection: str, atom: str) -> bool:
    """Tell whether this is a payment, shipment or return that was not made in this 1C."""
    family, _, member = atom.partition(".")
    return family in _BASED and not member.startswith(f"{connection}-")


def _completed(shown: Mapping[str, Any], held: Mapping[str, Any]) -> Wire:
    known: dict[Any, list[Any]] = {}
    for row in held.get("lines") or ():
        known.setdefault(row.get("offer"), []).append(row)
    said = {key: value for key, value in shown.items() if value is not None}
    whole: dict[str, Any] = {**{key: value for key, value in held.items() if key != "fault"}, **said}
    if "lines" in said:
        whole["lines"] = [
            {**(rows.pop(0) if (rows := known.get(row.get("offer"))) else {}), **row} for row in said["lines"]
        ]
    return whole
