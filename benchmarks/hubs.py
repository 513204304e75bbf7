"""A hub to measure: the real engine and ledger, 1C as the source, three readers that hold everything and are never written to."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import sqlalchemy as sa

from obmen.connectors.contract import Envelope, Ports, Traits
from obmen.connectors.onec import connector
from obmen.connectors.onec.settings import Settings
from obmen.engine.hub import Hub
from obmen.engine.intake import stored_of
from obmen.engine.unpacking import unpack
from obmen.ledger.contract import StoredEnvelope
from obmen.ledger.sql import SqlLedger
from obmen.ledger.statement import Statement
from obmen.ledger.tables import OUTBOX
from obmen.sync.rules import Owner, Reader, Topology

_COUNT = Statement(sa.select(sa.func.count()).select_from(OUTBOX))
_CLEAR = Statement(sa.delete(OUTBOX))

READERS = ("shop", "retail", "ali")


class AsItIs:
    """A codec of a system that holds canonical values."""

    form = 1

    def carries(self, atom: str) -> bool:
        return not atom.startswith("stock.")

    def decode(self, atom, wire):
        return wire

    def encode(self, atom, value):
        return value


class Mirror:
    """A reader."""

    vendor = "mirror"
    visible_after_s = 0.0

    def __init__(self, name: str) -> None:
        self.name = name
        self._codec = AsItIs()

    def codec(self, entity: str) -> AsItIs:
        return self._codec

    def traits(self, entity: str) -> Traits:
        return Traits()

    async def check(self):
        return ()

    async def close(self) -> None:
        return None


class NoBudget:
    """Unlimited."""

    async def take(self, calls: int = 1) -> None:
        return None

    async def freeze(self, seconds: float) -> None:
        return None


@contextmanager
def measured_hub(url: str | None = None) -> Iterator[Hub]:
    """Open a hub on a fresh ledger; SQLite on disk with `synchronous=FULL` unless another address is given."""
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder:
        ledger = SqlLedger.open(url or f"sqlite:///{folder}/bench.db", exclusive=True)
        ports = Ports(
            budget=NoBudget(), log=lambda _: None, now=time.time, spool=Path(folder) / "spool" / "erp"
        )
        source = connector.open("erp", Settings(login="1c", password="1c"), ports)
        topologies = {
            entity: Topology(entity, ("erp",), Owner("erp"), {}, tuple(Reader(to=name) for name in READERS))
            for entity in ("category", "product", "offer")
        }
        hub = Hub(
            ledger=ledger,
            connections={"erp": source, **{name: Mirror(name) for name in READERS}},
            topologies=topologies,
            now=time.time,
            rng=Random(1),
        )
        try:
            yield hub
        finally:
            ledger.close_here()


async def take_in(hub: Hub, path: Path) -> tuple[float, StoredEnvelope]:
    """Import one file as the door would; return the seconds it took and the envelope as it ended."""
    started = time.perf_counter()
    envelope = Envelope(connection="erp", kind="file", name=path.name, key=str(path), path=str(path))
    number = await hub.ledger.run(lambda tx: tx.accept(stored_of(envelope, time.time())))
    ended = await unpack(hub, number)
    return time.perf_counter() - started, ended


def outbox_rows(hub: Hub) -> int:
    """Count everything that waits to be delivered."""
    with hub.ledger.begin() as tx:
        return sum(tx.db.rows(_COUNT)[0])


def clear_outbox(hub: Hub) -> None:
    """Forget what waits, as if it had been delivered: the next file starts from a quiet hub."""
    with hub.ledger.begin() as tx:
        tx.db.run(_CLEAR)


def peak_mb() -> float:
    """Return the most memory this process has held.

    Linux knows it of the program that runs now; elsewhere it is the process's, which may have forked from a bigger one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.partition(":")[::2] for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
