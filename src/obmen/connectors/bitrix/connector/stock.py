"""Stock by warehouse through the exchange door: the one way that works whatever the shop's inventory control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from obmen.connectors.bitrix.connector.job import Job
from obmen.connectors.bitrix.door_client import DoorClient
from obmen.connectors.bitrix.mapping.shop import Shop
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.bitrix.wire import Rest, rests_file
from obmen.errors import ObmenError, Rejected


class StockDoor:
    """Writes rests, one exchange at a time: the shop has one folder and one table for all of them."""

    def __init__(self, *, door: DoorClient, settings: Settings, now: Callable[[], float]) -> None:
        self._door = door
        self._settings = settings
        self._now = now
        self._lock = asyncio.Lock()

    async def write(self, jobs: Sequence[Job], shop: Shop) -> list[Job]:
        """Send the rests that are due and return whose they were.

        Whether they arrived is told by what is read back, not by the answer.
        """
        due = [(job, rest) for job in jobs if (rest := self._rest_of(job, shop)) is not None]
        if not due:
            return []
        package = self._settings.offers_xml_id or self._settings.catalog_xml_id
        content = rests_file(
            [rest for _, rest in due],
            package=package,
            catalog=self._settings.catalog_xml_id,
            formed_at=datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        )
        try:
            async with self._lock:
                await self._door.import_catalog("rests.xml", content)
        except ObmenError as exc:
            for job, _ in due:
                job.fail(exc)
            return []
        for job, _ in due:
            job.landed = True
            job.refuse(self._atoms(job), _passed_over())  # dropped when the read-back shows the amounts
        return [job for job, _ in due]

    def _atoms(self, job: Job) -> list[str]:
        families = {"stock", "available"} if not self._settings.stores else {"stock"}
        return [atom for atom in job.due if atom.partition(".")[0] in families]

    def _rest_of(self, job: Job, shop: Shop) -> Rest | None:
        """Name every mapped store of the thing in one node: the total is counted over the stores named."""
        step = job.step
        xml_id = step.external_code
        if job.seen is not None:
            xml_id = job.seen.look.key("xml_id")
        if not xml_id:
            return None
        if not shop.stores:
            if shop.inventory and "available" in job.due:
                return Rest(xml_id, {"": str(job.due["available"] or "0")})
            return None
        if not any(atom.startswith("stock.") for atom in job.due):
            return None
        held = job.seen.look.fields if job.seen is not None else step.held
        wanted = {**held, **step.fields}
        return Rest(
            xml_id,
            {store.xml_id: str(wanted.get(f"stock.{key}") or "0") for key, store in shop.stores.items()},
        )


def _passed_over() -> Rejected:
    return Rejected(
        "bitrix.skipped",
        "the exchange door took the file, but the stock did not change there; "
        "check catalog_xml_id and offers_xml_id against the infoblocks",
        "обмен принял файл, но остаток не изменился; сверьте catalog_xml_id и offers_xml_id с инфоблоками",
    )
