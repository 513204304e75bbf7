"""A toy that comes and takes what is meant for it, instead of being asked or written to."""

from __future__ import annotations

from collections import Counter

from obmen.connectors.contract import Finding, Step, Traits
from obmen.sync.shadow import Codec, Wire


class Collector:
    """A system that takes whole documents and knows them by their names; a second copy of one replaces the first."""

    vendor = "toy"
    visible_after_s = 0.0
    collects = ("order",)

    def __init__(self, name: str, codec: Codec) -> None:
        self.name = name
        self.documents: dict[str, dict[str, Wire]] = {}
        self.brought: Counter[str] = Counter()
        """How often each document was read here."""
        self._codec = codec

    def traits(self, entity: str) -> Traits:  # noqa: ARG002 - it takes one kind only
        """Return that it takes whole documents, and none without a number and a stage."""
        return Traits(required=("number", "stage"), whole=True)

    def codec(self, entity: str) -> Codec:  # noqa: ARG002 - as above
        """Return the translation."""
        return self._codec

    def called(self, step: Step) -> str:
        """Name a document by its number."""
        return str(step.whole["number"])

    async def read(self, step: Step) -> str:
        """Store a document, and return its name."""
        name = step.ref or self.called(step)
        self.documents[name] = dict(step.whole)
        self.brought[name] += 1
        return name

    async def check(self) -> tuple[Finding, ...]:
        """Find nothing wrong."""
        return ()

    async def close(self) -> None:
        """Hold nothing open."""
