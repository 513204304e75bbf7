"""The embedded runner: one process, asyncio, nothing but the ledger to remember by.

Jobs are small loops, one per connection and kind. Any of them may die at any point: what it was doing is planned anew
from the ledger. An outage is logged once when it starts and once when it ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from obmen.connectors.contract import Door
from obmen.connectors.mapping import Reference
from obmen.engine.hub import Hub
from obmen.engine.intake import HubIntake, progress_of
from obmen.engine.issues import down, down_key, paused
from obmen.engine.mapping import go_on, take_up
from obmen.engine.packs import Packs
from obmen.engine.pulling import pull
from obmen.engine.reconciling import reconcile
from obmen.engine.remapping import reread
from obmen.engine.resolving import resolve
from obmen.engine.unpacking import quiet, unpack
from obmen.engine.waking import HOOK
from obmen.errors import AuthFailed, ObmenError, Transient
from obmen.ledger.contract import ENDED, StoredEnvelope, Tx
from obmen.sync.retry import pause_s

log = logging.getLogger("obmen.engine")

DOWN_S = 120.0
"""How long a system may not answer before people are told; what is busy for a minute is nobody's business."""
BREATH_S = 0.05
"""Between portions of a re-projection, so that what happens meanwhile is not kept waiting."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something done again and again: `next_at` answers when, from the last time and now (epoch seconds)."""

    kind: str
    """`pull` or `reconcile`."""
    connection: str
    entity: str
    next_at: Callable[[float | None, float], float]


