"""Writing steps: read what stands there, write only what differs, row by row, and read back.

A crash anywhere in between leaves a difference that the next comparison finds: nothing here rests on its own memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obmen.connectors.bitrix.client import BATCH, Command, Reply, Rest, portions, sliced
from obmen.connectors.bitrix.connector.dictionaries import with_choices
from obmen.connectors.bitrix.connector.finding import Finder
from obmen.connectors.bitrix.connector.job import Call, Job
from obmen.connectors.bitrix.connector.pictures import PictureStore, Upload, picture_calls
from obmen.connectors.bitrix.connector.rates import rate_calls, rates_of_parents
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.connector.stock import StockDoor
from obmen.connectors.bitrix.connector.trade import price_calls, quantity_calls
from obmen.connectors.bitrix.mapping.rows import is_parent
from obmen.connectors.bitrix.mapping.shop import Shop
from obmen.connectors.bitrix.mapping.writes import SIZES, missing_choices, rest_fields
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.bitrix.wire import whole
from obmen.connectors.contract import Outcome, Step
from obmen.errors import AuthFailed, ConfigError, ObmenError, Rejected

_ADD = {
    "category": "catalog.section.add",
    "product": "catalog.product.add",
    "offer": "catalog.product.offer.add",
}
_UPDATE = {
    "category": "catalog.section.update",
    "product": "catalog.product.update",
    "offer": "catalog.product.offer.update",
}


class Writer:
    """The steps of one push, all of one entity."""

    def __init__(
        self,
        *,
        rest: Rest,
        reader: Reader,
        finder: Finder,
        settings: Settings,
        pictures: PictureStore,
        stock: StockDoor | None,
        keep_shop: Callable[[Shop], None],
    ) -> None:
        self._rest = rest
        self._reader = reader
        self._finder = finder
        self._settings = settings
        self._pictures = pictures
        self._stock = stock
        self._keep_shop = keep_shop

    async def push(self, steps: Sequence[Step], shop: Shop) -> list[Outcome]:
        """Write steps and return what became of each.

        Raises `AuthFailed` or `ConfigError` when nothing at all was written and that is why.
        """
        entity = steps[0].entity
        jobs = [Job(step) for step in steps]
        await self._meet(entity, jobs, shop)
        shop = await self._add_choices(entity, jobs, shop)
        await self._elements(entity, jobs, shop)
        if entity == "product":
            for job in jobs:
                await self._job_pictures(job)
        if entity == "offer":
            await self._run(list(price_calls(jobs, self._settings.prices)))
            if self._stock is not None:
                sent = await self._stock.write([job for job in jobs if job.open], shop)
                await self._run([] if shop.inventory else list(quantity_calls(sent)))
        _raise_common(jobs)
        returned = await self._read_back(entity, jobs, shop)
        return [job.settle(returned.get(job.ref or "")) for job in jobs]

    async def _meet(self, entity: str, jobs: Sequence[Job], shop: Shop) -> None:
        """Read what stands there. A bare offer is created upon the element of its product."""
        for job in jobs:
            if entity == "offer" and job.ref is None and not job.step.fields.get("characteristics"):
                job.bare = True
                job.ref = str(job.step.fields.get("product") or "") or None
        seen = await self._reader.seen(entity, [job.ref for job in jobs if job.ref], shop)
        for job in jobs:
            job.meet(seen.get(job.ref or ""))
            if entity == "offer":
                self._meet_offer(job, shop)
            elif job.ref is not None and job.seen is None:
                job.miss()

    def _meet_offer(self, job: Job, shop: Shop) -> None:
        if job.seen is not None:
            job.bare = job.seen.look.fields.get("product") == job.ref
        elif job.step.ref is not None:
            job.miss()
        elif job.bare:
            job.fail(_no_such_product(job))
        elif shop.offers is None:
            job.fail(_no_offers())
        if job.bare and job.step.fields.get("characteristics"):
            job.fail(_grew_characteristics())

    async def _add_choices(self, entity: str, jobs: Sequence[Job], shop: Shop) -> Shop:
        """Add the choices lists lack, where the settings let us; the same choice is added once."""
        if not self._settings.create_choices:
            return shop
        lacking = {
            (one.prop.id, one.value): one
            for job in jobs
            if not job.halted
            for one in missing_choices(job.due, entity=entity, shop=shop, settings=self._settings)
        }
        if not lacking:
            return shop
        for slice_ in sliced(list(lacking.values()), BATCH):
            await self._rest.batch(
                [
                    Command(
                        "catalog.productPropertyEnum.add",
                        {"fields": {"propertyId": one.prop.id, "value": one.value, "xmlId": one.xml_id}},
                    )
                    for one in slice_
                ],
                writes=True,
            )
        fresh = await with_choices(self._rest, shop, self._settings)
        self._keep_shop(fresh)
        return fresh

    async def _elements(self, entity: str, jobs: Sequence[Job], shop: Shop) -> None:
        """Add and update sections and elements."""
        if entity == "product":
            await self._run(await rate_calls(self._rest, jobs, shop, self._settings))
            for job in (job for job in jobs if job.refused):
                job.due.pop("vat", None)  # its variants have not followed: it stays due
        creates = [job for job in jobs if job.ref is None and not job.halted]
        codes = await self._finder.free_codes(entity, [job.step for job in creates], shop)
        rates = await rates_of_parents(self._reader, creates, shop) if entity == "offer" else {}
        calls = []
        for job in jobs:
            if job.halted:
                continue
            try:
                call = self._element_call(entity, job, shop, codes.get(job.step.record, ""), rates)
            except Rejected as exc:
                job.fail(exc)
                continue
            if call is not None:
                calls.append(call)
        await self._run(calls)
        refused = [job for job in creates if job.refused and not job.halted]
        if refused:  # the shop may have saved and then reported a warning as an error
            try:
                found = await self._finder.find(entity, [job.step for job in refused], shop)
            except ObmenError:
                found = {job.step.record: ["?"] for job in refused}
            for job in refused:
                job.landed = bool(found.get(job.step.record))

    def _element_call(
        self, entity: str, job: Job, shop: Shop, code: str, rates: Mapping[str, int]
    ) -> Call | None:
        due = dict(job.due)
        if shop.inventory or any(atom.startswith("stock.") for atom in due):
            due.pop("available", None)  # the door writes it, or overwrites it and it follows after
        if job.bare:
            due = {atom: wire for atom, wire in due.items() if atom == "available"}
        parent = job.seen is not None and is_parent(job.seen.row)
        if parent:
            due = {atom: wire for atom, wire in due.items() if atom not in SIZES}
        fields = rest_fields(due, entity=entity, shop=shop, settings=self._settings)
        if job.ref is None:
            rate = rates.get(str(job.step.fields.get("product") or ""))
            if rate is not None:
                fields.setdefault("vatId", rate)
            return Call(
                job,
                frozenset(due),
                Command(_ADD[entity], {"fields": self._born(entity, job, shop, fields, code)}),
                _born_as(job),
            )
        fields |= self._rekeyed(job)
        if not fields:
            return None
        method = "catalog.product.update" if job.bare else _UPDATE[entity]
        if parent and entity == "product":
            method = "catalog.product.sku.update"
        return Call(job, frozenset(due), Command(method, {"id": job.ref, "fields": fields}))

    def _born(self, entity: str, job: Job, shop: Shop, fields: dict[str, Any], code: str) -> dict[str, Any]:
        """Complete the fields of a new object: its infoblock, its external key, its symbolic code."""
        step = job.step
        born = {
            "iblockId": shop.offers if entity == "offer" else shop.catalog,
            "name": step.title or step.external_code,
            **fields,
            "xmlId": step.external_code,
        }
        if code:
            born["code"] = code
        if entity == "product" and self._settings.new_products == "hidden":
            born["active"] = "N"
        return born

    def _rekeyed(self, job: Job) -> dict[str, str]:
        """Put the 1C key in the place of our own mark, once 1C knows the thing."""
        step = job.step
        held = job.seen.look.key("xml_id") if job.seen is not None else None
        known = step.keys.get("xml_id")
        if job.bare or not known or held == known or job.seen is None:
            return {}
        return {"xmlId": known} if job.seen.look.mark is not None or held == step.mark else {}

    async def _job_pictures(self, job: Job) -> None:
        """Bring the gallery of one product in order, one call at a time: uploads are large."""
        if not job.open or job.ref is None or "pictures" not in job.due:
            return
        wanted = job.due["pictures"]
        held = job.seen.pictures if job.seen is not None else ()
        digests = [str(sha) for sha in wanted] if isinstance(wanted, list) else []
        for call in picture_calls(job.ref, held, digests, self._settings.first_picture):
            try:
                if isinstance(call, Upload):
                    reply = await self._upload(job.ref, call)
                    self._pictures.remember(whole(reply.row.get("id")), call.sha)
                else:
                    await self._rest.call(call.method, call.params, writes=True)
            except Rejected as exc:
                job.refuse({"pictures"}, exc)
                return
            except ObmenError as exc:
                job.fail(exc)
                return
            job.landed = True

    async def _upload(self, ref: str, upload: Upload) -> Reply:
        try:
            content = self._pictures.content(upload.sha)
        except FileNotFoundError:
            raise Rejected(
                "bitrix.no_picture",
                f"the bytes of picture {upload.sha[:12]} are not in the hub",
                f"в хабе нет файла картинки {upload.sha[:12]}",
            ) from None
        return await self._rest.call(
            "catalog.productImage.add",
            {"fields": {"productId": int(ref), "type": upload.kind}, "fileContent": content},
            writes=True,
        )

    async def _run(self, calls: Sequence[Call]) -> None:
        """Send writing commands, many at a time; each tells its own job what came of it."""
        for slice_ in portions(calls, lambda call: call.command, count=self._settings.batch):
            going = [call for call in slice_ if not call.job.halted]
            try:
                replies = (
                    await self._rest.batch([call.command for call in going], writes=True) if going else []
                )
            except ObmenError as exc:
                for call in going:
                    call.job.fail(exc)
                continue
            for call, reply in zip(going, replies, strict=True):
                call.close(reply)

    async def _read_back(self, entity: str, jobs: Sequence[Job], shop: Shop) -> dict[str, Any]:
        """Return the objects as they stand now. Where that cannot be read, what was accepted has to do."""
        returned = {job.ref: job.seen.look.fields for job in jobs if job.ref and job.seen is not None}
        touched = [job.ref for job in jobs if job.ref and (job.landed or job.refused)]
        if touched:
            for ref in touched:
                returned.pop(ref, None)
            try:
                seen = await self._reader.seen(entity, touched, shop)
            except ObmenError:
                return returned
            returned |= {ref: one.look.fields for ref, one in seen.items()}
        return returned


def _born_as(job: Job) -> Callable[[Reply], None]:
    def keep(reply: Reply) -> None:
        job.ref = str(whole(reply.row.get("id"))) if reply.row.get("id") else None

    return keep


def _raise_common(jobs: Sequence[Job]) -> None:
    """Raise what a person must mend when it stopped the push before anything was written."""
    if any(job.landed for job in jobs):
        return
    for job in jobs:
        if isinstance(job.failure, AuthFailed | ConfigError):
            raise job.failure


def _no_such_product(job: Job) -> Rejected:
    ref = job.step.fields.get("product")
    return Rejected(
        "bitrix.no_product",
        f"product {ref} is not in the shop, or is sold by its offers and has no price of its own",
        f"товара {ref} нет в магазине, или он продаётся предложениями и своей цены не имеет",
    )


def _no_offers() -> Rejected:
    return Rejected(
        "bitrix.no_offers",
        "the shop has no infoblock of offers: make one in the settings of the trade catalogue",
        "в магазине нет инфоблока предложений: заведите его в настройках торгового каталога",
    )


def _grew_characteristics() -> Rejected:
    return Rejected(
        "bitrix.bare",
        "this is the offer of a product sold as it is; with characteristics it must become an offer of its own",
        "это предложение товара без характеристик; с характеристиками ему нужно стать отдельным предложением",
    )
