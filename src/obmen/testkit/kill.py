"""The kill harness: a real process works over a real ledger and is killed; the toys live on in the parent.

The parent keeps the toy systems and serves them over a socket on this machine. The child runs the hub's own jobs
(accept, unpack, resolve, pull, deliver, be collected) over SQLite or PostgreSQL and dies by SIGKILL just before or just after its
n-th commit, or whenever the parent likes. Then another child goes on, until nothing is left to do; what the toys hold
is judged by the same oracles as ever.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any, TypeVar

import msgspec

from obmen.connectors.contract import Envelope, Outcome, Page, Step, Traits
from obmen.engine.collecting import offer, taken, untaken
from obmen.engine.delivering import Visit
from obmen.engine.hub import Hub
from obmen.engine.intake import stored_of
from obmen.engine.packs import Packs
from obmen.engine.pulling import pull
from obmen.engine.resolving import resolve
from obmen.engine.unpacking import quiet, unpack
from obmen.ledger.contract import Tx
from obmen.ledger.sql import SqlLedger
from obmen.sync.shadow import Codec, Look
from obmen.testkit.driver import Driver
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.toys import Toy
from obmen.testkit.world import Inline, World, run

T = TypeVar("T")

BEFORE, AFTER = "before", "after"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["obmen.testkit.kill"]
)  # a child costs milliseconds, not an import of everything
PATIENCE_S = 60.0


class Death(msgspec.Struct, frozen=True):
    """When a child kills itself: at which of its commits, just before or just after."""

    commit: int
    when: str


class Killed(msgspec.Struct, frozen=True):
    """How a child ended: by a signal, or having done its work with so many commits."""

    died: bool
    commits: int


# --- the parent ---------------------------------------------------------------------------------------------------


class House:
    """The toys of one world, served to children, and the children sent to work."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.world = World(MemoryLedger(), till=True)
        self.files: list[Envelope] = []
        self._closed = False
        self._lock = threading.Lock()
        self._listener = Listener(("127.0.0.1", 0), authkey=b"toys")
        self._commits = CONTEXT.Value("i", 0)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True
        self._listener.close()

    def send_file(self) -> None:
        """Let the file source send a complete export; it repeats until it has been accepted."""
        self.files.append(self.world.erp.export(complete=True, entities=("product", "offer")))

    def work(self, death: Death | None = None, *, after_s: float | None = None) -> Killed:
        """Send a child to work and wait for its end; `after_s` kills it from outside."""
        self._commits.value = 0
        child = CONTEXT.Process(
            target=labour,
            args=(self.url, self._listener.address, self.world.clock, self.files, death, self._commits),
        )
        child.start()
        child.join(after_s if after_s is not None else PATIENCE_S)
        if child.is_alive() and child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)
            child.join()
        if child.exitcode not in {0, -signal.SIGKILL}:
            raise RuntimeError(f"the child ended with {child.exitcode}")
        if child.exitcode == 0:
            self.files.clear()
        return Killed(child.exitcode != 0, self._commits.value)

    def finish(self) -> None:
        """Go on in this process over the same ledger, come to rest, and let the oracles judge."""
        ledger = SqlLedger.open(self.url, exclusive=True)
        try:
            self.world.ledger = Inline(ledger)
            self.world.hub = msgspec.structs.replace(self.world.hub, ledger=self.world.ledger)
            driver = Driver(self.world)
            with self.world.begin() as tx:
                for file in self.files:
                    tx.accept(stored_of(file, self.world.clock))
            driver.come_to_rest()
            driver.oracles.rest()
        finally:
            ledger.close_here()

    def _serve(self) -> None:
        while True:
            try:
                channel = self._listener.accept()
            except (OSError, EOFError, AuthenticationError):
                if self._closed:
                    return
                continue  # a child was killed while it introduced itself; the next one is to be let in
            threading.Thread(target=self._answer, args=(channel,), daemon=True).start()

    def _answer(self, channel: Connection) -> None:
        """Answer one child until it is gone; what it asked for has happened, whether it hears of it or not."""
        with suppress(EOFError, OSError):
            while True:
                name, method, arguments = channel.recv()
                with self._lock:
                    toy: Any = self.world.till if name == "till" else self.world.toy(name)
                    answer = run(
                        _pages(toy, *arguments) if method == "walk" else getattr(toy, method)(*arguments)
                    )
                channel.send(answer)


async def _pages(toy: Toy, entity: str) -> list[Page]:
    return [page async for page in toy.walk(entity)]


# --- the child ----------------------------------------------------------------------------------------------------


