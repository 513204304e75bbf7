"""A plan: what would be written, with what each step rests on. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter

import msgspec

from obmen.sync.shadow import Wire


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """What a step rests on; if any of it moved, the step is not applied."""

    version: int
    """Of the record."""
    as_of: int
    """Of the shadow."""
    form: int
    """Of the codec, mapping tables included."""


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as a plan shows it."""

    record: int
    connection: str
    entity: str
    title: str
    ref: str | None
    fields: dict[str, Wire]
    before: dict[str, Wire]
    reasons: dict[str, str]
    pin: Pin
    effects: tuple[str, ...] = ()
    """Irreversible effects this step would have, as the connector names them."""
    gated: bool = False
    """The condition of the first delivery does not hold yet: nothing would be written now, whoever applies."""

    @property
    def creates(self) -> bool:
        """Tell whether the step brings a new object into that system."""
        return self.ref is None


def digest(steps: tuple[PlannedStep, ...]) -> str:
    """Return the digest of exactly these steps and their pins."""
    packed = sorted(
        msgspec.json.encode((s.connection, s.record, sorted(s.fields.items()), s.pin)) for s in steps
    )
    return hashlib.sha256(b"\n".join(packed)).hexdigest()[:12]


def effects(steps: tuple[PlannedStep, ...]) -> Counter[str]:
    """Count the irreversible effects of a plan."""
    return Counter(effect for step in steps for effect in step.effects)
