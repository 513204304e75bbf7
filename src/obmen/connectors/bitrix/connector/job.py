"""One step on its way: what is still to be written, what befell it, and the outcome that makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from obmen.connectors.bitrix.client import Command, Reply
from obmen.connectors.bitrix.connector.reading import Seen
from obmen.connectors.contract import Done, Missing, Outcome, Refused, Step, Unknown, Unlanded
from obmen.errors import ObmenError, Rejected, Transient, UnknownOutcome
from obmen.sync.shadow import Wire

Landed: TypeAlias = Callable[[Reply], None]


class Job:
    """The progress of one step. A create that landed in part is never refused: the object is there to be found."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.ref = step.ref
        self.bare = False
        """The offer of a simple product: there is no element of its own."""
        self.seen: Seen | None = None
        self.due: dict[str, Wire] = dict(step.fields)
        """What differs from what stands there."""
        self.landed = False
        self.missing = False
        self._refusals: list[tuple[frozenset[str], ObmenError]] = []
        self._failure: ObmenError | None = None
        self.halted = False
        """Nothing further is tried for this step."""

    @property
    def open(self) -> bool:
        """Whether further calls make sense: the object is known and nothing befell it."""
        return not self.halted and self.ref is not None

    @property
    def failure(self) -> ObmenError | None:
        """What befell a whole request of this step."""
        return self._failure

    @property
    def refused(self) -> bool:
        """Whether the shop refused some of it."""
        return bool(self._refusals)

    def meet(self, seen: Seen | None) -> None:
        """Take what stands there now; only what differs is due."""
        self.seen = seen
        if seen is not None:
            held = seen.look.fields
            self.due = {
                atom: wire
                for atom, wire in self.step.fields.items()
                if atom not in held or held[atom] != wire
            }

    def refuse(self, atoms: Iterable[str], error: ObmenError) -> None:
        """Note that these atoms were refused."""
        self._refusals.append((frozenset(atoms), error))

    def miss(self) -> None:
        """Note that the object is not there any more."""
        self.missing = self.halted = True

    def fail(self, error: ObmenError) -> None:
        """Stop here: the step as a whole cannot be done, or a request had no good end.

        That nobody knows outweighs that nothing happened.
        """
        self.halted = True
        if isinstance(error, Rejected):
            self.refuse((), error)
        elif self._failure is None or isinstance(error, UnknownOutcome):
            self._failure = error

    def settle(self, returned: Mapping[str, Wire] | None) -> Outcome:
        """Return the outcome, given the object as it was read back."""
        record = self.step.record
        refusals = self._standing(returned)
        if self.missing:
            return Missing(record=record)
        if isinstance(self._failure, UnknownOutcome):
            return Unknown(record=record, code=self._failure.code, text=self._failure.en)
        if self._failure is not None:
            return self._unlanded(self._failure)
        if refusals:
            unread = returned is None and self.ref is not None and self.landed
            return self._refused(refusals, in_part=unread or (self.step.ref is None and self.landed))
        if self.ref is None:
            return Unlanded(record=record, code="bitrix.nothing", text="The shop returned no id.")
        kept = dict(returned) if returned is not None else None
        return Done(record=record, ref=self.ref, returned=kept)

    def _standing(self, returned: Mapping[str, Wire] | None) -> list[tuple[frozenset[str], ObmenError]]:
        """Drop refusals of what stands there all the same: the shop saves, then reports warnings as errors."""
        wanted = self.step.fields
        return [
            (atoms, error)
            for atoms, error in self._refusals
            if returned is None
            or not atoms
            or any(atom not in returned or returned[atom] != wanted.get(atom) for atom in atoms)
        ]

    def _unlanded(self, error: ObmenError) -> Outcome:
        record = self.step.record
        if self.landed:
            return Unknown(
                record=record, code="bitrix.in_part", text=f"Written in part, then stopped: {error.en}"
            )
        wait = error.retry_after_s if isinstance(error, Transient) else None
        return Unlanded(record=record, code=error.code, text=error.en, retry_after_s=wait)

    def _refused(self, refusals: list[tuple[frozenset[str], ObmenError]], *, in_part: bool) -> Outcome:
        record = self.step.record
        named = [(f"{', '.join(sorted(atoms))}: " if atoms else "", error) for atoms, error in refusals]
        en = "; ".join(f"{atoms}{error.en}" for atoms, error in named)
        ru = "; ".join(f"{atoms}{error.ru}" for atoms, error in named)
        if in_part:
            return Unknown(record=record, code="bitrix.in_part", text=f"Written, but refused in part: {en}")
        return Refused(
            record=record,
            code=refusals[0][1].code,
            en=f"The shop refused {en}. Mend the value, or the setting it names.",
            ru=f"Магазин отклонил {ru}. Исправьте значение или названную настройку.",
        )


class Call(NamedTuple):
    """One writing command for a job, and the atoms it carries."""

    job: Job
    atoms: frozenset[str]
    command: Command
    landed: Landed | None = None

    def close(self, reply: Reply | ObmenError) -> None:
        """Tell the job what came of it."""
        if isinstance(reply, Reply):
            self.job.landed = True
            if self.landed is not None:
                self.landed(reply)
        elif isinstance(reply, Rejected):
            self.job.refuse(self.atoms, reply)
        else:
            self.job.fail(reply)
