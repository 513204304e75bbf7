"""The hub as receivers see it: what they bring is stored before the answer leaves, what they take is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from pathlib import Path

from obmen.connectors.contract import Envelope, Progress, Refused, Step
from obmen.engine import collecting
from obmen.engine.delivering import Visit
from obmen.engine.hub import Hub
from obmen.engine.receiving import receive
from obmen.ledger.contract import ARRIVED, ENDED, StoredEnvelope


class HubIntake:
    """`Intake` over a hub's ledger. `arrived` is called with the connection of every stored envelope."""

    def __init__(self, hub: Hub, arrived: Callable[[str], None]) -> None:
        self._hub = hub
        self._arrived = arrived
        self._coming: list[tuple[StoredEnvelope, asyncio.Future[int]]] = []
        self._storing: asyncio.Task[None] | None = None
        self._moved = asyncio.Condition()
        self._moves = 0
        self._closed = False

    async def accept(self, envelope: Envelope) -> int:
        """Store an envelope for good and return its number; the same key returns the same number.

        Whatever comes while the ledger is busy is stored together afterwards: a commit costs the same for one and for all.
        """
        number: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._coming.append((stored_of(envelope, self._hub.now()), number))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        await number
        self._arrived(envelope.connection)
        return number.result()

    async def _store(self) -> None:
        while self._coming:
            together, self._coming = self._coming, []
            if not await self._stored(together):
                for one in together:  # what one of them is refused for is no fault of the others
                    await self._stored([one])

    async def _stored(self, together: Sequence[tuple[StoredEnvelope, asyncio.Future[int]]]) -> bool:
        """Store envelopes in one transaction; return whether those who wait have been answered."""
        numbers: Sequence[int | Exception]
        try:
            numbers = await self._hub.ledger.run(lambda tx: tx.accept_all([stored for stored, _ in together]))
        except Exception as failure:  # noqa: BLE001 - whoever waits is told
            if len(together) > 1:
                return False
            numbers = [failure]
        for (_, number), told in zip(together, numbers, strict=True):
            if number.done():  # whoever waited has gone
                continue
            if isinstance(told, Exception):
                number.set_exception(told)
            else:
                number.set_result(told)
        return True

    async def progress(self, number: int, *, wait_s: float) -> Progress:
        """Tell how far an envelope has got, waiting for its end up to `wait_s`, or until the hub stops."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            moves = self._moves
            stored = await self._hub.ledger.run(lambda tx: tx.envelope(number))
            left = deadline - asyncio.get_running_loop().time()
            if stored.state in ENDED or left <= 0 or self._closed:
                return progress_of(stored)
            async with self._moved:
                if moves != self._moves:  # it may have moved while it was being looked up
                    continue
                try:
                    await asyncio.wait_for(self._moved.wait(), left)
                except TimeoutError:
                    continue

    def offer(
        self, connection: str, entity: str, *, session: str, number: int, limit: int, keep_s: float
    ) -> AsyncGenerator[Sequence[Step], None]:
        """Yield what may be taken now, in portions; each is written down before it is given."""
        visit = Visit(session, number, self._hub.now() + keep_s)
        return collecting.offer(self._hub, connection, entity, visit, limit=limit)

    async def taken(self, connection: str, *, session: str, offers: Collection[int]) -> int:
        """Receive the offers a session has taken; whatever else it was offered is offered again."""
        count = await collecting.taken(self._hub, connection, session, offers=offers)
        self._arrived(connection)  # what the system showed of these records meanwhile can be settled now
        return count

    async def untaken(self, connection: str, *, but: str) -> int:
        """Offer again what other sessions were offered and have not said to have taken."""
        count = await collecting.untaken(self._hub, connection, but=but)
        self._arrived(connection)
        return count

    async def refuse(self, connection: str, entity: str, refused: Sequence[Refused]) -> None:
        """Take back steps of an offer that cannot be put into words for the system."""
        await self._hub.ledger.run(lambda tx: receive(tx, self._hub, connection, entity, refused))

    async def close(self) -> None:
        """Let those who wait go: nothing moves any more, and the hub does not stop before they are answered."""
        self._closed = True
        await self.moved()

    async def moved(self) -> None:
        """Tell those who wait that an envelope has got further."""
        self._moves += 1
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
        state=ARRIVED,
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
