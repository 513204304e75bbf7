"""A batch of orders or customers on its way: what has landed, what befell the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Done, Doubt, Missing, Outcome, Refused, Step, Unknown, Unlanded
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.history import Row
from obmen.connectors.retailcrm.reading import Reader
from obmen.errors import AuthFailed, ConfigError, ObmenError, Rejected, Transient, UnknownOutcome


async def bearers(reader: Reader, steps: Sequence[Step]) -> dict[int, list[Row]]:
    """Read, per record, what bears its external id or its mark."""
    wanted = {step.record: step.external_codes for step in steps}
    rows = await reader.by_external_ids(sorted(frozenset().union(*wanted.values())))
    return {
        record: [row for row in rows if wire.text(row.get("externalId")) in ids]
        for record, ids in wanted.items()
    }


class Work:
    """What has been written of a batch, and what befell the rest."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.outcomes: dict[int, Outcome] = {}
        self.landed: dict[int, str] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        """What the answer to its making showed whole, by ref."""
        self.doubts: dict[int, list[Doubt]] = {}
        self._shut: AuthFailed | ConfigError | None = None

    def land(self, step: Step, ref: str) -> None:
        """Note that a write of this one was answered."""
        self.landed[step.record] = ref

    def doubt(self, step: Step, *doubts: Doubt | None) -> None:
        """Note what a person should know of it, if anything."""
        told = self.doubts.setdefault(step.record, [])
        told += [doubt for doubt in doubts if doubt is not None and doubt not in told]

    def fail(self, step: Step, error: ObmenError, *, untouched: bool = False) -> None:
        """Note what befell one; `untouched`: nothing of it had been sent yet."""
        record, in_part = step.record, step.record in self.landed
        if isinstance(error, AuthFailed | ConfigError):
            self._shut = error
        if isinstance(error, UnknownOutcome) and not untouched:
            self.outcomes[record] = Unknown(record=record, code=error.code, text=error.en)
        elif isinstance(error, Rejected):
            self.outcomes[record] = Refused(record=record, code=error.code, en=error.en, ru=error.ru)
        elif in_part:
            text = f"Written in part, then: {error.en}"
            self.outcomes[record] = Unknown(record=record, code=error.code, text=text)
        else:
            wait = error.retry_after_s if isinstance(error, Transient) else None
            self.outcomes[record] = Unlanded(
                record=record, code=error.code, text=error.en, retry_after_s=wait
            )

    def outcome(self, step: Step) -> Outcome | None:
        """Return what befell one, with what a person should know of it; None where it has landed whole."""
        outcome, doubts = self.outcomes.get(step.record), tuple(self.doubts.get(step.record, ()))
        if isinstance(outcome, Unknown | Unlanded) and doubts:
            return msgspec.structs.replace(outcome, doubts=doubts)
        return outcome

    def raise_shut(self) -> None:
        """Raise what keeps us out, where nothing of the batch was or may have been written."""
        may_stand = any(isinstance(outcome, Unknown) for outcome in self.outcomes.values())
        if self._shut is not None and not self.landed and not may_stand:
            raise self._shut

    async def held(self, steps: Sequence[Step]) -> dict[str, Row]:
        """Read what is about to be changed.

        Raises what befell the account as a whole while nothing of the batch has been written.
        """
        if not steps:
            return {}
        try:
            rows = await self._reader.rows([str(step.ref) for step in steps])
        except ObmenError as error:
            if not self.outcomes and not self.landed:
                raise
            for step in steps:
                self.fail(step, error, untouched=True)
            return {}
        for step in steps:
            if str(step.ref) not in rows:
                self.outcomes[step.record] = Missing(record=step.record)
        return rows

    async def told(self, steps: Sequence[Step], done: Callable[[Step, Row], Done]) -> list[Outcome]:
        """Read back what has landed, and tell of every step what came of it; `done` tells of one that stands there."""
        landed = {number: ref for number, ref in self.landed.items() if number not in self.outcomes}
        rows: dict[str, Row] = {}
        error: ObmenError | None = None
        try:
            unseen = [ref for ref in landed.values() if ref not in self.shown]
            rows = self.shown | await self._reader.rows(unseen)
        except ObmenError as exc:
            error = exc
        outcomes: list[Outcome] = []
        for step in steps:
            if (outcome := self.outcome(step)) is not None:
                outcomes.append(outcome)
            elif error is not None:
                text = f"Written, not read back: {error.en}"
                outcomes.append(Unknown(record=step.record, code=error.code, text=text))
            elif (row := rows.get(landed[step.record])) is None:
                outcomes.append(Missing(record=step.record))
            else:
                outcomes.append(done(step, row))
        return outcomes