def labour(
    url: str, address: Any, clock: float, files: Sequence[Envelope], death: Death | None, commits: Any
) -> None:
    """Do a hub's jobs in this process, over the ledger at `url`, and die as told."""
    ledger = SqlLedger.open(url, exclusive=True)
    world = World(MemoryLedger(), till=True)
    line = Line(Client(address, authkey=b"toys"))
    hub = msgspec.structs.replace(
        world.hub,
        ledger=Mortal(ledger, death, commits),
        connections={**world.hub.connections, **{toy.name: Remote(toy, line) for toy in world.toys}},
        now=lambda: clock,
        packs={toy.name: 2 for toy in world.toys},
    )
    try:
        asyncio.run(_jobs(hub, files))
        asyncio.run(_visit(hub, line))
    finally:
        ledger.close_here()


async def _jobs(hub: Hub, files: Sequence[Envelope]) -> None:
    for file in files:
        await hub.ledger.run(lambda tx, file=file: tx.accept(stored_of(file, hub.now())))  # type: ignore[misc]
    for stored in await hub.ledger.run(lambda tx: tx.waiting_envelopes("erp")):
        await unpack(hub, stored.id)
    await quiet(hub, "erp")
    for toy in hub.connections.values():
        if isinstance(toy, Remote):
            await resolve(hub, toy.name)
            for entity in toy.kinds:
                await pull(hub, toy.name, entity)
            await _write(hub, toy.name)


async def _write(hub: Hub, connection: str) -> None:
    """Deliver until nothing is ready, packs of one lane side by side."""
    ends: asyncio.Queue[int] = asyncio.Queue()
    under_way = 0
    async with asyncio.TaskGroup() as group:
        packs = Packs(hub, connection, start=group.create_task, ended=ends.put_nowait)
        while True:
            await packs.room()
            if await packs.begin(limit=1):
                under_way += 1
            elif under_way:
                await ends.get()
                under_way -= 1
            else:
                return


async def _visit(hub: Hub, line: Line) -> None:
    """Let somebody come for orders, read everything in the parent, and say so."""
    session = f"process {os.getpid()}"
    await untaken(hub, "till", but=session)
    visit = Visit(session, 1, hub.now() + 3600)
    async for portion in offer(hub, "till", "order", visit, limit=1000):
        for step in portion:
            await line.ask("till", "read", step)
    await taken(hub, "till", session, offers={1})


class Line:
    """The line to the parent; one question at a time."""

    def __init__(self, channel: Connection) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    async def ask(self, name: str, method: str, *arguments: object) -> Any:
        """Ask a toy of the parent to do something."""
        return await asyncio.to_thread(self._ask_here, name, method, arguments)

    def _ask_here(self, name: str, method: str, arguments: tuple[object, ...]) -> Any:
        with self._lock:
            self._channel.send((name, method, arguments))
            return self._channel.recv()


class Mortal:
    """A ledger whose process dies at one of its commits."""

    def __init__(self, ledger: SqlLedger, death: Death | None, commits: Any) -> None:
        self.ledger = ledger
        self.page = ledger.page
        self.death = death
        self.commits = commits

    def begin(self) -> Any:
        """Open a transaction; nobody dies in these."""
        return self.ledger.begin()

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run a function in a transaction, and die before or after its commit when it is time."""
        self.commits.value += 1
        number = self.commits.value

        def mortal(tx: Tx) -> T:
            result = work(tx)
            self._die(number, BEFORE)
            return result

        result = await self.ledger.run(mortal)
        self._die(number, AFTER)
        return result

    async def close(self) -> None:
        """Let go of the database."""
        await self.ledger.close()

    def _die(self, number: int, when: str) -> None:
        if self.death == Death(number, when):
            os.kill(os.getpid(), signal.SIGKILL)


class Remote:
    """A toy as the child sees it: what it translates is here, what it holds is in the parent."""

    vendor = "toy"

    def __init__(self, toy: Toy, line: Line) -> None:
        self.name = toy.name
        self.visible_after_s = toy.visible_after_s
        self.kinds = toy.kinds
        self._toy = toy
        self._line = line

    def traits(self, entity: str) -> Traits:
        """Return what is required, and what the system fills in by itself."""
        return self._toy.traits(entity)

    def codec(self, entity: str) -> Codec:
        """Return the translation."""
        return self._toy.codec(entity)

    async def check(self) -> tuple[()]:
        """Find nothing wrong."""
        return ()

    async def close(self) -> None:
        """Hold nothing open."""

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page."""
        page: Page = await self._ask("pull", entity, cursor)
        return page

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        looks: Sequence[Look] = await self._ask("look", entity, list(refs))
        return looks

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything."""
        for page in await self._ask("walk", entity):
            yield page

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps."""
        outcomes: Sequence[Outcome] = await self._ask("push", list(steps))
        return outcomes

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Search."""
        found: Mapping[int, Sequence[str]] = await self._ask("find", entity, list(steps))
        return found

    async def _ask(self, method: str, *arguments: object) -> Any:
        return await self._line.ask(self.name, method, *arguments)
