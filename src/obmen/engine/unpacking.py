"""Unpack envelopes: files and messages are settled portion by portion, each with its position, off the event loop."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, NamedTuple

from obmen.connectors.contract import Envelope, Portion, Recall, Unpacker, forget
from obmen.engine import guarding
from obmen.engine.absence import missing
from obmen.engine.following import follow, never
from obmen.engine.hub import Hub
from obmen.engine.remapping import reread
from obmen.engine.settling import Arrival, Forgotten, settle_page
from obmen.engine.spooling import read_page, spool
from obmen.engine.waking import HOOK
from obmen.errors import BadInput, Bug, ObmenError
from obmen.ledger.contract import DONE, ENDED, FAILED, WORKING, StoredEnvelope, Tx
from obmen.sync.laws import Law

TOGETHER = 4000
"""Looks settled in one transaction: fewer waits for the disk, and fewer pages of the database written twice."""


async def unpack(hub: Hub, number: int, *, stopped: Callable[[], bool] = never) -> StoredEnvelope:
    """Settle everything in one envelope, from where it was left; return the envelope as it stands then.

    Where `stopped` says so it ends behind the portion in hand, to be gone on with another time. With a wake-up all that
    wait are followed.
    """
    stored = await hub.ledger.run(lambda tx: tx.envelope(number))
    if stored.state in ENDED:
        return stored
    try:
        if stored.kind == HOOK:
            await follow(hub, stored.connection, stopped=stopped)
        elif stored.kind == "absence":
            await hub.ledger.run(lambda tx: _absence(tx, hub, stored))
        else:
            with _calm_collector():
                await _portions(hub, stored, stopped)
    except BadInput as error:
        await _fail(hub, number, error)
    return await hub.ledger.run(lambda tx: tx.envelope(number))


async def quiet(hub: Hub, connection: str) -> list[str]:
    """Tell the guards that an exchange has come to rest; return the digests asked about."""
    await reread(hub, connection)  # pictures may come behind the last file that shows them
    return await hub.ledger.run(lambda tx: guarding.evaluate(tx, hub, connection))


async def _portions(hub: Hub, stored: StoredEnvelope, stopped: Callable[[], bool]) -> None:
    connection = hub.connections[stored.connection]
    if not isinstance(connection, Unpacker):
        raise Bug(
            "engine.no_unpacker",
            f"{stored.connection} cannot open {stored.kind} {stored.name}",
            f"{stored.connection} не умеет открывать {stored.kind} {stored.name}",
        )
    try:
        await _settle_all(hub, stored, stopped, connection, recall=_recall(hub, stored.connection))
    except Forgotten:
        # Something touched a shadow between reading and settling: read again, and read everything.
        again = await hub.ledger.run(lambda tx: tx.envelope(stored.id))
        await _settle_all(hub, again, stopped, connection, recall=forget)


def _recall(hub: Hub, connection: str) -> Recall:
    """Return a way from the thread that reads to the ledger's."""
    loop = asyncio.get_running_loop()

    def recall(entity: str, refs: Collection[str]) -> Mapping[str, str]:
        found = hub.ledger.run(lambda tx: tx.traces(connection, entity, refs))
        known = asyncio.run_coroutine_threadsafe(found, loop).result()
        return {ref: traces for ref, (_, traces) in known.items()}

    return recall


async def _settle_all(
    hub: Hub, stored: StoredEnvelope, stopped: Callable[[], bool], connection: Unpacker, *, recall: Recall
) -> None:
    # Read to the end before anything is settled: a file cut in the middle leaves nothing half-applied.
    with tempfile.TemporaryFile() as file:
        portions = connection.unpack(envelope_of(stored), stored.position, recall=recall)
        size = await asyncio.to_thread(spool, portions, file, page=hub.ledger.page)
        stand = _Stand(0, Counter())
        while stand.at < size:
            if not stand.counted and stopped():
                return
            stand = await hub.ledger.run(
                partial(_settle_together, hub=hub, stored=stored, file=file, stand=stand)
            )
    await reread(hub, stored.connection)
    await hub.ledger.run(lambda tx: tx.move_envelope(stored.id, state=DONE, position=-1, counted={}))


