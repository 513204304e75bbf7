"""A batch of orders or customers on its way: what has landed, what befell the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Doubt, Outcome, Refused, Step, Unknown, Unlanded
from obmen.errors import AuthFailed, ConfigError, ObmenError, Rejected, Transient, UnknownOutcome


class Work:
    """What has been written of a batch, and what befell the rest."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.landed: dict[int, str] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        """What the answer to its making showed whole, by ref."""
        self.doubts: dict[int, list[Doubt]] = {}
        self._shut: AuthFailed | ConfigError | None = None

    def land(self, step: Step, ref: str) -> None:
        """Note that a write of this one was answered."""
        self.landed[step.record] = ref

    def show(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep orders that an answer shows in full."""
        self.shown |= {str(row["id"]): row for row in rows if "id" in row and "items" in row}

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
