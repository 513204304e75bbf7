"""The calls that write prices and quantities, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from obmen.connectors.bitrix.client import Command
from obmen.connectors.bitrix.connector.job import Call, Job
from obmen.model import Money
from obmen.sync.shadow import Wire


def price_calls(jobs: Sequence[Job], kinds: Mapping[str, int]) -> Iterator[Call]:
    """Write the prices that are due, each as a row of its own.

    Never `catalog.price.modify`: it first deletes every row it is not given, those of other price types included.
    """
    for job in jobs:
        if not job.open or job.ref is None:
            continue
        for atom, wire in job.due.items():
            family, _, key = atom.partition(".")
            if family != "prices" or key not in kinds:
                continue
            held = job.seen.prices.get(kinds[key]) if job.seen is not None else None
            command = _price_command(job.ref, kinds[key], held.id if held else None, wire)
            if command is not None:
                yield Call(job, frozenset({atom}), command)


def quantity_calls(jobs: Sequence[Job]) -> Iterator[Call]:
    """Put the quantity for sale in its place again: the exchange door sets it to the sum of the stores."""
    for job in jobs:
        wanted = job.step.fields.get("available")
        if wanted is None and "available" in job.step.held and job.seen is not None:
            wanted = job.seen.look.fields.get("available")
        if wanted is not None and job.ref is not None:
            method = "catalog.product.update" if job.bare else "catalog.product.offer.update"
            command = Command(method, {"id": job.ref, "fields": {"quantity": wanted}})
            yield Call(job, frozenset({"available"}), command)


def _price_command(ref: str, kind: int, row: int | None, wire: Wire) -> Command | None:
    if wire is None:
        return Command("catalog.price.delete", {"id": row}) if row is not None else None
    money = Money.parse(str(wire))
    fields = {"price": f"{money.amount:f}", "currency": money.currency}
    if row is not None:
        return Command("catalog.price.update", {"id": row, "fields": fields})
    return Command("catalog.price.add", {"fields": {"productId": ref, "catalogGroupId": kind, **fields}})