class Chore(msgspec.Struct, frozen=True, kw_only=True):
    """Something the hub does for itself: at the start, and again every so often."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]


class LocalRunner:
    """Runs a hub until it is told to stop; what has begun is finished first."""

    def __init__(
        self,
        hub: Hub,
        jobs: Sequence[Job],
        *,
        chores: Sequence[Chore] = (),
        quiet_s: float = 30.0,
        idle_s: float = 1.0,
    ) -> None:
        self.hub = hub
        self.intake = HubIntake(hub, self._arrived)
        self._jobs = jobs
        self._chores = chores
        self._quiet_s = quiet_s
        self._idle_s = idle_s
        self._stop = asyncio.Event()
        self._nudges = {name: asyncio.Event() for name in hub.connections}
        self._inbox = {name: asyncio.Event() for name in hub.connections}
        self._down: dict[str, float] = {}
        """Loops that do not get through, since when."""
        self._taken: dict[str, int] = {}
        """Of mapping tables: the version in use."""
        self._remapped: set[str] = set()
        """Connections whose records are still being read with new tables."""

    async def run(self) -> None:
        """Work until `stop`; every loop ends at its next safe point."""
        # Who did not answer before a restart is found out anew.
        await self._answers(*self.hub.connections)
        async with asyncio.TaskGroup() as group:
            for name in self.hub.connections:
                group.create_task(self._forever(f"inbox {name}", name, self._unpack))
                if isinstance(self.hub.connections[name], Reference):
                    group.create_task(self._forever(f"remap {name}", name, self._remap))
                if any(topology.reader(name) for topology in self.hub.topologies.values()):
                    if not isinstance(self.hub.connections[name], Door):
                        packs = Packs(
                            self.hub, name, start=group.create_task, ended=partial(self._written, name)
                        )
                        group.create_task(self._forever(f"deliver {name}", name, self._deliver(packs)))
                    group.create_task(self._forever(f"resolve {name}", name, self._resolve))
            for job in self._jobs:
                group.create_task(
                    self._forever(f"{job.kind} {job.connection} {job.entity}", job.connection, self._job(job))
                )
            for chore in self._chores:
                group.create_task(self._forever(chore.name, "", self._chore(chore)))
        await self.intake.close()

    def stop(self) -> None:
        """Ask every loop to end."""
        self._stop.set()
        for event in (*self._nudges.values(), *self._inbox.values()):
            event.set()

    def nudge(self) -> None:
        """Tell the deliverers that there may be something to do."""
        for event in self._nudges.values():
            event.set()

    def _arrived(self, connection: str) -> None:
        self._inbox[connection].set()

    # --- the loops ------------------------------------------------------------------------------------------------

    async def _remap(self, name: str) -> None:
        if await self._may_go(name) and name in self._remapped:
            if await go_on(self.hub, name):
                self.nudge()
                await self._pause(BREATH_S)
                return
            self._remapped.discard(name)
        await self._pause(self._idle_s)

    async def _unpack(self, name: str) -> None:
        await self._take_up(name)
        waiting = await self.hub.ledger.run(lambda tx: tx.waiting_envelopes(name))
        ended_any = followed = False
        for stored in waiting:
            if self._stop.is_set():
                return
            if stored.kind == HOOK and followed:  # with the first of them all were
                ended = await self.hub.ledger.run(partial(_envelope, number=stored.id))
            else:
                ended = await unpack(self.hub, stored.id, stopped=self._stop.is_set)
            followed |= stored.kind == HOOK
            ended_any |= ended.state in ENDED
            told = f"{ended.kind} {ended.name}: {ended.state}, {progress_of(ended).en}"
            log.log(logging.WARNING if ended.error_en else logging.INFO, told, extra=_of(name))
            await self.intake.moved()
            self.nudge()
        if ended_any:
            return
        came = await self._wait(self._inbox[name], self._quiet_s)
        if not came and await quiet(self.hub, name):
            log.warning("a mass change is held and asked about: obmen issues", extra=_of(name))
        self.nudge()

    def _deliver(self, packs: Packs) -> Callable[[str], Awaitable[None]]:
        async def once(name: str) -> None:
            await packs.room()
            if self._stop.is_set() or (await self._may_go(name) and await packs.begin()):
                return
            await self._wait(self._nudges[name], self._idle_s)

        return once

    def _written(self, name: str, count: int) -> None:
        log.info("%d records compared and written where behind", count, extra=_of(name))
        self.nudge()

    async def _resolve(self, name: str) -> None:
        if await self._may_go(name) and await resolve(self.hub, name):
            self.nudge()
        await self._pause(self._idle_s)

    def _job(self, job: Job) -> Callable[[str], Awaitable[None]]:
        last: list[float] = []

        async def once(name: str) -> None:
            now = self.hub.now()
            await self._pause(max(0.0, job.next_at(last[0] if last else None, now) - now))
            if self._stop.is_set() or not await self._may_go(name):
                last[:] = [self.hub.now()]
                return
            work = pull if job.kind == "pull" else reconcile
            counted = await work(self.hub, name, job.entity)
            await reread(self.hub, name)
            last[:] = [self.hub.now()]
            if counted["applied"] or counted["refused"]:
                told = ", ".join(f"{count} {what}" for what, count in counted.items() if count)
                log.info("%s: %s", job.kind, told, extra={**_of(name), "entity": job.entity})
                self.nudge()

        return once

    def _chore(self, chore: Chore) -> Callable[[str], Awaitable[None]]:
        async def once(_name: str) -> None:
            await chore.work()
            await self._pause(chore.every_s)

        return once

    # --- staying alive --------------------------------------------------------------------------------------------

    async def _forever(self, what: str, name: str, once: Callable[[str], Awaitable[None]]) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                await once(name)
            except AuthFailed as error:
                await self._pause_connection(name, error)
            except Transient as error:
                failures += 1
                await self._went_down(what, name, error)
                await self._pause(
                    max(error.retry_after_s or 0.0, pause_s(failures, self.hub.rng, cap_s=60.0))
                )
                continue
            except ObmenError as error:
                failures += 1
                told = f"{what}: {error.en} {error.detail}".rstrip()
                log.error(told, extra={**_of(name), "code": error.code})  # noqa: TRY400 - an expected kind, one line
                await self._pause(pause_s(failures, self.hub.rng, cap_s=60.0))
                continue
            except Exception:
                failures += 1
                log.exception("%s: unexpected; it goes on after a pause", what, extra=_of(name))
                await self._pause(pause_s(failures, self.hub.rng, cap_s=60.0))
                continue
            failures = 0
            if self._down.pop(what, None) is not None:
                log.warning("%s: works again", what, extra=_of(name))
                await self._answers(name)

    async def _went_down(self, what: str, name: str, error: Transient) -> None:
        """Say once in the log that a loop does not get through, and once to people where that lasts."""
        now = self.hub.now()
        if what not in self._down:
            self._down[what] = now
            extra = {**_of(name), "code": error.code}
            log.warning("%s: %s (tried again by itself)", what, error.en, extra=extra)
        elif name and now - self._down[what] >= DOWN_S:
            await self.hub.ledger.run(lambda tx: tx.open_issues([down(name, error)], at=now))

    async def _answers(self, *names: str) -> None:
        keys = [down_key(name) for name in names]
        await self.hub.ledger.run(lambda tx: tx.close_issues(keys, at=self.hub.now()))

    async def _pause_connection(self, name: str, error: AuthFailed) -> None:
        def store(tx: Tx) -> None:
            tx.put_state(name, "paused", error.en)
            tx.open_issues([paused(name, error)], at=self.hub.now())

        await self.hub.ledger.run(store)
        log.error(
            "paused: %s Mend it, then: obmen resume %s",
            error.en,
            name,
            extra={**_of(name), "code": error.code},
        )

    async def _take_up(self, name: str) -> None:
        """Look whether somebody has edited the mapping tables: a running hub goes on with the new ones."""
        if await take_up(self.hub, name, self._taken):
            self._remapped.add(name)
            log.info("mapping tables taken up, version %d", self._taken[name], extra=_of(name))

    async def _may_go(self, name: str) -> bool:
        """Work with today's tables from here on; tell whether the connection is active."""
        await self._take_up(name)
        state, _ = await self.hub.ledger.run(lambda tx: tx.state_of(name))
        return state == "active"

    async def _wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event, at most so long; tell whether it came."""
        came = True
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            came = False
        event.clear()
        return came

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), max(seconds, 0.001))


def _envelope(tx: Tx, *, number: int) -> StoredEnvelope:
    return tx.envelope(number)


def _of(connection: str) -> dict[str, str]:
    """Return what a log line says beside its text."""
    return {"connection": connection}
