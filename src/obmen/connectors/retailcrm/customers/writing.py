"""Writing customers: new cards together with those of orders under way, changes one by one, all read back.

    new:     who may be the same person, one after the other ─> found meanwhile? left as it is, looked at again
                                                             └> made, fifty in a call
    changed: what the step names, and nothing else

A card bears an external id from its first moment, so that one whose answer was lost is found by it.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.contract import Done, Missing, Outcome, Refused, Step, Unknown
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import NOT_FOUND, Api
from obmen.connectors.retailcrm.custom import custom_fields, left_out
from obmen.connectors.retailcrm.customers.body import customer_body, is_nobody
from obmen.connectors.retailcrm.customers.buyers import Buyers
from obmen.connectors.retailcrm.customers.cards import person_in
from obmen.connectors.retailcrm.customers.reading import CustomerReader
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.history import Row
from obmen.connectors.retailcrm.work import Work, bearers
from obmen.errors import ObmenError, Rejected

MEANWHILE = "retailcrm.customer_meanwhile"


class CustomerWriter:
    """Writes customers of one account."""

    def __init__(
        self,
        *,
        api: Api,
        acquaintance: Acquaintance,
        reader: CustomerReader,
        settings: CustomerSettings,
        site: str,
        shops: frozenset[str],
        buyers: Buyers,
    ) -> None:
        """`site` is the shop new cards are put into."""
        self._api = api
        self._acquaintance = acquaintance
        self._reader = reader
        self._settings = settings
        self._site = site
        self._shops = sorted(shops)
        self._buyers = buyers

    async def push(self, steps: Sequence[Step]) -> list[Outcome]:
        """Write cards; each has its own outcome. Answers may take seconds, so what does not touch goes side by side.

        Raises what befell the account as a whole before anything was written.
        """
        work = Work(self._reader)
        account = await self._acquaintance.account()
        await self._create_all(work, [step for step in steps if step.ref is None], account)
        changes = [step for step in steps if step.ref is not None]
        rows = await work.held(changes)
        there = [(step, row) for step in changes if (row := rows.get(str(step.ref))) is not None]
        await gather(*(self._change(work, step, row, account) for step, row in there))
        work.raise_shut()
        return await work.told(steps, lambda step, card: self._done(work, step, card, account))

    async def find(self, steps: Sequence[Step]) -> dict[int, list[str]]:
        """Return the refs of cards that bear a step's external id or mark, else of those that may be its person's."""
        account = await self._acquaintance.account()
        rows = await bearers(self._reader, steps)
        found = {record: [str(row["id"]) for row in some] for record, some in rows.items()}
        sought = [(step, self._new(step, account)) for step in steps if not found[step.record]]
        people = {person_in(body) for _, body in sought}
        if people:
            await gather(*(self._buyers.expect(people, site=shop) for shop in self._shops))
        alike = await gather(*(self._alike(body) for _, body in sought))
        return found | {step.record: refs for (step, _), refs in zip(sought, alike, strict=True)}

    async def _alike(self, body: Mapping[str, Any]) -> list[str]:
        cards = await gather(*(self._buyers.known(body, site=shop) for shop in self._shops))
        return [str(row["id"]) for some in cards for row in some]

    # --- new cards ------------------------------------------------------------------------------------------------

    def _new(self, step: Step, account: Account) -> dict[str, Any]:
        return customer_body(step, None, settings=self._settings, account=account)

    async def _create_all(self, work: Work, steps: Sequence[Step], account: Account) -> None:
        bodies = [(step, self._new(step, account)) for step in steps]
        named = [(step, body) for step, body in bodies if not is_nobody(body)]
        for step, body in bodies:
            if is_nobody(body):
                work.outcomes[step.record] = _nobody(step)
        if not named:
            return
        try:
            await self._buyers.expect({person_in(body) for _, body in named}, site=self._site)
        except ObmenError as error:
            for step, _ in named:
                work.fail(step, error, untouched=True)
            return
        await gather(*(self._create(work, step, body, account) for step, body in named))

    async def _create(self, work: Work, step: Step, body: dict[str, Any], account: Account) -> None:
        try:
            made = await self._buyers.make(body, site=self._site)
        except Rejected as error:
            # One of that id may be there: an answer was lost, or somebody else was quicker.
            there = await self._is_there(work, step)
            if there:
                work.outcomes[step.record] = Unknown(record=step.record, code=error.code, text=error.en)
            elif there is not None:
                work.fail(step, error)
        except ObmenError as error:
            work.fail(step, error)
        else:
            work.doubt(step, made.doubt, self._left_out(step, account))
            if made.made:
                work.land(step, str(made.id))
            else:
                text = f"The card {made.id} may be theirs: an order has made it meanwhile, or somebody there."
                work.outcomes[step.record] = Unknown(record=step.record, code=MEANWHILE, text=text)

    async def _is_there(self, work: Work, step: Step) -> bool | None:
        try:
            return bool(await self._reader.by_external_ids([step.external_code]))
        except ObmenError as error:
            work.fail(step, error, untouched=True)
            return None

    # --- changes --------------------------------------------------------------------------------------------------

    async def _change(self, work: Work, step: Step, row: dict[str, Any], account: Account) -> None:
        body = customer_body(step, row, settings=self._settings, account=account)
        ref = str(row["id"])
        work.doubt(step, self._left_out(step, account))
        try:
            if body:
                await self._api.post(f"customers/{ref}/edit", by="id", site=row.get("site"), customer=body)
        except Rejected as error:
            if error.code == NOT_FOUND:
                work.outcomes[step.record] = Missing(record=step.record)
            else:
                work.fail(step, error)
        except ObmenError as error:
            work.fail(step, error)
        else:
            work.land(step, ref)

    def _left_out(self, step: Step, account: Account) -> Any:
        _, unfit = custom_fields(step.fields, self._settings.fields, account.customer_fields, account.zone)
        return left_out(unfit, "customers.fields", "the customer", "клиент передан")

    # --- what came of it ------------------------------------------------------------------------------------------

    def _done(self, work: Work, step: Step, card: Row, account: Account) -> Done:
        self._buyers.learn(card)
        returned = dict(self._reader.look(card, account).fields)
        doubts = tuple(work.doubts.get(step.record, ()))
        return Done(record=step.record, ref=work.landed[step.record], returned=returned, doubts=doubts)


def _nobody(step: Step) -> Refused:
    return Refused(
        record=step.record,
        code="retailcrm.nobody",
        en="There is neither a name nor a phone nor an e-mail: nobody could be known by such a card. Fill in one of them.",
        ru="Нет ни имени, ни телефона, ни почты: по такой карточке никого не узнать. Заполните хоть что-то из этого.",
    )
