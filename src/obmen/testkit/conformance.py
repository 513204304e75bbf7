"""What every connector must keep, whatever its vendor: loss, duplicates, echo, resumability, quiescence.

A connector's test inherits `Conformance`, opens its connection against its own simulator in `start`, and names one
entity it can be written to with. Each test works through the engine's own jobs over the ledger in memory, so that what
is proved is the pair: this connector in this hub.

    class TestShop(Conformance):
        entity = "product"
        creators = ("erp",)

        async def start(self) -> Bench: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, Self

import msgspec

from obmen.connectors.contract import Connection, Source, Target
from obmen.engine import outbox
from obmen.engine.delivering import deliver
from obmen.engine.hub import Hub
from obmen.engine.pulling import pull
from obmen.engine.reconciling import reconcile
from obmen.engine.resolving import resolve
from obmen.ledger.contract import Tx
from obmen.model import Record, Said, Value
from obmen.sync.rules import Owner, Reader, Topology
from obmen.testkit.memory import MemoryLedger

OWNER = "owner"
"""The connection that says everything; it needs no counterpart."""


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """One connection, and what the test may do behind its back."""

    connection: Connection
    atoms: Mapping[str, Value]
    """A complete new object in canonical atoms."""
    changed: Mapping[str, Value]
    """Some of these atoms with other values."""
    count: Callable[[], int]
    """How many objects of the entity the simulator holds."""
    writes: Callable[[], int]
    """How many writes it has been asked for."""
    lose_answer: Callable[[], Awaitable[None]]
    """Let the next write happen and its answer be lost."""
    close: Callable[[], Awaitable[None]]


class Conformance:
    """Inherit, set `entity`, write `start`."""

    entity: str

    async def start(self) -> Bench:
        """Open the connection against an empty simulator."""
        raise NotImplementedError

    async def test_an_object_is_created_once_and_read_back_as_an_echo(self) -> None:
        """Create, then read everything: no record changes, nothing more is written."""
        async with _Stage(self, await self.start()) as stage:
            await stage.say(stage.bench.atoms)
            await stage.settle_down()
            version = (await stage.record()).version
            writes = stage.bench.writes()
            await stage.settle_down()

            stage.expect(1, stage.bench.count(), "objects")
            stage.expect(writes, stage.bench.writes(), "writes")
            stage.expect(version, (await stage.record()).version, "version of the record")

    async def test_a_change_is_written_once(self) -> None:
        """Change some atoms: one write, then silence."""
        async with _Stage(self, await self.start()) as stage:
            await stage.say(stage.bench.atoms)
            await stage.settle_down()
            await stage.say(stage.bench.changed)
            await stage.settle_down()
            writes = stage.bench.writes()
            await stage.settle_down()

            stage.expect(1, stage.bench.count(), "objects")
            stage.expect(writes, stage.bench.writes(), "writes")

    async def test_a_lost_answer_makes_no_second_object(self) -> None:
        """Lose the answer to a create: it is found again, not made again."""
        async with _Stage(self, await self.start()) as stage:
            await stage.bench.lose_answer()
            await stage.say(stage.bench.atoms)
            await stage.settle_down()
            await stage.settle_down()

            stage.expect(1, stage.bench.count(), "objects")

    async def test_a_hub_that_forgot_everything_adopts_what_is_there(self) -> None:
        """Begin again with an empty ledger: the object is found by mark or key, not made again."""
        bench = await self.start()
        async with _Stage(self, bench) as stage:
            await stage.say(bench.atoms)
            await stage.settle_down()
            await stage.forget()
            await stage.say(bench.atoms)
            await stage.settle_down()

            stage.expect(1, bench.count(), "objects")


class _Stage:
    """A hub with one reader and an owner who only exists in the ledger."""

    def __init__(self, suite: Conformance, bench: Bench) -> None:
        self.suite = suite
        self.bench = bench
        self.clock = 1_700_000_000.0
        self.name = bench.connection.name
        self.hub = self._hub()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bench.close()

    def _hub(self) -> Hub:
        entity = self.suite.entity
        reader = Reader(to=self.name)
        return Hub(
            ledger=MemoryLedger(),
            connections={self.name: self.bench.connection},
            topologies={entity: Topology(entity, (OWNER,), Owner(OWNER), {}, (reader,))},
            now=lambda: self.clock,
            rng=Random(0),
        )

    async def forget(self) -> None:
        """Lose the ledger."""
        self.hub = self._hub()

    async def say(self, atoms: Mapping[str, Value]) -> None:
        """Let the owner say something."""
        await self.hub.ledger.run(lambda tx: self._say(tx, atoms))

    def _say(self, tx: Tx, atoms: Mapping[str, Value]) -> None:
        entity = self.suite.entity
        ids = tx.ids(entity, after=0, limit=1)
        said = (Said(OWNER, "2026-01-01T00:00:00Z", "conformance", tuple(atoms)),)
        if ids:
            before = tx.records(ids)[ids[0]]
            record = msgspec.structs.replace(
                before, atoms={**before.atoms, **atoms}, version=before.version + 1
            )
        else:
            number = tx.allocate(1)
            record = Record(id=number, entity=entity, origin=OWNER, atoms=dict(atoms), said=said, lane=number)
        tx.put_records([record], new=not ids, keys={})
        outbox.recompute(tx, self.hub, entity, records=[record], changed={record.id})

    async def record(self) -> Record:
        """Return the one record."""

        def only(tx: Tx) -> Record:
            (number,) = tx.ids(self.suite.entity, after=0, limit=2)
            return tx.records([number])[number]

        return await self.hub.ledger.run(only)

    async def settle_down(self) -> None:
        """Let the hub do its jobs until nothing is left, with time for what is late."""
        entity, connection = self.suite.entity, self.bench.connection
        for _ in range(3):
            self.clock += self.hub.lease_s + connection.visible_after_s + 600
            if isinstance(connection, Target):
                await resolve(self.hub, self.name)
                while await deliver(self.hub, self.name):
                    pass
            if isinstance(connection, Source):
                await pull(self.hub, self.name, entity)
                await reconcile(self.hub, self.name, entity)

    def expect(self, wanted: Any, found: Any, what: str) -> None:
        """Fail with a sentence."""
        if wanted != found:
            raise AssertionError(f"{self.name}: {found} {what}, expected {wanted}")
