"""A simulator's own account of what it was asked and what came of it: the evidence verdicts are counted from."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from obmen.sandbox.clock import Clock


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the simulator saw it. Secrets and bodies are not kept."""

    seq: int
    at: datetime
    door: str  # "rest", "exchange", …
    what: str  # the method, or type and mode
    ok: bool
    code: str = ""  # the vendor's error code or first line
    fault: str = ""  # the dial that fired, where one did; the client may have seen another answer


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the simulated system, a mail or a receipt included."""

    seq: int
    at: datetime
    by: str  # the door it came through, or "operator"
    entity: str
    id: str
    action: str  # "add", "update", "delete", "sent", …
    before: Mapping[str, Any] = {}  # only what changed
    after: Mapping[str, Any] = {}


Entry = TypeVar("Entry", Asked, Effect)

# The fault the request at hand has met, so that vendors' doors need not pass it on.
_fault: ContextVar[str] = ContextVar("fault", default="")


@contextmanager
def under_fault(fault: str) -> Iterator[None]:
    """Mark what is asked inside as having met a fault."""
    token = _fault.set(fault)
    try:
        yield
    finally:
        _fault.reset(token)


class Ledger:
    """Remember requests and effects in the order they happened, numbered together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seq = 0
        self.asked: list[Asked] = []
        self.effects: list[Effect] = []
        self._requests: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()

    def record_asked(self, *, door: str, what: str, ok: bool, code: str = "", fault: str = "") -> Asked:
        """Note one request and how it was answered; a fault it is under is noted too."""
        asked = Asked(
            seq=self._next(),
            at=self._clock.now(),
            door=door,
            what=what,
            ok=ok,
            code=code,
            fault=fault or _fault.get(),
        )
        self.asked.append(asked)
        self._requests[f"{door}:{what}"] += 1
        return asked

    def record_effect(
        self,
        *,
        by: str,
        entity: str,
        id: str,  # noqa: A002 (a field named as its owner names it)
        action: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Effect:
        """Note one change."""
        effect = Effect(
            seq=self._next(),
            at=self._clock.now(),
            by=by,
            entity=entity,
            id=id,
            action=action,
            before=before or {},
            after=after or {},
        )
        self.effects.append(effect)
        self._writes[f"{by}:{entity}:{action}"] += 1
        return effect

    def writes(self, *, by: str = "", entity: str = "", action: str = "") -> int:
        """Count effects; an empty argument matches any."""
        wanted = (by, entity, action)
        return sum(
            count
            for key, count in self._writes.items()
            if all(not want or want == part for want, part in zip(wanted, key.split(":", 2), strict=True))
        )

    def requests(self, *, door: str = "", what: str = "") -> int:
        """Count requests; an empty argument matches any."""
        wanted = (door, what)
        return sum(
            count
            for key, count in self._requests.items()
            if all(not want or want == part for want, part in zip(wanted, key.split(":", 1), strict=True))
        )

    def since(self, seq: int) -> tuple[list[Asked], list[Effect]]:
        """Return what happened after the entry `seq`."""
        return _after(self.asked, seq), _after(self.effects, seq)

    def summary(self) -> dict[str, object]:
        """Return the counters, for verdicts and for the control route."""
        return {
            "last": self._seq,
            "asked": len(self.asked),
            "failed": sum(not asked.ok for asked in self.asked),
            "effects": len(self.effects),
            "requests": dict(self._requests),
            "writes": dict(self._writes),
        }

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def _after(entries: Sequence[Entry], seq: int) -> list[Entry]:
    return list(entries[bisect_right(entries, seq, key=lambda entry: entry.seq) :])
