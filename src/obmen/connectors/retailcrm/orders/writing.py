"""Writing orders: new ones in packs of fifty by shop, changes one by one; what stands there afterwards is read back.

    new:     buyer ─> pack ─> (460: each that failed, alone) ─> as the answer shows it
    changed: head and lines ─> payments ─> read back, all at once

An order bears its external id from its first moment, so that one whose answer was lost is found by it. A pack that
failed in part does not say which error is whose: each of its failures is tried alone and gets its own words.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Done, Doubt, Outcome, Step, Unknown
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api, sliced
from obmen.connectors.retailcrm.custom import custom_fields, left_out
from obmen.connectors.retailcrm.customers.buyers import Buyer, Buyers
from obmen.connectors.retailcrm.customers.cards import Person, person_of
from obmen.connectors.retailcrm.customers.firms import Firms
from obmen.connectors.retailcrm.history import Row
from obmen.connectors.retailcrm.orders.body import order_body, site_of
from obmen.connectors.retailcrm.orders.doubts import carried, money_differs, spared, unfit
from obmen.connectors.retailcrm.orders.payments import payment_calls
from obmen.connectors.retailcrm.orders.reading import OrderReader
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.work import Work, bearers
from obmen.errors import AuthFailed, ConfigError, ObmenError, Rejected, Transient, UnknownOutcome

PACK = 50
"""Orders in one upload."""


class OrderWriter:
    """Writes orders of one account."""

    def __init__(
        self,
        *,
        api: Api,
        acquaintance: Acquaintance,
        reader: OrderReader,
        connection: str,
        settings: OrderSettings,
        site: str,
        offers_by: str,
        buyers: Buyers,
        firms: Firms,
    ) -> None:
        self._api = api
        self._buyers = buyers
        self._acquaintance = acquaintance
        self._reader = reader
        self._connection = connection
        self._settings = settings
        self._site = site
        self._offers_by = offers_by
        self._firms = firms

    async def push(self, steps: Sequence[Step]) -> list[Outcome]:
        """Write orders; each has its own outcome. Answers may take seconds, so what does not touch goes side by side.

        Raises what befell the account as a whole before anything was written.
        """
        work = Work(self._reader)
        account = await self._acquaintance.account()
        for site, some in _by_site([step for step in steps if step.ref is None], self._site).items():
            for pack in sliced(some, PACK):
                await self._create(work, site, pack, account)
        changes = [step for step in steps if step.ref is not None]
        rows = await work.held(changes)
        there = [(step, row) for step in changes if (row := rows.get(str(step.ref))) is not None]
        await gather(*(self._change(work, step, row, account) for step, row in there))
        work.raise_shut()
        return await work.told(steps, lambda step, row: self._done(work, step, row, account))

    async def find(self, steps: Sequence[Step]) -> dict[int, list[str]]:
        """Return the refs of orders that bear a step's external id or mark, in its shop where that is known.

        Their buyers are asked about meanwhile: what is not found will be made.
        """
        asked = [
            self._buyers.expect(self._strangers(some), site=site)
            for site, some in _by_site(steps, self._site).items()
        ]
        found, _ = await gather(self._found(steps), gather(*asked))
        return found

    async def _found(self, steps: Sequence[Step]) -> dict[int, list[str]]:
        rows = await bearers(self._reader, steps)
        return {
            step.record: [
                str(row["id"])
                for row in rows[step.record]
                if row.get("site") == site_of(step, str(row.get("site")))
            ]
            for step in steps
        }

    # --- new orders -----------------------------------------------------------------------------------------------

    async def _create(self, work: Work, site: str, steps: Sequence[Step], account: Account) -> None:
        bodies: dict[str, dict[str, Any]] = {}
        by_id: dict[str, Step] = {}
        try:
            await self._buyers.expect(self._strangers(steps), site=site)
        except ObmenError as error:
            for step in steps:
                work.fail(step, error, untouched=True)
            return
        orders = await gather(*(self._new(work, step, site, account) for step in steps))
        for step, body in zip(steps, orders, strict=True):
            if body is not None:
                bodies[step.external_code], by_id[step.external_code] = body, step
        if len(bodies) == 1:
            ((key, body),) = bodies.items()
            await self._create_alone(work, site, by_id[key], body, account)
        elif bodies:
            await self._upload(work, site, by_id, bodies, account)

    def _known(self, step: Step) -> tuple[dict[str, Any], str]:
        """Return the contact of an order, and the buyer's id in the shop where it says one."""
        known = step.fields.get(self._settings.customer_id) if self._settings.customer_id else None
        return wire.table(step.fields.get("contact")), str(known or "")

    def _strangers(self, steps: Sequence[Step]) -> set[Person]:
        """Return the buyers who have to be recognised: those whose card is not named."""
        return {person_of(*self._known(step)) for step in steps if step.fields.get("buyer") is None}

    async def _new(self, work: Work, step: Step, site: str, account: Account) -> dict[str, Any] | None:
        """Return the order a step makes, with its buyer; None where the buyer could not be settled now."""
        contact, known_as = self._known(step)
        try:
            card = wire.text(step.fields.get("buyer"))
            buyer = Buyer(int(card)) if card else await self._buyers.of(contact, site=site, known_as=known_as)
            firm = await self._firms.of(contact, buyer.id, site=site) if self._settings.corporate else None
        except (Transient, UnknownOutcome, Rejected, AuthFailed, ConfigError) as error:
            work.fail(step, error, untouched=True)
            return None
        work.doubt(step, buyer.doubt, firm.doubt if firm else None, *self._unfit(step, account))
        body = order_body(step, None, settings=self._settings, account=account, offers_by=self._offers_by)
        if firm is not None:
            return {**body, **firm.parties(buyer.id)}
        return body if buyer.id is None else {**body, "customer": {"id": buyer.id}}

    def _unfit(self, step: Step, account: Account) -> tuple[Doubt | None, ...]:
        """Tell what of an order the account would refuse, and so is not sent."""
        _, unfit_fields = custom_fields(step.fields, self._settings.fields, account.fields, account.zone)
        left = left_out(unfit_fields, "orders.fields", "the order", "заказ передан")
        return unfit(wire.table(step.fields.get("contact"))), left

    async def _create_alone(
        self, work: Work, site: str, step: Step, body: dict[str, Any], account: Account, *, anew: bool = False
    ) -> None:
        try:
            reply = await self._api.post("orders/create", site=site, order=body)
        except Rejected as error:
            # One of that id may be there: an answer was lost, or somebody else was quicker.
            there = await self._is_there(work, step)
            if there:
                work.outcomes[step.record] = Unknown(record=step.record, code=error.code, text=error.en)
            elif there is not None and anew:
                work.fail(step, error)
            elif there is not None:
                # The buyer's card we believed in may have been combined with another meanwhile.
                self._buyers.forget(site)
                other = await self._new(work, _unnamed(step), site, account)
                if other is not None and other.get("customer") != body.get("customer"):
                    await self._create_alone(work, site, step, other, account, anew=True)
                elif other is not None:
                    work.fail(step, error)
        except ObmenError as error:
            work.fail(step, error)
        else:
            ref = wire.text(reply.body.get("id"))
            if ref is None:
                work.outcomes[step.record] = Unknown(
                    record=step.record,
                    code="retailcrm.shape",
                    text="The answer names no id of the new order.",
                )
                return
            work.land(step, ref)
            work.shown |= _whole([wire.table(reply.body.get("order"))])

    async def _is_there(self, work: Work, step: Step) -> bool | None:
        try:
            return bool((await self._found([step]))[step.record])
        except ObmenError as error:
            work.fail(step, error, untouched=True)
            return None

    async def _upload(
        self,
        work: Work,
        site: str,
        steps: Mapping[str, Step],
        bodies: Mapping[str, dict[str, Any]],
        account: Account,
    ) -> None:
        try:
            reply = await self._api.post("orders/upload", site=site, orders=list(bodies.values()))
        except Rejected:
            left = list(bodies)  # the pack as a whole was of a wrong form: whose, each shows alone
        except ObmenError as error:
            for step in steps.values():
                work.fail(step, error)
            return
        else:
            made = {
                str(each.get("externalId")): ref
                for each in wire.rows(reply.body.get("uploadedOrders"))
                if (ref := wire.text(each.get("id"))) is not None
            }
            for key, ref in made.items():
                if key in steps:
                    work.land(steps[key], ref)
            work.shown |= _whole(wire.rows(reply.body.get("orders")))
            left = [key for key in bodies if key not in made]
        await gather(*(self._create_alone(work, site, steps[key], bodies[key], account) for key in left))

    # --- changes --------------------------------------------------------------------------------------------------

    async def _change(self, work: Work, step: Step, row: dict[str, Any], account: Account) -> None:
        body = order_body(step, row, settings=self._settings, account=account, offers_by=self._offers_by)
        ref, site = str(row["id"]), row.get("site")
        work.doubt(step, *self._unfit(step, account))
        if wire.code(wire.table(row.get("delivery")).get("code")) in account.carriers:
            kept = spared(body, row)
            if kept:
                work.doubt(step, carried(kept))
        try:
            if body:
                await self._api.post(f"orders/{ref}/edit", by="id", site=site, order=body)
                work.land(step, ref)
            for name, value in step.fields.items():
                family, _, key = name.partition(".")
                if family == "payments":
                    calls = payment_calls(
                        row,
                        key,
                        value,
                        connection=self._connection,
                        settings=self._settings,
                        account=account,
                    )
                    for call in calls:
                        await self._api.post(call.method, **call.fields)
                        work.land(step, ref)
        except ObmenError as error:
            work.fail(step, error)
        else:
            work.land(step, ref)

    # --- what came of it ------------------------------------------------------------------------------------------

    def _done(self, work: Work, step: Step, row: Row, account: Account) -> Done:
        returned = dict(self._reader.look(row, account).fields)
        if step.fields.get("buyer") is None:
            # Whom we found is no default: the next reading says who it is.
            returned.pop("buyer", None)
        differs = money_differs(step, returned)
        doubts = (*work.doubts.get(step.record, ()), *((differs,) if differs else ()))
        return Done(record=step.record, ref=work.landed[step.record], returned=returned, doubts=doubts)


def _whole(rows: Sequence[Row]) -> dict[str, Row]:
    """Return the orders that an answer shows in full, by ref."""
    return {str(row["id"]): row for row in rows if "id" in row and "items" in row}


def _unnamed(step: Step) -> Step:
    """Return a step that does not name the card of its buyer."""
    fields = {name: value for name, value in step.fields.items() if name != "buyer"}
    return msgspec.structs.replace(step, fields=fields)


def _by_site(steps: Sequence[Step], usual: str) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(site_of(step, usual), []).append(step)
    return found
