"""The inbox as receivers see it: stored before the answer leaves, worked on in the order it came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from obmen.connectors.contract import Envelope, Progress
from obmen.engine.hub import Hub
from obmen.ledger.contract import StoredEnvelope

ENDED = frozenset({"done", "failed"})


class HubIntake:
    """`Intake` over a hub's ledger. `arrived` is called with the connection of every stored envelope."""

    def __init__(self, hub: Hub, arrived: Callable[[str], None]) -> None:
        self._hub = hub
        self._arrived = arrived
        self._moved = asyncio.Condition()
        self._closed = False

    async def accept(self, envelope: Envelope) -> int:
        """Store an envelope for good and return its number; the same key returns the same number."""
        stored = stored_of(envelope, self._hub.now())
        number = await self._hub.ledger.run(lambda tx: tx.accept(stored))
        self._arrived(envelope.connection)
        return number

    async def progress(self, number: int, *, wait_s: float) -> Progress:
        """Tell how far an envelope has got, waiting for its end up to `wait_s`, or until the hub stops."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            stored = await self._hub.ledger.run(lambda tx: tx.envelope(number))
            left = deadline - asyncio.get_running_loop().time()
            if stored.state in ENDED or left <= 0 or self._closed:
                return progress_of(stored)
            async with self._moved:
                try:
                    await asyncio.wait_for(self._moved.wait(), left)
                except TimeoutError:
                    continue

    async def close(self) -> None:
        """Let those who wait go: nothing moves any more, and the hub does not stop before they are answered."""
        self._closed = True
        await self.moved()

    async def moved(self) -> None:
        """Tell those who wait that an envelope has got further."""
        async with self._moved:
            self._moved.notify_all()


def stored_of(envelope: Envelope, now: float) -> StoredEnvelope:
    """Return an envelope as the ledger stores it."""
    return StoredEnvelope(
        id=0,
        connection=envelope.connection,
        kind=envelope.kind,
        name=envelope.name,
        key=envelope.key,
        path=str(Path(envelope.path)) if envelope.path else "",
        body=envelope.body,
        session=envelope.session,
        since=envelope.since,
        scope=envelope.scope,
        state="waiting",
        position=0,
        received=0,
        counters={},
        received_at=now,
    )


def progress_of(stored: StoredEnvelope) -> Progress:
    """Return what the sender is told about an envelope, in both languages."""
    count = stored.counters
    changed, same = count.get("applied", 0), count.get("echoed", 0)
    waiting, refused = count.get("waiting", 0), count.get("refused", 0)
    en = f"{stored.received} read: {changed} changed, {same} unchanged, {waiting} waiting, {refused} refused"
    ru = f"прочитано {stored.received}: изменено {changed}, без изменений {same}, ждут {waiting}, отклонено {refused}"
    return Progress(
        id=stored.id,
        state=stored.state,
        done=stored.received,
        en=stored.error_en or en,
        ru=stored.error_ru or ru,
    )