class _Stand(NamedTuple):
    """How far a spooled envelope has been settled."""

    at: int
    """Where the next page stands."""
    counted: Counter[str]
    """What the pages came to that the position is not behind yet: it moves only where nothing goes on."""


def _settle_together(tx: Tx, *, hub: Hub, stored: StoredEnvelope, file: BinaryIO, stand: _Stand) -> _Stand:
    """Settle the pages of one transaction.

    They are read back one by one, just before they are settled: a whole transaction of looks would be ten megabytes.
    """
    file.seek(stand.at)
    counted = stand.counted.copy()
    looks = 0
    while looks < TOGETHER and (page := read_page(file)) is not None:
        counted.update(_settled(tx, hub, stored, page))
        looks += len(page.looks)
        if not page.more:
            tx.move_envelope(stored.id, state=WORKING, position=page.position, counted=counted)
            return _Stand(file.tell(), Counter())
    tx.move_envelope(stored.id, state=WORKING, position=-1, counted={})
    return _Stand(file.tell(), counted)


def settle_portion(tx: Tx, hub: Hub, stored: StoredEnvelope, portion: Portion) -> None:
    """Settle one portion and move its envelope on, in one transaction."""
    counted = _settled(tx, hub, stored, portion)
    tx.move_envelope(stored.id, state=WORKING, position=portion.position, counted=counted)


def _settled(tx: Tx, hub: Hub, stored: StoredEnvelope, portion: Portion) -> Mapping[str, int]:
    """Settle one portion; return what it came to. What is not exchanged here is counted as refused."""
    if portion.entity not in hub.topologies:
        return {"received": len(portion.looks), "refused": len(portion.looks)}
    counted: Mapping[str, int] = {}
    if portion.looks:
        arrival = Arrival(
            connection=stored.connection,
            entity=portion.entity,
            looks=portion.looks,
            read_at=tx.tick(),
            evidence=f"{stored.name}#{stored.id}",
            envelope=stored.id,
            scope=portion.scope,
        )
        counted = settle_page(tx, hub, arrival).counted
    if portion.complete or Law.COMPLETE_ONLY not in hub.laws:
        missing(tx, hub, stored.connection, portion.entity, envelope=stored.id, scope=portion.scope)
    return counted


def envelope_of(stored: StoredEnvelope) -> Envelope:
    """Return an inbox row as the connector knows it."""
    return Envelope(
        connection=stored.connection,
        kind=stored.kind,
        name=stored.name,
        key=stored.key,
        path=stored.path,
        body=stored.body,
        session=stored.session,
        since=stored.since,
        scope=stored.scope,
    )


def _absence(tx: Tx, hub: Hub, stored: StoredEnvelope) -> None:
    counted: dict[str, int] = {}
    for entity in ("category", "product", "offer"):
        if entity in hub.topologies:
            gone = missing(tx, hub, stored.connection, entity, since=stored.since, scope=stored.scope)
            counted["withdrawn"] = counted.get("withdrawn", 0) + gone
    tx.move_envelope(stored.id, state=DONE, position=-1, counted=counted)


async def _fail(hub: Hub, number: int, error: ObmenError) -> None:
    await hub.ledger.run(
        lambda tx: tx.move_envelope(
            number, state=FAILED, position=-1, counted={}, error_en=error.en, error_ru=error.ru
        )
    )


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Let the cyclic collector look seldom: a file is a hundred thousand small trees that die young, without cycles.

    With the usual thresholds a third of the time of an import goes into walking them again and again.
    """
    usual = gc.get_threshold()
    gc.set_threshold(max(usual[0], 50_000), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
