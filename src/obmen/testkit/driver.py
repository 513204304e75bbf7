"""The driver: a weighted random walk over everything that can happen, torn at every transaction border.

An episode is a list of (operation, seed), so that it can be replayed and shrunk. An operation that does not fit the
moment does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from obmen.connectors.contract import Envelope, Outcome, Page, Step
from obmen.engine import guarding
from obmen.engine.collecting import offer, taken, untaken
from obmen.engine.delivering import Visit as Standing
from obmen.engine.delivering import freeze
from obmen.engine.following import follow
from obmen.engine.looking import find_first, look_first
from obmen.engine.preparing import Prepared, prepare
from obmen.engine.receiving import receive
from obmen.engine.reconciling import reconcile
from obmen.engine.resolving import resolve
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.unpacking import envelope_of, settle_portion
from obmen.engine.waking import HOOK, remember
from obmen.errors import ObmenError
from obmen.ledger.contract import DONE, ENDED, READY, Delivery, StoredEnvelope, Tx
from obmen.sync.shadow import Look
from obmen.testkit.oracles import Oracles, Violation
from obmen.testkit.people import People
from obmen.testkit.toys import Toy
from obmen.testkit.world import LEASE_S, World, run

Move = tuple[str, int]
"""An operation and the seed of its choices."""

ROUNDS = 30
"""A world this small comes to rest in far fewer."""

WEIGHTS: dict[str, float] = {
    "edit": 14,
    "file": 5,
    "export": 3,
    "arrive": 3,
    "unpack": 5,
    "read": 4,
    "poll": 6,
    "settle": 6,
    "hook": 2,
    "follow": 3,
    "deliver": 6,
    "claim": 7,
    "call": 7,
    "answer": 7,
    "come": 8,
    "word": 2,
    "time": 3,
    "resolve": 3,
    "write_fault": 4,
    "read_fault": 0.5,
    "respell": 1,
    "sell": 1,
    "delete": 0.4,
    "copy": 0.3,
    "merge": 0.2,
    "skew": 0.3,
    "lose": 1,
    "crash": 0.4,
    "walk": 0.5,
    "mapping": 0.5,
    "join": 0.3,
    "backup": 0.3,
    "restore": 0.15,
    "confirm": 0.5,
    "rest": 0.3,
}
NAMES = tuple(WEIGHTS)
CUMULATED = tuple(accumulate(WEIGHTS.values()))
FAULTS = ("lost answer", "lost answer", "lost request", "late", "late", "pending", "busy", "refused")


class Paged(NamedTuple):
    """A page on its way from a system to the hub."""

    connection: str
    page: Page
    read_at: int


class Batch(NamedTuple):
    """Claimed rows and the plan made for them."""

    connection: str
    rows: list[Delivery]
    prepared: Prepared


class Answer(NamedTuple):
    """The answer to a write on its way to the hub."""

    connection: str
    entity: str
    outcomes: list[Outcome]
    attempt: int


class Visit(msgspec.Struct):
    """Somebody who has come for orders."""

    session: str
    offers: int = 0
    left: list[int] = []
    """Offers whose answer is known to have left."""
    has_last: bool = False
    """Whether the last of them was read to its end."""


class Driver:
    """Moves a world step by step and lets the oracles look after each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.oracles = Oracles(world)
        self.people = People(world)
        self.files: list[Envelope] = []
        self.pages: list[Paged] = []
        self.batches: list[Batch] = []
        self.answers: list[Answer] = []
        self.visits: list[Visit] = []
        self.visited = 0
        self.backup: object = None
        self._operations: dict[str, Callable[[Random], None]] = {
            name: getattr(self, f"_{name}") for name in (*NAMES, "seed")
        }

    def move(self, move: Move) -> None:
        """Do one operation and check the invariants."""
        name, seed = move
        self._operations[name](Random(seed))
        self.oracles.step()

    # --- people and time ------------------------------------------------------------------------------------------

    def _edit(self, rng: Random) -> None:
        self.people.edit(rng)

    def _respell(self, rng: Random) -> None:
        self.people.respell(rng)

    def _sell(self, rng: Random) -> None:
        self.people.sell(rng)

    def _delete(self, rng: Random) -> None:
        self.people.delete(rng)

    def _copy(self, rng: Random) -> None:
        self.people.copy(rng)

    def _merge(self, rng: Random) -> None:
        self.people.merge(rng)

    def _mapping(self, rng: Random) -> None:
        self.people.edit_mapping(rng)

    def _skew(self, rng: Random) -> None:
        rng.choice(self.world.toys).skew = rng.choice((-30.0, 0.0, 45.0))

    def _time(self, rng: Random) -> None:
        self.world.pass_time(rng.choice((0.5, 2.0, 25.0, LEASE_S + 10, 4000.0)))

    def _join(self, rng: Random) -> None:  # noqa: ARG002 - nothing to choose
        self.world.open_retail()

    def _seed(self, rng: Random) -> None:
        """Begin with a catalogue and an order that everybody has."""
        self.people.furnish(rng)
        self._round()

    # --- files ----------------------------------------------------------------------------------------------------

    def _export(self, rng: Random) -> None:
        entities = rng.choice((("product", "offer"), ("product", "offer"), ("offer",), ("product",)))
        self.files.append(self.world.erp.export(complete=rng.random() < 0.6, entities=entities))

    def _arrive(self, rng: Random) -> None:
        """Let a file arrive: any of those on their way, sometimes once more, sometimes never."""
        if not self.files:
            return
        number = rng.randrange(len(self.files))
        file = self.files[number] if rng.random() < 0.2 else self.files.pop(number)
        if rng.random() < 0.9:
            with self.world.begin() as tx:
                accept(tx, file)

    def _unpack(self, rng: Random) -> None:
        with self.world.begin() as tx:
            waiting = [stored for stored in tx.waiting_envelopes("erp") if stored.kind == "file"]
        if waiting:
            self._portion(rng.choice(waiting))

    def _file(self, rng: Random) -> None:
        """Let a file be written, arrive and be read to its end."""
        world = self.world
        entities = rng.choice((("product", "offer"), ("offer",)))
        with world.begin() as tx:
            number = accept(tx, world.erp.export(complete=rng.random() < 0.5, entities=entities))
        while True:
            with world.begin() as tx:
                stored = tx.envelope(number)
            if stored.state in ENDED:
                return
            self._portion(stored)

    def _portion(self, stored: StoredEnvelope) -> None:
        world = self.world
        portion = next(world.erp.unpack(envelope_of(stored), stored.position), None)
        with world.begin() as tx:
            if portion is None:
                tx.move_envelope(stored.id, state=DONE, position=-1, counted={})
                guarding.evaluate(tx, world.hub, "erp")
            else:
                settle_portion(tx, world.hub, stored, portion)
                self._adds_up(tx.envelope(stored.id))

    def _adds_up(self, stored: StoredEnvelope) -> None:
        if stored.received != sum(stored.counters.values()):
            raise Violation(f"{stored.name}: {stored.received} received, but {stored.counters}")

    # --- reading --------------------------------------------------------------------------------------------------

    def _poll(self, rng: Random) -> None:
        toy = rng.choice(self.world.toys)
        entity = rng.choice(tuple(toy.kinds))
        with self.world.begin() as tx:
            cursor, read_at = tx.cursor(toy.name, entity), tx.tick()
        try:
            self.pages.append(Paged(toy.name, run(toy.pull(entity, cursor)), read_at))
        except ObmenError:
            return

    def _settle(self, rng: Random) -> None:
        if self.pages:
            number = rng.randrange(len(self.pages))
            paged = self.pages[number] if rng.random() < 0.1 else self.pages.pop(number)
            self._store(paged)

    def _store(self, paged: Paged) -> None:
        world = self.world
        page = paged.page
        arrival = Arrival(
            connection=paged.connection,
            entity=page.entity,
            looks=page.looks,
            read_at=paged.read_at,
            evidence=f"poll@{paged.read_at}",
        )
        with world.begin() as tx:
            outcome = settle_page(tx, world.hub, arrival)
            tx.put_cursor(paged.connection, page.entity, page.cursor)
        counted = dict(outcome.counted)
        if counted.pop("received", 0) != sum(counted.values()):
            raise Violation(f"a page of {paged.connection} does not add up: {outcome.counted}")
        toy = world.shelf(paged.connection)
        toy.noticed(look for look in page.looks if look.ref not in outcome.look_again)

    def _read(self, rng: Random) -> None:
        """Let one system be read to the end of what it has to show."""
        toy = rng.choice(self.world.toys)
        self._try(partial(self._read_all, toy))

    def _read_all(self, toy: Toy) -> None:
        for entity in toy.kinds:
            for _ in range(ROUNDS):
                with self.world.begin() as tx:
                    cursor, read_at = tx.cursor(toy.name, entity), tx.tick()
                page = run(toy.pull(entity, cursor))
                self._store(Paged(toy.name, page, read_at))
                if page.last:
                    break
            else:
                raise Violation(f"{toy.name} shows {entity} without end")

    def _hook(self, rng: Random) -> None:
        """Let a webhook arrive: late, twice or never."""
        toy = rng.choice(self.world.toys)
        if not toy.hooks:
            return
        number = rng.randrange(len(toy.hooks))
        entity, ref = toy.hooks[number] if rng.random() < 0.2 else toy.hooks.pop(number)
        if rng.random() < 0.8:
            with self.world.begin() as tx:
                look = Look(ref=ref, fields={})
                remember(tx, self.world.hub, toy.name, entity, [look], read_at=0, why="hook")

    def _follow(self, rng: Random) -> None:
        self._try(lambda: run(follow(self.world.hub, rng.choice(self.world.readers))))

    def _walk(self, rng: Random) -> None:
        toy = rng.choice(self.world.toys)
        self._try(lambda: run(reconcile(self.world.hub, toy.name, rng.choice(tuple(toy.kinds)))))

    # --- writing --------------------------------------------------------------------------------------------------

    def _deliver(self, rng: Random) -> None:
        """Let one system be brought up to date, as far as faults allow."""
        name = rng.choice(self.world.readers)
        for batch in self._claimed(name, 50):
            self._try(partial(self._send, batch, rng))
        for answer in [answer for answer in self.answers if answer.connection == name]:
            self.answers.remove(answer)
            self._receive(answer)

    def _claim(self, rng: Random) -> None:
        name = rng.choice(self.world.readers)
        for batch in self._claimed(name, rng.choice((1, 2, 50))):
            self.batches.append(batch)

    def _claimed(self, name: str, limit: int) -> list[Batch]:
        world = self.world
        with world.begin() as tx:
            rows = tx.claim(name, now=world.now(), limit=limit, lease_s=LEASE_S)
        batches = []
        for entity in sorted({row.entity for row in rows}):
            here = [row for row in rows if row.entity == entity]
            with world.begin() as tx:
                batches.append(Batch(name, here, prepare(tx, world.hub, name, here)))
        return batches

    def _call(self, rng: Random) -> None:
        if self.batches:
            batch = self.batches.pop(rng.randrange(len(self.batches)))
            self._try(lambda: self._send(batch, rng))

    def _send(self, batch: Batch, rng: Random) -> None:
        """Look, find, freeze and push; something else of the hub may come in between, or the process may end."""
        world, name = self.world, batch.connection
        prepared = batch.prepared
        looked: set[int] = set()
        if prepared.look_first:
            run(look_first(world.hub, name, prepared))
            looked = {candidate.record.id for candidate in prepared.look_first}
            self._meanwhile(rng)
            with world.begin() as tx:
                prepared = prepare(tx, world.hub, name, batch.rows, looked=looked)
        if prepared.create:
            prepared = run(find_first(world.hub, name, prepared, batch.rows, looked=looked))
        if prepared.is_empty or rng.random() < 0.02:
            return
        self._meanwhile(rng)
        with world.begin() as tx:
            steps = freeze(tx, world.hub, name, prepared)
        if not steps or rng.random() < 0.03:
            return
        outcomes = list(run(world.toy(name).push(steps)))
        self.answers.append(Answer(name, prepared.entity, outcomes, steps[0].attempt))

    def _meanwhile(self, rng: Random) -> None:
        if rng.random() < 0.15:
            rng.choice((self._settle, self._answer, self._unpack))(rng)

    def _answer(self, rng: Random) -> None:
        if self.answers:
            self._receive(self.answers.pop(rng.randrange(len(self.answers))))

    def _receive(self, answer: Answer) -> None:
        with self.world.begin() as tx:
            receive(
                tx, self.world.hub, answer.connection, answer.entity, answer.outcomes, attempt=answer.attempt
            )

    def _resolve(self, rng: Random) -> None:
        self._try(lambda: run(resolve(self.world.hub, rng.choice(self.world.readers))))

    # --- being come to --------------------------------------------------------------------------------------------

    def _come(self, rng: Random) -> None:
        """Let somebody come for orders: for the first time, or once more, which confirms what he got before."""
        hub, till = self.world.hub, self.world.till
        if till is None:
            return
        if not self.visits or rng.random() < 0.25:
            self.visited += 1
            self.visits.append(Visit(f"visit {self.visited}"))
        visit = rng.choice(self.visits)
        if visit.offers:
            run(taken(hub, till.name, visit.session, offers=visit.left))
        else:
            run(untaken(hub, till.name, but=visit.session))
        visit.left = []
        visit.offers += 1
        steps = self._offered(visit, rng.choice((1, 2, 50)))
        visit.has_last = rng.random() < 0.6
        for step in steps if visit.has_last else steps[: rng.randrange(len(steps) + 1)]:
            run(till.read(step))
        if visit.has_last and rng.random() < 0.9:
            visit.left.append(visit.offers)

    def _offered(self, visit: Visit, limit: int) -> list[Step]:
        async def read() -> list[Step]:
            asked = Standing(visit.session, visit.offers, self.world.now() + 3600)
            portions = offer(self.world.hub, "till", "order", asked, limit=limit)
            return [step async for portion in portions for step in portion]

        return run(read())

    def _word(self, rng: Random) -> None:
        """Let somebody say that he has taken everything, if he has, or never be heard of again."""
        if not self.visits:
            return
        visit = self.visits.pop(rng.randrange(len(self.visits)))
        if visit.has_last and rng.random() < 0.8:
            run(taken(self.world.hub, "till", visit.session, offers={*visit.left, visit.offers}))

    def _collect(self) -> None:
        """Let somebody come, take everything, and say so."""
        till = self.world.till
        if till is not None:
            self.visits.clear()
            self.visited += 1
            visit = Visit(f"visit {self.visited}", offers=1)
            run(untaken(self.world.hub, till.name, but=visit.session))
            for step in self._offered(visit, 1000):
                run(till.read(step))
            run(taken(self.world.hub, till.name, visit.session, offers={1}))

    # --- what goes wrong ------------------------------------------------------------------------------------------

    def _write_fault(self, rng: Random) -> None:
        toy = rng.choice(self.world.toys)
        if len(toy.faults) < 3:
            toy.faults.append(rng.choice(FAULTS))

    def _read_fault(self, rng: Random) -> None:
        rng.choice(self.world.toys).read_faults.append(rng.choice(("down", "token")))

    def _lose(self, rng: Random) -> None:
        ways: tuple[list[Any], ...] = (self.pages, self.batches, self.answers)
        for way in ways:
            if way and rng.random() < 0.4:
                del way[rng.randrange(len(way))]

    def _crash(self, rng: Random) -> None:  # noqa: ARG002 - everything goes
        self.pages.clear()
        self.batches.clear()
        self.answers.clear()

    def _backup(self, rng: Random) -> None:  # noqa: ARG002 - nothing to choose
        self.backup = self.world.ledger.backup()

    def _restore(self, rng: Random) -> None:
        """Put the ledger back in time, adopt what stands in every system, and let the deliveries go."""
        world = self.world
        if self.backup is None:
            return
        world.ledger.restore(self.backup)
        self._crash(rng)
        self.oracles.forget()
        for toy in world.toys:
            toy.read_faults.clear()
            for entity in toy.kinds:
                run(reconcile(world.hub, toy.name, entity))
        with world.begin() as tx:
            for name in (*world.readers, "till"):
                tx.reschedule([replace(row, state=READY, reason="") for row in tx.outbox(name)])

    def _confirm(self, rng: Random) -> None:  # noqa: ARG002 - everything asked about is confirmed
        world = self.world
        with world.begin() as tx:
            for name in world.hub.connections:
                for danger in tx.dangers(name):
                    world.allow(danger.after)
                for asked in guarding.evaluate(tx, world.hub, name):
                    guarding.confirm(tx, world.hub, asked)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except ObmenError as error:
            if error.code not in {"toy.down", "toy.token"}:
                raise

    # --- rest -----------------------------------------------------------------------------------------------------

    def _rest(self, rng: Random) -> None:
        """Come to rest, make one quiet edit, come to rest again: the outcome is exact."""
        self.come_to_rest()
        self.oracles.rest()
        judge = self.people.quiet_edit(rng) if rng.random() < 0.5 else None
        if judge is not None:
            self.come_to_rest()
            self.oracles.rest()
            judge()

    def come_to_rest(self) -> None:
        """Let faults stop and everything on its way arrive, until a whole round moves and writes nothing."""
        world = self.world
        for toy in world.toys:
            toy.faults.clear()
            toy.read_faults.clear()
            toy.hooks.clear()
        self._crash(Random(0))
        self.files.clear()
        for _ in range(ROUNDS):
            before = self._position()
            self._round()
            self.oracles.step()
            if self._position() == before:
                return
        raise Violation(f"the world does not come to rest: {before} {self._position()}")

    def _round(self) -> None:
        world = self.world
        with world.begin() as tx:
            accept(tx, world.erp.export(complete=True, entities=("product", "offer")))
        while True:
            with world.begin() as tx:
                waiting = [stored for stored in tx.waiting_envelopes("erp") if stored.kind != HOOK]
            if not waiting:
                break
            self._portion(waiting[0])
        world.pass_time(LEASE_S + 400)
        for name in world.readers:
            run(resolve(world.hub, name))
        for toy in world.toys:
            run(follow(world.hub, toy.name))
            for entity in toy.kinds:
                run(reconcile(world.hub, toy.name, entity))
        self._confirm(Random(0))
        for name in world.readers:
            for _ in range(ROUNDS):
                batches = self._claimed(name, 50)
                if not batches:
                    break
                for batch in batches:
                    self._send(batch, Calm())
                while self.answers:
                    self._receive(self.answers.pop(0))
        self._collect()

    def _position(self) -> tuple[object, ...]:
        world = self.world
        with world.begin() as tx:
            versions = {
                number: record.version
                for entity in world.hub.topologies
                for number, record in tx.records(tx.ids(entity, after=0, limit=1000)).items()
            }
            waiting = [stored.id for name in world.readers for stored in tx.waiting_envelopes(name)]
            everybody = (*world.readers, "till")
            rows = [(row.connection, row.record, row.state) for name in everybody for row in tx.outbox(name)]
            bindings = tx.bindings(versions)
        writes = [toy.writes for toy in world.toys]
        brought = dict(world.till.brought) if world.till is not None else {}
        return (versions, len(waiting), rows, bindings, writes, brought)


class Calm(Random):
    """Chance that lets nothing happen."""

    def random(self) -> float:
        """Return the highest chance, so that no fault strikes."""
        return 0.999


def accept(tx: Tx, envelope: Envelope) -> int:
    """Put an envelope into the inbox."""
    stored = StoredEnvelope(
        id=0,
        connection=envelope.connection,
        kind=envelope.kind,
        name=envelope.name,
        key=envelope.key,
        path=envelope.path,
        body=envelope.body,
        session=envelope.session,
        since=envelope.since,
        scope=envelope.scope,
        state="waiting",
        position=0,
        received=0,
        counters={},
    )
    return tx.accept(stored)
