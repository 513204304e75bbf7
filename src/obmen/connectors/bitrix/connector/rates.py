"""VAT of variants: an offer has a rate of its own, and one without a rate is sold without VAT."""

from __future__ import annotations

from collections.abc import Sequence

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import BATCH, Command, Rest, sliced
from obmen.connectors.bitrix.connector.job import Call, Job
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.mapping.rows import is_parent, parent_of
from obmen.connectors.bitrix.mapping.shop import Shop
from obmen.connectors.bitrix.mapping.writes import rest_fields
from obmen.connectors.bitrix.settings import Settings
from obmen.errors import Rejected


async def rates_of_parents(reader: Reader, creates: Sequence[Job], shop: Shop) -> dict[str, int]:
    """Return the VAT ids of the products of new offers."""
    refs = {str(job.step.fields["product"]) for job in creates if job.step.fields.get("product")}
    parents = await reader.seen("product", sorted(refs), shop) if refs else {}
    return {ref: rate for ref, seen in parents.items() if (rate := wire.whole(seen.row.get("vatId")))}


async def rate_calls(rest: Rest, jobs: Sequence[Job], shop: Shop, settings: Settings) -> list[Call]:
    """Return the calls that give the variants of products the rate their products are about to get.

    They come before the products: whatever is cut short leaves the product's rate due, and so all of this again.
    """
    due: dict[str, tuple[Job, int]] = {}
    for job in jobs:
        if job.open and job.ref and job.seen and "vat" in job.due and is_parent(job.seen.row):
            try:
                fields = rest_fields({"vat": job.due["vat"]}, entity="product", shop=shop, settings=settings)
            except Rejected:  # told of where the product itself is written
                continue
            due[job.ref] = (job, wire.whole(fields.get("vatId")))
    if not due or shop.offers is None:
        return []
    select = ["id", "iblockId", "vatId", "parentId"]
    asks = [
        Command(
            "catalog.product.list",
            {
                "select": select,
                "filter": {"iblockId": shop.offers, "parentId": list(some)},
                "order": {"id": "asc"},
            },
        )
        for some in sliced(list(due), BATCH)
    ]
    calls: list[Call] = []
    for row in (row for reply in await rest.read(asks) for row in reply.rows):
        found = due.get(parent_of(row) or "")
        if found is not None and wire.whole(row.get("vatId")) != found[1]:
            fields = {"vatId": found[1] or ""}
            command = Command("catalog.product.offer.update", {"id": row.get("id"), "fields": fields})
            calls.append(Call(found[0], frozenset({"vat"}), command))
    return calls
