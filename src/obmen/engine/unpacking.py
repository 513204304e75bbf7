"""Unpack envelopes: files and messages are settled portion by portion, each with its position, off the event loop."""

from __future__ import annotations

import asyncio
import gc
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

import msgspec

from obmen.connectors.contract import Envelope, Portion, Unpacker
from obmen.engine import guarding
from obmen.engine.absence import missing
from obmen.engine.awakening import awaken
from obmen.engine.hub import Hub
from obmen.engine.pulling import follow
from obmen.engine.remapping import reread
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.waking import HOOK
from obmen.errors import BadInput, Bug, ObmenError
from obmen.ledger.contract import StoredEnvelope, Tx
from obmen.sync.laws import Law

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Portion).decode
_LENGTH = struct.Struct(">Q")

WORKING, DONE, FAILED, WAITING = "working", "done", "failed", "waiting"


def never() -> bool:
    """Tell that there is no reason to stop."""
    return False


async def unpack(hub: Hub, number: int, *, stopped: Callable[[], bool] = never) -> StoredEnvelope:
    """Settle everything in one envelope, from where it was left; return the envelope as it stands then.

    Where `stopped` says so it ends behind the portion in hand, to be gone on with another time.
    """
    stored = await hub.ledger.run(lambda tx: tx.envelope(number))
    if stored.state in {DONE, FAILED}:
        return stored
    try:
        if stored.kind == HOOK:
            await follow(hub, stored.connection)
        elif stored.kind == "absence":
            await hub.ledger.run(lambda tx: _absence(tx, hub, stored))
        else:
            with _calm_collector():
                await _portions(hub, stored, stopped)
            await reread(hub, stored.connection)
    except BadInput as error:
        await _fail(hub, number, error)
    return await hub.ledger.run(lambda tx: tx.envelope(number))


async def quiet(hub: Hub, connection: str) -> list[str]:
    """Tell the guards that an exchange has come to rest; return the digests asked about."""

    def rest(tx: Tx) -> list[str]:
        awaken(tx, hub, connection)  # pictures may come behind the last file that shows them
        return guarding.evaluate(tx, hub, connection)

    return await hub.ledger.run(rest)


async def _portions(hub: Hub, stored: StoredEnvelope, stopped: Callable[[], bool]) -> None:
    connection = hub.connections[stored.connection]
    if not isinstance(connection, Unpacker):
        raise Bug(
            "engine.no_unpacker",
            f"{stored.connection} cannot open {stored.kind} {stored.name}",
            f"{stored.connection} не умеет открывать {stored.kind} {stored.name}",
        )
    # Read to the end before anything is settled: a file cut in the middle leaves nothing half-applied.
    with tempfile.TemporaryFile() as spool:
        await asyncio.to_thread(_read_whole, connection.unpack(envelope_of(stored), stored.position), spool)
        # The next portion is decoded while the ledger stores the one before: databases work outside Python's lock.
        ahead = asyncio.create_task(asyncio.to_thread(_next, spool))
        while (portion := await ahead) is not None:
            if stopped():
                return
            ahead = asyncio.create_task(asyncio.to_thread(_next, spool))
            await hub.ledger.run(partial(settle_portion, hub=hub, stored=stored, portion=portion))
    await hub.ledger.run(partial(_end, hub=hub, stored=stored))


def _end(tx: Tx, hub: Hub, stored: StoredEnvelope) -> None:
    awaken(tx, hub, stored.connection)
    tx.move_envelope(stored.id, state=DONE, position=-1, counted={})


def settle_portion(tx: Tx, hub: Hub, stored: StoredEnvelope, portion: Portion) -> None:
    """Settle one portion and move its envelope on, in one transaction."""
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
        tx.move_envelope(stored.id, state=WORKING, position=portion.position, counted=counted)
    if portion.complete or Law.COMPLETE_ONLY not in hub.laws:
        missing(tx, hub, stored.connection, portion.entity, envelope=stored.id, scope=portion.scope)


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


def _read_whole(portions: Iterator[Portion], spool: BinaryIO) -> None:
    """Write portions one behind the other, each with its length before it."""
    for portion in portions:
        body = _ENCODE(portion)
        spool.write(_LENGTH.pack(len(body)))
        spool.write(body)
    spool.seek(0)


def _next(spool: BinaryIO) -> Portion | None:
    """Read the next portion back, or None at the end."""
    length = spool.read(_LENGTH.size)
    return _DECODE(spool.read(_LENGTH.unpack(length)[0])) if length else None
